// A local cluster API in one process: the control plane's own resources, the aggregator in front, extension servers behind.

import { join } from "node:path";
import { apiServices, clientSource, createAggregator } from "../aggregator/door.ts";
import type { Kind } from "../api/door.ts";
import { type Clock, systemClock } from "../base/clock.ts";
import { Client } from "../client/door.ts";
import {
  type ApiServer,
  type Authorizer,
  apiResources,
  bearerTokenAuthenticator,
  CertificatePool,
  clientCertificateAuthenticator,
  createApiServer,
  discoveryResources,
  handlerTransport,
  inProcessAuthenticator,
  type Logger,
  namespaceLifecycle,
  type Resource,
  type ServedResource,
  silentLogger,
  type TokenLookup,
  type UserInfo,
} from "../server/door.ts";
import { openEmbeddedStorage, openMemoryStorage } from "../storage/door.ts";
import { serviceResource } from "./allocation.ts";
import { bootstrap } from "./bootstrap.ts";
import { keepDefaultObjects } from "./controllers/default-objects.ts";
import { NamespaceController } from "./controllers/namespace-controller.ts";
import { type Extension, startExtension } from "./extensions.ts";
import { namespaceResource } from "./finalize-namespace.ts";
import { ObjectView } from "./object-view.ts";
import { rbacAuthorizer, rulesFor } from "./rbac/authorizer.ts";
import { cellText, part } from "./resources/columns.ts";
import { configMaps } from "./resources/config-map.ts";
import { endpointSlices } from "./resources/endpoint-slice.ts";
import { coreEvents, events } from "./resources/event.ts";
import { leases } from "./resources/lease.ts";
import { namespaceKind } from "./resources/namespace.ts";
import {
  clusterRoleBindingKind,
  clusterRoleBindings,
  clusterRoleKind,
  clusterRoles,
  roleBindingKind,
  roleBindings,
  roleKind,
  roles,
} from "./resources/rbac.ts";
import { reviewResources } from "./resources/reviews.ts";
import { secrets } from "./resources/secret.ts";
import { serviceKind } from "./resources/service.ts";
import { serviceAccounts } from "./resources/service-account.ts";
import { type Credentials, fileStore, kubeconfigFor, loadCredentials, memoryStore } from "./state-directory.ts";

export interface ControlPlaneOptions {
  /** Where everything is kept. Without it, in memory. */
  readonly dataDirectory?: string;
  /** 0 for any free port, the default. */
  readonly securePort?: number;
  /** Default 127.0.0.1. */
  readonly bindAddress?: string;
  /** Files of extension servers to start; needs a data directory. */
  readonly extensions?: readonly string[];
  /** Default 10.96.0.0/16. */
  readonly serviceClusterIpRange?: string;
  /** Tells of each extension server, when all its APIServices are available. */
  readonly onAvailable?: (name: string, apiServices: readonly string[]) => void;
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
/** An extension that is not available by then is an error. */
const availableTimeoutMs = 30_000;

/**
 * Starts a control plane. Ready when its promise resolves: every resource is served, every extension available.
 * Throws a StorageError where the data directory cannot be used, what the operating system says of the port, and an Error for an extension that does not start.
 */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const started = new Stack();
  try {
    return await start(options, started);
  } catch (error) {
    await started[Symbol.asyncDispose]();
    throw error;
  }
}

/** What was started, to be ended in the opposite order. */
class Stack extends AsyncDisposableStack {}

