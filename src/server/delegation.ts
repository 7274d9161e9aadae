// What the flags say about the main API server: who tells who asks, what they may, and which namespaces there are.

import { systemClock } from "../base/clock.ts";
import { readFiles, watchFiles } from "../base/watched-files.ts";
import type { Client } from "../client/door.ts";
import type { AdmissionPlugin } from "./admission/admission.ts";
import { namespaceLifecycle } from "./admission/namespace-lifecycle.ts";
import { bearerTokenAuthenticator, staticTokens } from "./authentication/bearer-token.ts";
import { CertificatePool } from "./authentication/certificate-pool.ts";
import { clientCertificateAuthenticator } from "./authentication/client-certificate.ts";
import { type RequestHeaderConfig, requestHeaderAuthenticator } from "./authentication/request-header.ts";
import type { Authenticator } from "./authentication/user.ts";
import type { Authorizer } from "./authorization/authorizer.ts";
import type { FlagName, Flags } from "./flags.ts";
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

/** Without a main API server nobody but system:masters may do anything: nothing can be decided, which is not the same as a no. */
const nobodyToAsk: Authorizer = {
  authorize() {
    throw new Error("Cannot authorize a request as a main API server must be there to ask: no kubeconfig was given");
  },
};

/** Nor can a token be looked up: who shows one and nothing else is not let in as anonymous. */
const nobodyKnowsTokens = bearerTokenAuthenticator(() => undefined);

/** Throws where a kubeconfig cannot be read, or the published authorities cannot and nobody tolerates that. */
export async function delegate(flags: Flags, options: DelegationOptions): Promise<Delegation> {
  const ended = new AsyncDisposableStack();
  try {
    const connect = connector(flags, { ended, userAgent: options.userAgent });
    return {
      authenticators: [...(await authenticatorsOf(flags, { ...options, ended, connect })), ...tokenFileOf(flags)],
      authorizer: await authorizerOf(flags, connect),
      admission: await admissionOf(flags, { ...options, ended, connect }),
      [Symbol.asyncDispose]: () => ended.disposeAsync(),
    };
  } catch (error) {
    await ended.disposeAsync();
    throw error;
  }
}

type Connect = (
  flag: "kubeconfig" | "authentication-kubeconfig" | "authorization-kubeconfig",
) => Promise<Client | undefined>;

interface Tools extends DelegationOptions {
  readonly ended: AsyncDisposableStack;
  readonly connect: Connect;
}

/**
 * A client by the file that a flag names, else as the service account of the pod that this runs in, else none. The code for it is loaded
 * with the first one: a server that stands alone starts without.
 */
function connector(flags: Flags, { ended, userAgent }: Pick<Tools, "ended" | "userAgent">): Connect {
  return async (flag) => {
    const path = flags.text(flag) ?? "";
    if (path === "" && process.env.KUBERNETES_SERVICE_HOST === undefined) return undefined;
    const { Client, httpTransport, inClusterConfig, loadKubeconfig } = await import("../client/door.ts");
    const config = path === "" ? inClusterConfig() : loadKubeconfig({ path });
    return config === undefined ? undefined : ended.use(new Client({ transport: httpTransport(config), userAgent }));
  };
}

async function authenticatorsOf(flags: Flags, tools: Tools): Promise<readonly Authenticator[]> {
  const { logger, signal, ended, connect } = tools;
  const clientCertificates = watchedPool(flags.text("client-ca-file"), tools);
  const requestHeader = requestHeaderOf(flags, watchedPool(flags.text("requestheader-client-ca-file"), tools));
  const client = await connect("authentication-kubeconfig");
  if (client === undefined)
    return [
      requestHeaderAuthenticator(requestHeader ?? (() => undefined)),
      clientCertificateAuthenticator(clientCertificates ?? (() => undefined)),
      nobodyKnowsTokens,
    ];
  const { delegatedAuthentication } = await import("./authentication/delegated.ts");
  const delegated = await delegatedAuthentication({
    client,
    ...(clientCertificates === undefined ? {} : { clientCertificates }),
    ...(requestHeader === undefined ? {} : { requestHeader }),
    skipLookup: flags.isSet("authentication-skip-lookup"),
    tolerateLookupFailure: flags.isSet("authentication-tolerate-lookup-failure"),
    cacheTtlMs: flags.durationMs("authentication-token-webhook-cache-ttl"),
    signal,
    logger,
  });
  return ended.use(delegated).authenticators;
}

function tokenFileOf(flags: Flags): Authenticator[] {
  const path = flags.text("token-auth-file") ?? "";
  if (path === "") return [];
  const [text = ""] = readFiles([path]);
  return [bearerTokenAuthenticator(staticTokens(text))];
}

async function authorizerOf(flags: Flags, connect: Connect): Promise<Authorizer> {
  const client = await connect("authorization-kubeconfig");
  if (client === undefined) return nobodyToAsk;
  const { delegatedAuthorizer } = await import("./authorization/delegated.ts");
  return delegatedAuthorizer({
    client,
    allowCacheTtlMs: flags.durationMs("authorization-webhook-cache-authorized-ttl"),
    denyCacheTtlMs: flags.durationMs("authorization-webhook-cache-unauthorized-ttl"),
  });
}

/** Plug-ins that need the main API server. */
async function admissionOf(flags: Flags, { ended, connect, logger }: Tools): Promise<AdmissionPlugin[]> {
  if (flags.list("disable-admission-plugins").includes("NamespaceLifecycle")) return [];
  const client = await connect("kubeconfig");
  if (client === undefined) return [];
  const { delegatedNamespaces } = await import("./admission/delegated-namespaces.ts");
  return [namespaceLifecycle({ namespaces: ended.use(delegatedNamespaces({ client, logger })) })];
}

type PoolSource = () => CertificatePool;

/** The authorities in a file, read again when it changes; one that cannot be read then leaves the last ones in force. */
function watchedPool(path: string | undefined, { logger, ended }: Tools): PoolSource | undefined {
  if (path === undefined || path === "") return undefined;
  const [text = ""] = readFiles([path]);
  let pool = new CertificatePool(text, systemClock);
  const stop = watchFiles({
    paths: [path],
    onChange: ([bundle = ""]) => {
      pool = new CertificatePool(bundle, systemClock);
    },
    onError: (error) => logger.error({ error, path }, "certificates could not be read again"),
  });
  ended.defer(stop);
  return () => pool;
}

function requestHeaderOf(flags: Flags, pool: PoolSource | undefined): (() => RequestHeaderConfig) | undefined {
  if (pool === undefined) return undefined;
  const lower = (name: FlagName) => flags.list(name).map((text) => text.toLowerCase());
  const names = {
    allowedNames: flags.list("requestheader-allowed-names"),
    usernameHeaders: lower("requestheader-username-headers"),
    uidHeaders: lower("requestheader-uid-headers"),
    groupHeaders: lower("requestheader-group-headers"),
    extraHeaderPrefixes: lower("requestheader-extra-headers-prefix"),
  };
  let made: RequestHeaderConfig = { ...names, pool: pool() };
  return () => {
    const current = pool();
    // The same object for as long as it says the same, since what was verified by it is remembered.
    if (made.pool !== current) made = { ...names, pool: current };
    return made;
  };
}
