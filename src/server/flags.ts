// The flags of an extension server: those of Kubernetes' sample-apiserver by the same names.
// https://kubernetes.io/docs/reference/command-line-tools-reference/kube-apiserver/

import type { Flags as FlagsOf, FlagTable } from "./flag-set.ts";

/** What every API server takes, the main one included. */
export const commonFlags = {
  "secure-port": { type: "integer", default: "443", help: "The port to listen on; 0 for any free one." },
  "bind-address": { type: "text", default: "0.0.0.0", help: "The address to listen on." },
  "etcd-servers": { type: "list", help: "Addresses of etcd, with scheme." },
  "etcd-prefix": { type: "text", help: "What all keys begin with." },
  "etcd-cafile": { type: "text", help: "The authority that signed etcd's certificate." },
  "etcd-certfile": { type: "text", help: "The client certificate for etcd." },
  "etcd-keyfile": { type: "text", help: "Its key." },
  "etcd-compaction-interval": {
    type: "duration",
    default: "5m0s",
    help: "How long history is kept; 0 leaves that to others.",
  },
  "encryption-provider-config": { type: "text", help: "How values are encrypted at rest." },
  "encryption-provider-config-automatic-reload": {
    type: "boolean",
    default: "false",
    help: "Read that file again when it changes.",
  },
  "tls-cert-file": { type: "text", help: "The server's certificate, with its chain." },
  "tls-private-key-file": { type: "text", help: "Its key." },
  "client-ca-file": { type: "text", help: "The authority of client certificates." },
  "requestheader-client-ca-file": { type: "text", help: "The authority of front proxies' certificates." },
  "requestheader-allowed-names": {
    type: "list",
    help: "Common names of front proxies; empty for any that the authority signed.",
  },
  "requestheader-username-headers": { type: "list", default: "X-Remote-User", help: "Headers that name the user." },
  "requestheader-uid-headers": { type: "list", default: "X-Remote-Uid", help: "Headers that name the user's UID." },
  "requestheader-group-headers": { type: "list", default: "X-Remote-Group", help: "Headers that name groups." },
  "requestheader-extra-headers-prefix": {
    type: "list",
    default: "X-Remote-Extra-",
    help: "What headers with more about the user begin with.",
  },
  "token-auth-file": { type: "text", help: 'Bearer tokens, a line each: token,user,uid,"group1,group2".' },
  "anonymous-auth": {
    type: "boolean",
    default: "true",
    help: "Whether requests without credentials are system:anonymous.",
  },
  "disable-admission-plugins": { type: "list", help: "Admission plug-ins to leave out." },
  "enable-admission-plugins": { type: "list", help: "Admission plug-ins to run beside the default ones." },
  "max-requests-inflight": { type: "integer", default: "400", help: "Reading requests at once." },
  "max-mutating-requests-inflight": { type: "integer", default: "200", help: "Writing requests at once." },
  v: { type: "integer", default: "0", help: "How much is logged: 2 and more tell of every start and stop." },
  "audit-log-path": { type: "text", help: "Where requests are recorded, as lines of JSON; - for standard output." },
  "audit-policy-file": { type: "text", help: "Which requests are recorded, and how much of each." },
  "audit-log-maxage": { type: "integer", help: "Days to keep.", meaning: "unsupported" },
  "audit-log-maxbackup": { type: "integer", help: "Files to keep.", meaning: "unsupported" },
  "audit-log-maxsize": { type: "integer", help: "Megabytes before rotation.", meaning: "unsupported" },
  "audit-webhook-config-file": { type: "text", help: "Where events are sent.", meaning: "unsupported" },
  "cors-allowed-origins": {
    type: "list",
    help: "Patterns of the origins whose web pages may read answers, such as //example\\.com(:|$).",
  },
  "request-timeout": { type: "duration", default: "1m0s", help: "What a client may ask for at most with ?timeout=." },
  "disable-http2-serving": { type: "boolean", default: "false", help: "Speak HTTP/1.1 alone." },
  "tls-min-version": { type: "text", default: "VersionTLS12", help: "VersionTLS12 or VersionTLS13." },
  "tls-cipher-suites": { type: "list", help: "Names of cipher suites.", meaning: "unsupported" },
  "strict-transport-security-directives": { type: "list", help: "For browsers.", meaning: "unsupported" },
  "tracing-config-file": { type: "text", help: "Where traces are sent.", meaning: "unsupported" },
  "runtime-config": { type: "list", help: "Which versions are served.", meaning: "unsupported" },
  "admission-control-config-file": {
    type: "text",
    help: "Configuration of admission plug-ins.",
    meaning: "unsupported",
  },
  "egress-selector-config-file": { type: "text", help: "Ways out of the cluster.", meaning: "unsupported" },
  "tls-sni-cert-key": { type: "list", help: "Certificates by name.", meaning: "unsupported" },
  "etcd-servers-overrides": { type: "list", help: "Other etcds for some resources.", meaning: "unsupported" },
  "delete-collection-workers": {
    type: "integer",
    help: "Ignored: a collection is deleted in one go.",
    meaning: "harmless",
  },
  "watch-cache": { type: "boolean", help: "Ignored: reads always come from the cache.", meaning: "harmless" },
  "watch-cache-sizes": { type: "list", help: "Ignored: the cache holds all objects.", meaning: "harmless" },
  "default-watch-cache-size": { type: "integer", help: "Ignored.", meaning: "harmless" },
  "enable-garbage-collector": {
    type: "boolean",
    help: "Ignored: finalizers of the garbage collector are always kept.",
    meaning: "harmless",
  },
  "enable-priority-and-fairness": {
    type: "boolean",
    help: "Ignored: requests are limited by number.",
    meaning: "harmless",
  },
  "etcd-count-metric-poll-period": {
    type: "text",
    help: "Ignored: counts are known at any time.",
    meaning: "harmless",
  },
  "etcd-db-metric-poll-interval": { type: "text", help: "Ignored.", meaning: "harmless" },
  "etcd-healthcheck-timeout": {
    type: "duration",
    default: "2s",
    help: "How long storage may take to show that it lives.",
  },
  "etcd-readycheck-timeout": {
    type: "duration",
    default: "2s",
    help: "How long storage may take to show that it is ready.",
  },
  "storage-backend": { type: "text", help: "etcd3, where it is given at all." },
  "storage-media-type": { type: "text", help: "Ignored: JSON.", meaning: "harmless" },
  "storage-initialization-timeout": { type: "text", help: "Ignored.", meaning: "harmless" },
  "contention-profiling": { type: "boolean", help: "Ignored: a flag of Go's profiler.", meaning: "harmless" },
  profiling: { type: "boolean", help: "Ignored: a flag of Go's profiler.", meaning: "harmless" },
  "feature-gates": { type: "list", help: "Ignored: nothing is behind a gate.", meaning: "harmless" },
  "http2-max-streams-per-connection": { type: "integer", help: "Ignored: 250.", meaning: "harmless" },
  "permit-address-sharing": { type: "boolean", help: "Ignored.", meaning: "harmless" },
  "permit-port-sharing": { type: "boolean", help: "Ignored.", meaning: "harmless" },
  "lease-reuse-duration-seconds": { type: "integer", help: "Ignored: no leases are used.", meaning: "harmless" },
  "shutdown-send-retry-after": { type: "boolean", help: "Ignored.", meaning: "harmless" },
  vmodule: { type: "text", help: "Ignored: a flag of Go's log.", meaning: "harmless" },
  "log-flush-frequency": { type: "text", help: "Ignored: every line is written at once.", meaning: "harmless" },
  "logging-format": { type: "text", help: "Ignored: JSON.", meaning: "harmless" },
  "advertise-address": { type: "text", help: "Ignored: nobody is told of it.", meaning: "harmless" },
  "external-hostname": { type: "text", help: "Ignored.", meaning: "harmless" },
  "debug-socket-path": { type: "text", help: "Ignored: a flag of Go's profiler.", meaning: "harmless" },
  "emulated-version": { type: "list", help: "Ignored.", meaning: "harmless" },
  "emulation-forward-compatible": { type: "boolean", help: "Ignored.", meaning: "harmless" },
  "min-compatibility-version": { type: "list", help: "Ignored.", meaning: "harmless" },
  "goaway-chance": { type: "text", help: "Ignored: there is one server.", meaning: "harmless" },
  "livez-grace-period": { type: "text", help: "Ignored: a start takes no longer.", meaning: "harmless" },
  "min-request-timeout": { type: "integer", help: "Ignored: watches last 30 to 60 minutes.", meaning: "harmless" },
  "shutdown-delay-duration": { type: "text", help: "Ignored.", meaning: "harmless" },
  "shutdown-watch-termination-grace-period": { type: "text", help: "Ignored.", meaning: "harmless" },
  "log-text-info-buffer-size": { type: "text", help: "Ignored.", meaning: "harmless" },
  "log-text-split-stream": { type: "boolean", help: "Ignored.", meaning: "harmless" },
} as const satisfies FlagTable;

