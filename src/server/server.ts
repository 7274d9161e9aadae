// An extension API server, whole: all its filters and verbs, in their order, on one screen.

import { type Clock, systemClock } from "../base/clock.ts";
import type { Storage } from "../storage/door.ts";
import type { AdmissionPlugin } from "./admission/admission.ts";
import { admissionServer } from "./admission/admission-server.ts";
import { AdmissionChain } from "./admission/chain.ts";
import type { Authenticator } from "./authentication/user.ts";
import { type Authorizer, unionAuthorizer } from "./authorization/authorizer.ts";
import { alwaysAllowPaths, systemMasters } from "./authorization/system-masters.ts";
import { discoveryOf } from "./discovery/discovery.ts";
import { type ApiRequest, type ApiResponse, compose, type Filter, type Handler } from "./exchange.ts";
import { type AuditOptions, audit } from "./filters/audit.ts";
import { authenticate } from "./filters/authenticate.ts";
import { authorize } from "./filters/authorize.ts";
import { cacheControl } from "./filters/cache-control.ts";
import { cors } from "./filters/cors.ts";
import { deadline } from "./filters/deadline.ts";
import { impersonate } from "./filters/impersonate.ts";
import { type InFlightLimits, limitInFlight } from "./filters/limit-in-flight.ts";
import { recover } from "./filters/recover.ts";
import { requestInfo } from "./filters/request-info.ts";
import { answerHealth, type HealthCheck } from "./health.ts";
import { type Listener, type ListenOptions, listen } from "./http/listener.ts";
import { type Logger, silentLogger } from "./logging.ts";
import { answerMetrics } from "./metrics/answer-metrics.ts";
import { cacheMetrics } from "./metrics/cache-metrics.ts";
import { processMetrics } from "./metrics/process-metrics.ts";
import type { Metric } from "./metrics/registry.ts";
import { inFlightMetric, knows, requestMetrics } from "./metrics/request-metrics.ts";
import { storageMetrics } from "./metrics/storage-metrics.ts";
import type { OpenApi, OpenApiInfo } from "./openapi/openapi.ts";
import type { Resource } from "./resource.ts";
import { resourceRouter, type VerbTable } from "./routes.ts";
import { type ServedResource, serveResource } from "./served-resource.ts";
import { type StorageCheckTimeouts, storageChecks } from "./storage-checks.ts";
import { answerUnknown } from "./unknown-path.ts";
import { connect } from "./verbs/connect.ts";
import { create } from "./verbs/create.ts";
import { deleteObject } from "./verbs/delete.ts";
import { deleteCollection } from "./verbs/delete-collection.ts";
import { get } from "./verbs/get.ts";
import { list } from "./verbs/list.ts";
import { patch } from "./verbs/patch.ts";
import { getScale, patchScale, updateScale } from "./verbs/scale.ts";
import { update } from "./verbs/update.ts";
import { watch } from "./verbs/watch.ts";
import { answerVersion } from "./version.ts";

/** Every verb there is. */
const verbs: VerbTable = {
  main: { get, list, watch, create, update, patch, delete: deleteObject, deletecollection: deleteCollection },
  status: { get, update, patch },
  scale: { get: getScale, update: updateScale, patch: patchScale },
  connect,
};

export interface ApiServerOptions {
  /** For logs and messages, such as `wardle`. */
  readonly name: string;
  readonly resources: readonly Resource[];
  /** Closed with the server. */
  readonly storage: Storage;
  /** What all keys begin with, without a slash at the end. Default `/registry`. */
  readonly keyPrefix?: string;
  /** Where a resource's keys are below that prefix. Default `GROUP/PLURAL`, as sample-apiserver has it. */
  readonly keyPathOf?: (resource: Resource) => string;
  readonly authenticators: readonly Authenticator[];
  readonly allowsAnonymous?: boolean;
  /** Asked after system:masters and the paths that are always open. */
  readonly authorizer: Authorizer;
  readonly alwaysAllowedPaths?: readonly string[];
  readonly admission?: readonly AdmissionPlugin[];
  /** Around the routes, inside authentication and authorization: how the aggregator takes its share. */
  readonly innerFilters?: readonly Filter[];
  readonly healthChecks?: readonly HealthCheck[];
  /** How long storage may take to answer the health endpoints. */
  readonly storageCheckTimeouts?: StorageCheckTimeouts;
  readonly inFlightLimits?: InFlightLimits;
  /** What a client may ask for at most with `?timeout=`. Default one minute. */
  readonly requestTimeoutMs?: number;
  /** Patterns of the origins whose web pages may read answers. Default none. */
  readonly corsAllowedOrigins?: readonly RegExp[];
  /** Records requests. Default: nobody does. */
  readonly audit?: Omit<AuditOptions, "clock">;
  /** Title and version in OpenAPI. Default: the server's name, and unversioned. */
  readonly openApi?: OpenApiInfo;
  /** What an unknown path answers: an extension server lists its paths, a main API server says `404 page not found`. Default "paths". */
  readonly unknownPaths?: "paths" | "plain";
  readonly logger?: Logger;
  readonly clock?: Clock;
}

export interface ApiServer extends AsyncDisposable {
  /** Answers a request as if it had come over the network. */
  readonly handle: Handler;
  readonly served: readonly ServedResource[];
  readonly name: string;
  /** Listens on one TLS port for HTTP/2 and HTTP/1.1. Throws what the operating system says. */
  listen(options: Omit<ListenOptions, "handler">): Promise<Listener>;
  /** Resolves when every cache has been filled. */
  ready(): Promise<void>;
}