async function start(options: ControlPlaneOptions, started: Stack): Promise<ControlPlane> {
  const {
    dataDirectory,
    bindAddress = "127.0.0.1",
    securePort = 0,
    clock = systemClock,
    logger = silentLogger,
  } = options;
  const stop = new AbortController();
  const storage =
    dataDirectory === undefined
      ? openMemoryStorage({ clock })
      : await openEmbeddedStorage({ directory: join(dataDirectory, "storage") });
  const nowMs = clock.nowMs();
  const credentials = await loadCredentials(
    dataDirectory === undefined ? memoryStore : fileStore(join(dataDirectory, "pki")),
    { nowMs, extraHosts: isAny(bindAddress) ? [] : [bindAddress] },
  );
  const tokens: TokenLookup = (token, signal) => options.tokens?.(token, signal);
  const views = new Views();
  const authorizer = rbac(views);
  const resources = allResources({
    views,
    authorizer,
    tokens,
    serviceRange: options.serviceClusterIpRange ?? "10.96.0.0/16",
  });
  const aggregator = createAggregator({
    local: (group, version) => localVersion(resources, group, version),
    proxyClientCertificate: () => ({ cert: credentials.proxyClient.certificate, key: credentials.proxyClient.key }),
    clock,
    onError: (error, what) => logger.info({ error }, what),
  });
  const clientPool = new CertificatePool(credentials.clientAuthority.certificate, clock);
  const server = await createApiServer({
    name: "control-plane",
    resources,
    storage,
    keyPrefix: "/registry",
    authenticators: [
      inProcessAuthenticator,
      clientCertificateAuthenticator(() => clientPool),
      bearerTokenAuthenticator(tokens),
    ],
    authorizer,
    alwaysAllowedPaths: ["/healthz", "/readyz", "/livez"],
    admission: [namespaceLifecycle({ namespaces: { phaseOf: (name) => phaseOf(views, name) } })],
    innerFilters: [aggregator.filter],
    unknownPaths: "plain",
    openApi: { title: "kube-aggregator", version: "v1" },
    logger,
    clock,
  });
  started.use(server);
  views.attach(server);
  await server.ready();
  const client = new Client({ transport: handlerTransport(server.handle, self), userAgent: "annex-control-plane" });
  const listener = await server.listen({
    port: securePort,
    host: bindAddress,
    tls: { key: credentials.serving.key, cert: credentials.serving.certificate },
  });
  const url = `https://${isAny(bindAddress) ? "127.0.0.1" : bindAddress}:${listener.port}`;
  await bootstrap({
    client,
    resources,
    credentials,
    port: listener.port,
    host: isAny(bindAddress) ? "127.0.0.1" : bindAddress,
    signal: stop.signal,
  });
  startControllers({ client, views, credentials, clock, logger, started });
  const sourceClient = new Client({ transport: handlerTransport(server.handle, self), userAgent: "kube-aggregator" });
  const source = started.use(clientSource({ client: sourceClient }));
  started.use(aggregator);
  aggregator.start(source);
  started.defer(() => stop.abort());
  await startExtensions(options, { credentials, url, client, nowMs, logger, signal: stop.signal, started });
  return {
    url,
    port: listener.port,
    kubeconfig: kubeconfigFor(credentials, credentials.admin, url),
    client,
    server,
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}

function isAny(address: string): boolean {
  return address === "0.0.0.0" || address === "::";
}

/** The objects of the server's own resources, known once the server is there. */
class Views {
  readonly #views = new Map<Kind, ObjectView>();
  readonly #served = new Map<string, ServedResource>();

  attach({ served }: ApiServer): void {
    for (const resource of served) {
      this.#views.set(resource.kind, new ObjectView(resource));
      this.#served.set(`${resource.kind.group}/${resource.kind.kind}`, resource);
    }
  }

  of(kind: Kind): ObjectView {
    const view = this.#views.get(kind);
    if (view === undefined) throw new TypeError(`Cannot read objects of "${kind.kind}" as they must be served here`);
    return view;
  }

  served(kind: Kind): ServedResource {
    const served = this.#served.get(`${kind.group}/${kind.kind}`);
    if (served === undefined) throw new TypeError(`Cannot write objects of "${kind.kind}" as they must be served here`);
    return served;
  }
}

function rbac(views: Views): Authorizer & { readonly source: Parameters<typeof rbacAuthorizer>[0] } {
  const source = {
    clusterRole: (name: string) => views.of(clusterRoleKind).get("", name),
    role: (namespace: string, name: string) => views.of(roleKind).get(namespace, name),
    clusterRoleBindings: () => views.of(clusterRoleBindingKind).all(),
    roleBindings: (namespace: string) => views.of(roleBindingKind).in(namespace),
  };
  return { ...rbacAuthorizer(source), source };
}

interface ResourceParts {
  readonly views: Views;
  readonly authorizer: ReturnType<typeof rbac>;
  readonly tokens: TokenLookup;
  readonly serviceRange: string;
}

/** Everything that the control plane serves itself. */
function allResources({ views, authorizer, tokens, serviceRange }: ResourceParts): Resource[] {
  return [
    namespaceResource(() => views.served(namespaceKind)),
    serviceResource(serviceRange, () => views.of(serviceKind).all()),
    configMaps,
    secrets,
    serviceAccounts,
    coreEvents,
    endpointSlices,
    events,
    leases,
    roles,
    clusterRoles,
    roleBindings,
    clusterRoleBindings,
    ...reviewResources({
      authorizer: withSystemMasters(authorizer),
      authenticateToken: async (token, audiences) => {
        const user = await tokens(token, AbortSignal.timeout(availableTimeoutMs));
        return user === undefined
          ? undefined
          : { user: { ...user, groups: [...new Set([...user.groups, "system:authenticated"])] }, audiences };
      },
      rulesFor: (user, namespace) => describeRules(authorizer, user, namespace),
    }),
    apiServices,
  ];
}

/** A review asks the same question that a request would. */
function withSystemMasters(authorizer: Authorizer): Authorizer {
  return {
    authorize: (attributes, signal) =>
      attributes.user.groups.includes("system:masters")
        ? { verdict: "allow", reason: "" }
        : authorizer.authorize(attributes, signal),
  };
}

function describeRules(
  { source }: ReturnType<typeof rbac>,
  user: UserInfo,
  namespace: string,
): { resourceRules: object[]; nonResourceRules: object[] } {
  const found = [...rulesFor(source, user, namespace)].map(({ rule }) => rule);
  const everything = user.groups.includes("system:masters");
  return {
    resourceRules: [
      ...(everything ? [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }] : []),
      ...found.filter(({ resources }) => resources !== undefined),
    ],
    nonResourceRules: [
      ...(everything ? [{ verbs: ["*"], nonResourceURLs: ["*"] }] : []),
      ...found.filter(({ nonResourceURLs }) => nonResourceURLs !== undefined),
    ],
  };
}

