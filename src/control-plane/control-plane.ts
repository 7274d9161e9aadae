// A local cluster API in one process: the control plane's own resources, the aggregator in front, extension servers behind.

import { join } from "node:path";
import { clientSource, createAggregator } from "../aggregator/door.ts";
import type { GroupResource } from "../api/door.ts";
import { makeCertificate } from "../base/certificates.ts";
import { type Clock, systemClock } from "../base/clock.ts";
import { ensureDirectory } from "../base/directories.ts";
import { Client, type Transport } from "../client/door.ts";
import {
  type ApiServer,
  type ApiServerOptions,
  bearerTokenAuthenticator,
  clientCertificateAuthenticator,
  createApiServer,
  handlerTransport,
  inProcessAuthenticator,
  type Logger,
  namespaceLifecycle,
  requestHeaderAuthenticator,
  silentLogger,
  type TokenLookup,
  type UserInfo,
} from "../server/door.ts";
import { openEmbeddedStorage, openMemoryStorage, type Storage } from "../storage/door.ts";
import { type AuthorizationMode, controlPlaneAuthorizer } from "./authorization.ts";
import { bootstrap, publishTrust } from "./bootstrap.ts";
import { metadataOnly } from "./controllers/garbage-collector/metadata-only.ts";
import { keyPathOf, resourcesByKey } from "./key-layout.ts";
import { ownNamespaces } from "./own-namespaces.ts";
import { allResources, localVersion } from "./own-resources.ts";
import { escalationCheck } from "./rbac/escalation.ts";
import { startControllers } from "./start-controllers.ts";
import { type ExtensionSource, startExtensions } from "./start-extensions.ts";
import { credentialStoreIn, kubeconfigFor, loadCredentials, memoryStore } from "./state-directory.ts";
import { issuerDiscovery } from "./tokens/issuer-discovery.ts";
import { ServiceAccountTokens } from "./tokens/service-account-tokens.ts";
import { SigningKey } from "./tokens/signing-key.ts";
import { type RequestHeaderNames, Trust, type TrustFiles } from "./trust.ts";
import { Views } from "./views.ts";

export interface ControlPlaneOptions {
  /** Where everything is kept. Without it, in memory. */
  readonly dataDirectory?: string;
  /** 0 for any free port, the default. */
  readonly securePort?: number;
  /** Default 127.0.0.1. */
  readonly bindAddress?: string;
  /** Extension servers to start and register: files, which need a data directory, or servers in this process. */
  readonly extensions?: readonly ExtensionSource[];
  /** An extension that is not available by then is an error. Default 30 s. */
  readonly extensionTimeoutMs?: number;
  /** Default 10.96.0.0/16. */
  readonly serviceClusterIpRange?: string;
  /** Who signs the tokens of service accounts, as they say it; also the audience of those that name none. Default https://kubernetes.default.svc.cluster.local. */
  readonly serviceAccountIssuer?: string;
  /** Tells of each extension server, when all its APIServices are available. */
  readonly onAvailable?: (name: string, apiServices: readonly string[]) => void;
  /** Tells that an extension's file has changed: without a fault its new version runs, else the old one goes on. */
  readonly onReload?: (name: string, fault: string | undefined) => void;
  /** Opens where objects live, in place of the embedded store or memory. Gets a function that tells whose a key is. Closed with the control plane. */
  readonly storage?: (resourceOf: (key: string) => GroupResource) => Promise<Storage>;
  /** What all keys begin with. Default `/registry`. */
  readonly keyPrefix?: string;
  readonly trustFiles?: TrustFiles;
  readonly requestHeaderNames?: RequestHeaderNames;
  /** Default RBAC alone. */
  readonly authorizationModes?: readonly AuthorizationMode[];
  /** How requests are taken: limits, audit and the like. */
  readonly server?: Pick<
    ApiServerOptions,
    "allowsAnonymous" | "inFlightLimits" | "requestTimeoutMs" | "corsAllowedOrigins" | "audit"
  >;
  readonly listen?: { readonly http2?: boolean; readonly minTlsVersion?: "TLSv1.2" | "TLSv1.3" };
  /** Ends a start that is under way; the promise then rejects. */
  readonly signal?: AbortSignal;
  /** Bearer tokens beside those that the control plane makes itself. */
  readonly tokens?: TokenLookup;
  readonly logger?: Logger;
  readonly clock?: Clock;
}