/** Health endpoints are open to everybody, so that whoever watches over the server needs no identity. */
const defaultAlwaysAllowedPaths: readonly string[] = ["/healthz", "/readyz", "/livez"];
/** Answers under way get this long when the server stops. */
const closeGraceMs = 1_000;

/** Puts a server together and starts to fill its caches. */
export async function createApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { name, resources, storage, keyPrefix = "/registry", clock = systemClock, logger = silentLogger } = options;
  const admission = new AdmissionChain(options.admission ?? []);
  const authorizer = unionAuthorizer([
    systemMasters,
    alwaysAllowPaths(options.alwaysAllowedPaths ?? defaultAlwaysAllowedPaths),
    options.authorizer,
  ]);
  const stored = storageMetrics();
  const served = resources.map((resource) =>
    serveResource({
      resource,
      storage,
      measured: stored.measured,
      prefix: keyPrefix,
      logger,
      ...(options.keyPathOf === undefined ? {} : { keyPath: options.keyPathOf(resource) }),
      admission,
      authorizer,
      clock,
    }),
  );
  admission.initialize(admissionServer(served));
  const counted = requestMetrics((group, version, resource) => knows(served, group, version, resource));
  const inFlight = limitInFlight(options.inFlightLimits, clock);
  const handle = compose(
    [
      recover(logger),
      requestInfo,
      counted.filter,
      cacheControl,
      deadline(options.requestTimeoutMs),
      cors(options.corsAllowedOrigins ?? []),
      authenticate({ authenticators: options.authenticators, allowsAnonymous: options.allowsAnonymous ?? true }),
      ...(options.audit === undefined ? [] : [audit({ ...options.audit, clock })]),
      impersonate(authorizer),
      inFlight.filter,
      authorize({ authorizer, logger }),
      ...(options.innerFilters ?? []),
    ],
    routes(options, served, () => [
      ...counted.metrics,
      inFlightMetric(() => ({ reading: inFlight.reading.inside, mutating: inFlight.mutating.inside })),
      ...cacheMetrics(served),
      ...stored.metrics,
      ...processMetrics(),
    ]),
  );
  for (const { cache } of served) cache.start();
  const listeners: Listener[] = [];
  return {
    handle,
    served,
    name,
    ready: async () => void (await Promise.all(served.map(({ cache }) => cache.ready()))),
    async listen(listenOptions) {
      const listener = await listen({ ...listenOptions, handler: handle });
      listeners.push(listener);
      return listener;
    },
    async [Symbol.asyncDispose]() {
      const closing = listeners.map((listener) => listener.close(closeGraceMs));
      await Promise.all(served.map(({ cache }) => cache.close()));
      await Promise.all(served.map(({ source }) => source?.[Symbol.asyncDispose]()));
      await Promise.all(closing);
      await storage[Symbol.asyncDispose]();
    },
  };
}

/** Resources first, since nearly every request is for one; then the documents, and what is left. */
function routes(
  options: ApiServerOptions,
  served: readonly ServedResource[],
  metrics: () => Iterable<Metric>,
): Handler {
  const route = resourceRouter(served, verbs);
  const discover = discoveryOf(options.resources);
  const describe = openApiWhenAsked(options);
  const checks = [...standardChecks(options, served), ...(options.healthChecks ?? [])];
  return async (request: ApiRequest): Promise<ApiResponse> => {
    if (request.info.isResource) {
      const answered = route(request);
      if (answered !== undefined) return answered;
    }
    return (
      discover(request) ??
      (await answerHealth(request, checks)) ??
      answerMetrics(request, metrics) ??
      answerVersion(request) ??
      (await describe(request)) ??
      (await route(request)) ??
      answerUnknown(request, { style: options.unknownPaths ?? "paths", resources: options.resources, checks })
    );
  };
}

/** OpenAPI, whose code is loaded when somebody asks for it. */
function openApiWhenAsked({
  name,
  resources,
  openApi: info = { title: name, version: "unversioned" },
}: ApiServerOptions): (request: ApiRequest) => Promise<ApiResponse | undefined> {
  let loading: Promise<OpenApi> | undefined;
  const load = async () => {
    const { openApiOf } = await import("./openapi/openapi.ts");
    return openApiOf(resources, info);
  };
  return async (request) => {
    if (!request.path.startsWith("/openapi/")) return undefined;
    loading ??= load();
    return (await loading)(request);
  };
}

function standardChecks(
  { storage, storageCheckTimeouts: timeouts, clock = systemClock }: ApiServerOptions,
  served: readonly ServedResource[],
): HealthCheck[] {
  return [
    { name: "ping", check() {} },
    { name: "log", check() {} },
    ...storageChecks(storage, { clock, ...(timeouts === undefined ? {} : { timeouts }) }),
    {
      name: "informer-sync",
      endpoints: ["readyz"],
      check() {
        const unfilled = served.filter(({ cache }) => !cache.isReady);
        const texts = unfilled.map(({ kind: { plural }, cache: { damage } }) =>
          damage ? `${plural} (${damage})` : plural,
        );
        if (texts.length > 0) throw new Error(`caches are being filled: ${texts.join(", ")}`);
      },
    },
  ];
}