/** What an extension server takes. */
export const serverFlags = {
  ...commonFlags,
  "permit-port-sharing": {
    type: "boolean",
    default: "false",
    help: "Share the port with other processes of the same user that share it, too; Linux spreads connections over them. With etcd alone.",
  },
  "etcd-servers-overrides": {
    type: "list",
    help: "Other etcds for some resources, such as GROUP/RESOURCE#https://a:2379;https://b:2379.",
  },
  "data-dir": { type: "text", help: "Where the embedded store lies, in place of --etcd-servers." },
  "cert-dir": {
    type: "text",
    default: "apiserver.local.config/certificates",
    help: "Where a self-signed certificate is made, if --tls-cert-file is not given.",
  },
  kubeconfig: { type: "text", help: "How to reach the main API server, for admission." },
  "authentication-kubeconfig": { type: "text", help: "How to reach the main API server for TokenReviews." },
  "authorization-kubeconfig": { type: "text", help: "How to reach the main API server for SubjectAccessReviews." },
  "authentication-skip-lookup": {
    type: "boolean",
    default: "false",
    help: "Do not read the authentication configuration from the cluster.",
  },
  "authentication-tolerate-lookup-failure": {
    type: "boolean",
    default: "false",
    help: "Go on where that configuration cannot be read.",
  },
  "authentication-token-webhook-cache-ttl": {
    type: "duration",
    default: "10s",
    help: "How long answers of TokenReviews hold.",
  },
  "authorization-always-allow-paths": {
    type: "list",
    default: "/healthz,/readyz,/livez",
    help: "Paths that everybody may read.",
  },
  "authorization-webhook-cache-authorized-ttl": {
    type: "duration",
    default: "10s",
    help: "How long an allowed decision holds.",
  },
  "authorization-webhook-cache-unauthorized-ttl": {
    type: "duration",
    default: "10s",
    help: "How long a refused decision holds.",
  },
} as const satisfies FlagTable;

export type CommonFlagName = keyof typeof commonFlags;
export type FlagName = keyof typeof serverFlags;

/** The values of all flags of a server, or of those that a function needs. */
export type Flags<Name extends FlagName = FlagName> = FlagsOf<Name>;