function localVersion(resources: readonly Resource[], group: string, version: string) {
  const found = apiResources(resources, group, version);
  return found.length === 0
    ? undefined
    : ({ version, resources: discoveryResources(found), freshness: "Current" } as const);
}

function phaseOf(views: Views, name: string): string | undefined {
  const namespace = views.of(namespaceKind).get("", name);
  if (namespace === undefined) return undefined;
  return namespace.metadata.deletionTimestamp === undefined
    ? cellText(part(namespace, "status").phase) || "Active"
    : "Terminating";
}

interface Controllers {
  readonly client: Client;
  readonly views: Views;
  readonly credentials: Credentials;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly started: Stack;
}

function startControllers({ client, views, credentials, clock, logger, started }: Controllers): void {
  const namespaces = views.of(namespaceKind);
  const controller = new NamespaceController({ client, namespaces, clock, logger });
  controller.start();
  started.defer(() => controller.stop());
  started.defer(
    keepDefaultObjects({
      client,
      namespaces,
      serviceAccounts: views.of(serviceAccounts.kind),
      configMaps: views.of(configMaps.kind),
      servingAuthority: credentials.servingAuthority.certificate,
      logger,
    }),
  );
}

interface ExtensionParts {
  readonly credentials: Credentials;
  readonly url: string;
  readonly client: Client;
  readonly nowMs: number;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly started: Stack;
}

async function startExtensions(
  { extensions = [], dataDirectory, onAvailable }: ControlPlaneOptions,
  { started, client, signal, ...parts }: ExtensionParts,
): Promise<void> {
  if (extensions.length === 0) return;
  if (dataDirectory === undefined)
    throw new TypeError(
      "Cannot start extension servers as the control plane must have a data directory: it is in memory",
    );
  const directory = join(dataDirectory, "extensions");
  await Promise.all(
    extensions.map(async (file) => {
      const extension = await startExtension({ ...parts, client, signal, file, directory });
      started.defer(() => extension.stop());
      await untilAvailable(extension, client, signal);
      onAvailable?.(extension.name, await extension.registered);
    }),
  );
}

/** Waits until every APIService of an extension is Available. */
async function untilAvailable(extension: Extension, client: Client, signal: AbortSignal): Promise<void> {
  const missing = new Set(await extension.registered);
  const timeout = AbortSignal.any([signal, AbortSignal.timeout(availableTimeoutMs)]);
  const resource = client.resource(apiServices.kind, "v1");
  for await (const { object } of await resource.watch({
    signal: timeout,
    sendInitialEvents: true,
    allowWatchBookmarks: true,
  })) {
    const conditions: unknown = part(object, "status").conditions;
    const isAvailable =
      Array.isArray(conditions) && conditions.some(({ type, status }) => type === "Available" && status === "True");
    if (isAvailable) missing.delete(object.metadata.name ?? "");
    if (missing.size === 0) return;
  }
  throw new Error(`extension ${extension.name} is not available: ${[...missing].join(", ")}`);
}