export interface ControlPlane extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** For a member of system:masters. */
  readonly kubeconfig: string;
  /** For whomever you name, with a client certificate made for it; what that user may do is for RBAC to say. */
  kubeconfigFor(user: { readonly name: string; readonly groups?: readonly string[] }): Promise<string>;
  /** As system:masters, without a network between. */
  readonly client: Client;
  readonly server: ApiServer;
}

/** Inside the process: what the control plane's own controllers are. */
const self: UserInfo = {
  name: "system:apiserver",
  uid: "",
  groups: ["system:masters", "system:authenticated"],
  extra: {},
};

const extensionTimeoutDefaultMs = 30_000;
const serviceAccountIssuerDefault = "https://kubernetes.default.svc.cluster.local";

/**
 * Starts a control plane. Ready when its promise resolves: every resource is served, every extension available.
 * Throws a StorageError where the data directory cannot be used, what the operating system says of the port, and an Error for an extension that does not start.
 */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const running = new Running();
  try {
    return await start(options, running);
  } catch (error) {
    await running[Symbol.asyncDispose]();
    throw error;
  }
}

/** What was started, to be ended in the opposite order; what waits is ended first. */
class Running implements AsyncDisposable {
  readonly started = new AsyncDisposableStack();
  readonly #stop = new AbortController();

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.started.disposeAsync();
  }
}

