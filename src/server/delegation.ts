// What the flags say about the main API server: who tells who asks, what they may, and which namespaces there are.

import { readFileSync } from "node:fs";
import { systemClock } from "../base/clock.ts";
import { Client, type ConnectionConfig, httpTransport, inClusterConfig, loadKubeconfig } from "../client/door.ts";
import type { AdmissionPlugin } from "./admission/admission.ts";
import { delegatedNamespaces } from "./admission/delegated-namespaces.ts";
import { namespaceLifecycle } from "./admission/namespace-lifecycle.ts";
import { bearerTokenAuthenticator, staticTokens } from "./authentication/bearer-token.ts";
import { CertificatePool } from "./authentication/certificate-pool.ts";
import { delegatedAuthentication } from "./authentication/delegated.ts";
import type { RequestHeaderConfig } from "./authentication/request-header.ts";
import type { Authenticator } from "./authentication/user.ts";
import type { Authorizer } from "./authorization/authorizer.ts";
import { delegatedAuthorizer } from "./authorization/delegated.ts";
import { FlagError, type Flags } from "./flags.ts";
import { parseGoDuration } from "./go-duration.ts";
import type { Logger } from "./logging.ts";

export interface Delegation extends AsyncDisposable {
  readonly authenticators: readonly Authenticator[];
  readonly authorizer: Authorizer;
  /** Those that need the main API server. */
  readonly admission: readonly AdmissionPlugin[];
}

interface DelegationOptions {
  readonly userAgent: string;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** Without a main API server to ask, nobody but system:masters may do anything. */
const nobody: Authorizer = { authorize: () => ({ verdict: "no opinion", reason: "" }) };

/** Throws where a kubeconfig cannot be read, or the published authorities cannot and nobody tolerates that. */
export async function delegate(flags: Flags, { userAgent, logger, signal }: DelegationOptions): Promise<Delegation> {
  const ended = new AsyncDisposableStack();
  try {
    const connect = (flag: "kubeconfig" | "authentication-kubeconfig" | "authorization-kubeconfig") => {
      const config = connectionOf(flags.text(flag));
      return config === undefined ? undefined : ended.use(new Client({ transport: httpTransport(config), userAgent }));
    };
    const authorities = readAuthorities(flags);
    const authentication = ended.use(
      await delegatedAuthentication({
        client: connect("authentication-kubeconfig"),
        ...authorities,
        skipLookup: flags.isSet("authentication-skip-lookup"),
        tolerateLookupFailure: flags.isSet("authentication-tolerate-lookup-failure"),
        cacheTtlMs: durationMs(flags, "authentication-token-webhook-cache-ttl"),
        signal,
        logger,
      }),
    );
    const authorizationClient = connect("authorization-kubeconfig");
    const coreClient = flags.list("disable-admission-plugins").includes("NamespaceLifecycle")
      ? undefined
      : connect("kubeconfig");
    const namespaces =
      coreClient === undefined ? undefined : ended.use(delegatedNamespaces({ client: coreClient, logger }));
    const tokens = readIfGiven(flags.text("token-auth-file"));
    return {
      authenticators: [
        ...authentication.authenticators,
        ...(tokens === undefined ? [] : [bearerTokenAuthenticator(staticTokens(tokens))]),
      ],
      authorizer: authorizationClient === undefined ? nobody : authorizerOf(flags, authorizationClient),
      admission: namespaces === undefined ? [] : [namespaceLifecycle({ namespaces })],
      [Symbol.asyncDispose]: () => ended.disposeAsync(),
    };
  } catch (error) {
    await ended.disposeAsync();
    throw error;
  }
}

/** The file that a flag names, else the service account of the pod that this runs in, else none. */
function connectionOf(file: string | undefined): ConnectionConfig | undefined {
  return file === undefined || file === "" ? inClusterConfig() : loadKubeconfig({ path: file });
}

function authorizerOf(flags: Flags, client: Client): Authorizer {
  return delegatedAuthorizer({
    client,
    allowCacheTtlMs: durationMs(flags, "authorization-webhook-cache-authorized-ttl"),
    denyCacheTtlMs: durationMs(flags, "authorization-webhook-cache-unauthorized-ttl"),
  });
}

/** Authorities that flags name, in place of those that the main API server publishes. */
function readAuthorities(flags: Flags): {
  readonly clientCertificates?: () => CertificatePool;
  readonly requestHeader?: () => RequestHeaderConfig;
} {
  const clients = readIfGiven(flags.text("client-ca-file"));
  const proxies = readIfGiven(flags.text("requestheader-client-ca-file"));
  const clientPool = clients === undefined ? undefined : new CertificatePool(clients, systemClock);
  const config = proxies === undefined ? undefined : requestHeaderOf(flags, new CertificatePool(proxies, systemClock));
  return {
    ...(clientPool === undefined ? {} : { clientCertificates: () => clientPool }),
    ...(config === undefined ? {} : { requestHeader: () => config }),
  };
}

function requestHeaderOf(flags: Flags, pool: CertificatePool): RequestHeaderConfig {
  const lower = (texts: readonly string[]) => texts.map((text) => text.toLowerCase());
  return {
    pool,
    allowedNames: flags.list("requestheader-allowed-names"),
    usernameHeaders: lower(flags.list("requestheader-username-headers")),
    uidHeaders: lower(flags.list("requestheader-uid-headers")),
    groupHeaders: lower(flags.list("requestheader-group-headers")),
    extraHeaderPrefixes: lower(flags.list("requestheader-extra-headers-prefix")),
  };
}

function durationMs(flags: Flags, name: Parameters<Flags["text"]>[0]): number {
  const duration = parseGoDuration(flags.text(name) ?? "");
  if (typeof duration === "string") throw new FlagError(`invalid argument for --${name}: ${duration}`);
  return duration;
}

function readIfGiven(file: string | undefined): string | undefined {
  return file === undefined || file === "" ? undefined : readFileSync(file, "utf8");
}
