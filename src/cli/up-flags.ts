// The flags of `annex up`: those of the main API server by the same names and with the same meaning, and its own.
// https://kubernetes.io/docs/reference/command-line-tools-reference/kube-apiserver/

import { commonFlags, type Flag, type Flags, type FlagTable } from "../server/door.ts";
import { dataDirectoryFlag } from "./command.ts";

const own = {
  extension: {
    type: "list",
    help: "A file that is an extension server, to be started and registered, and again when it changes.",
  },
  "extension-timeout": {
    type: "duration",
    default: "30s",
    help: "An extension server that is not available by then is an error.",
  },
  detach: { type: "boolean", default: "false", help: "Come back once everything is ready; annex down stops it." },
  "data-dir": dataDirectoryFlag,
  "secure-port": { ...commonFlags["secure-port"], default: "6443" },
  "bind-address": { ...commonFlags["bind-address"], default: "127.0.0.1" },
} as const satisfies FlagTable;

const ofTheMainServer = {
  "authorization-mode": {
    type: "list",
    default: "RBAC",
    help: "Who decides what users may do, in this order: RBAC, AlwaysAllow, AlwaysDeny.",
  },
  "service-cluster-ip-range": {
    type: "text",
    default: "10.96.0.0/16",
    help: "Where services get their addresses from.",
  },
  "service-account-issuer": {
    type: "text",
    default: "https://kubernetes.default.svc.cluster.local",
    help: "Who signs tokens of service accounts.",
  },
  "proxy-client-cert-file": { type: "text", help: "What the aggregator shows to extension servers." },
  "proxy-client-key-file": { type: "text", help: "Its key." },
  "storage-initialization-timeout": {
    type: "duration",
    default: "10s",
    help: "An etcd that has not answered by then is an error.",
  },
  "etcd-prefix": { ...commonFlags["etcd-prefix"], default: "/registry" },
} as const satisfies FlagTable;

const notHere = {
  "service-account-key-file": { type: "list", help: "Keys that verify tokens.", meaning: "unsupported" },
  "service-account-signing-key-file": { type: "text", help: "The key that signs them.", meaning: "unsupported" },
  "api-audiences": { type: "list", help: "Audiences of tokens.", meaning: "unsupported" },
  "disable-admission-plugins": { type: "list", help: "Admission plug-ins to leave out.", meaning: "unsupported" },
  "enable-admission-plugins": { type: "list", help: "Admission plug-ins to run.", meaning: "unsupported" },
  "enable-aggregator-routing": { type: "boolean", help: "Ignored: always.", meaning: "harmless" },
  "allow-privileged": { type: "boolean", help: "Ignored: there are no pods.", meaning: "harmless" },
  "endpoint-reconciler-type": { type: "text", help: "Ignored: there is one server.", meaning: "harmless" },
  "apiserver-count": { type: "integer", help: "Ignored: there is one server.", meaning: "harmless" },
} as const satisfies FlagTable;

export type UpFlagName =
  | keyof typeof own
  | keyof typeof ofTheMainServer
  | keyof typeof notHere
  | keyof typeof commonFlags;
export type UpFlags = Flags<UpFlagName>;

/** Help tells of the own ones first; where one is declared twice, the declaration here counts. */
export const upFlags: Readonly<Record<UpFlagName, Flag>> = {
  ...own,
  ...ofTheMainServer,
  ...commonFlags,
  ...own,
  ...ofTheMainServer,
  ...notHere,
};