async function start(options: ControlPlaneOptions, running: Running): Promise<ControlPlane> {
  const { started } = running;
  const { bindAddress = "127.0.0.1", securePort = 0, clock = systemClock, logger = silentLogger } = options;
  const { dataDirectory, keyPrefix = "/registry", tokens = () => undefined, extensions = [] } = options;
  const signal = options.signal === undefined ? running.signal : AbortSignal.any([options.signal, running.signal]);
  const host = isAny(bindAddress) ? "127.0.0.1" : bindAddress;
  if (dataDirectory !== undefined) ensureDirectory(dataDirectory);
  const credentials = await loadCredentials(
    dataDirectory === undefined ? memoryStore : credentialStoreIn(dataDirectory),
    { nowMs: clock.nowMs(), extraHosts: [host] },
  );
  const { trustFiles: files = {}, requestHeaderNames = {} } = options;
  const trust = started.use(new Trust({ credentials, files, requestHeaderNames, clock, logger }));
  const views = new Views();
  const authorizer = controlPlaneAuthorizer(views, options.authorizationModes ?? ["RBAC"]);
  const serviceRange = options.serviceClusterIpRange ?? "10.96.0.0/16";
  const key = new SigningKey(credentials.serviceAccountAuthority.key);
  const issuer = options.serviceAccountIssuer ?? serviceAccountIssuerDefault;
  const accountTokens = new ServiceAccountTokens({ key, views, clock, issuer });
  const allTokens = accountTokens.before(tokens);
  let url = "";
  const resources = allResources({ views, authorizer, tokens, accountTokens, clock, serviceRange });
  const aggregator = createAggregator({
    local: (group, version) => localVersion(resources, group, version),
    proxyClientCertificate: () => trust.proxyClient,
    clock,
    onError: (error, what) => logger.info({ error }, what),
  });
  const server = started.use(
    await createApiServer({
      ...options.server,
      name: "control-plane",
      resources,
      storage: await openStorage(options, resourcesByKey(resources, keyPrefix)),
      keyPrefix,
      keyPathOf,
      authenticators: [
        inProcessAuthenticator,
        requestHeaderAuthenticator(() => trust.requestHeader, clock),
        clientCertificateAuthenticator(() => trust.clientCertificates, clock),
        bearerTokenAuthenticator(allTokens),
      ],
      authorizer,
      alwaysAllowedPaths: ["/healthz", "/readyz", "/livez"],
      admission: [namespaceLifecycle({ namespaces: ownNamespaces(views) }), escalationCheck(authorizer)],
      innerFilters: [issuerDiscovery({ issuer, key, url: () => url }), aggregator.filter],
      unknownPaths: "plain",
      openApi: { title: "kube-aggregator", version: "v1" },
      logger,
      clock,
    }),
  );
  views.attach(server);
  await server.ready();
  const { http2, minTlsVersion: minVersion } = options.listen ?? {};
  const tls = () => ({ ...trust.serving, ...(minVersion === undefined ? {} : { minVersion }) });
  const listener = await server.listen({
    port: securePort,
    host: bindAddress,
    tls: tls(),
    ...(http2 === undefined ? {} : { http2 }),
  });
  const { port } = listener;
  url = `https://${host.includes(":") ? `[${host}]` : host}:${port}`;
  const client = clientOf(server, "annex-control-plane");
  // They take a while to load, in which the rest is made.
  const extensionsStarted = startExtensions({
    extensions,
    dataDirectory,
    timeoutMs: options.extensionTimeoutMs ?? extensionTimeoutDefaultMs,
    onAvailable: options.onAvailable ?? (() => {}),
    onReload: options.onReload ?? (() => {}),
    credentials,
    trust,
    tokens: allTokens,
    authorizer,
    views,
    url,
    client,
    clock,
    logger,
    signal,
    started,
  });
  extensionsStarted.catch(() => {}); // It is waited for below, unless something else fails before.
  await bootstrap({ client, resources, trust, port, host, signal });
  const { servingAuthorities } = trust;
  const metadataClient = clientOf(server, "generic-garbage-collector", metadataOnly);
  startControllers({
    client,
    metadataClient,
    views,
    servingAuthorities,
    accountTokens,
    host,
    port,
    clock,
    logger,
    started,
  });
  const source = started.use(clientSource({ client: clientOf(server, "kube-aggregator") }));
  started.use(aggregator);
  aggregator.start(source);
  trust.onChange(() => {
    listener.setCertificates(tls());
    aggregator.renewClientCertificate();
    publishTrust(client, trust, signal).catch((error: unknown) =>
      logger.error({ error }, "new authorities could not be published"),
    );
  });
  await extensionsStarted;
  return {
    url,
    port,
    kubeconfig: kubeconfigFor({ url, authorities: trust.servingAuthorities, user: credentials.admin }),
    async kubeconfigFor({ name, groups = [] }) {
      const request = { commonName: name, organizations: groups, nowMs: clock.nowMs() };
      const user = await makeCertificate(credentials.clientAuthority, request);
      return kubeconfigFor({ url, authorities: trust.servingAuthorities, user });
    },
    client,
    server,
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}

/** Speaks to the server as the control plane itself, without a network between. */
function clientOf(
  server: ApiServer,
  userAgent: string,
  wrap: (transport: Transport) => Transport = (transport) => transport,
): Client {
  return new Client({ transport: wrap(handlerTransport(server.handle, self)), userAgent });
}

function openStorage(
  { storage, dataDirectory, clock = systemClock }: ControlPlaneOptions,
  resourceOf: (key: string) => GroupResource,
): Promise<Storage> | Storage {
  if (storage !== undefined) return storage(resourceOf);
  if (dataDirectory === undefined) return openMemoryStorage({ clock });
  return openEmbeddedStorage({ directory: join(dataDirectory, "storage") });
}

function isAny(address: string): boolean {
  return address === "0.0.0.0" || address === "::";
}
