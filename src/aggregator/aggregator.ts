// The aggregation layer: a filter in front of an API server's own routes, and what keeps it up to date.
// https://kubernetes.io/docs/concepts/extend-kubernetes/api-extension/apiserver-aggregation/

import { type Clock, systemClock } from "../base/clock.ts";
import type { ApiRequest, ApiResponse, Filter, Handler, VersionDiscovery } from "../server/door.ts";
import { Availability } from "./availability.ts";
import type { ClientCertificate } from "./backend.ts";
import { mergedDiscovery } from "./discovery.ts";
import { DiscoveryFetcher } from "./discovery-fetcher.ts";
import { MergedOpenApi } from "./openapi.ts";
import { proxy } from "./proxy.ts";
import { type Route, Routes } from "./routes.ts";
import type { Source, SourceChange } from "./source.ts";
import { textAnswer } from "./text-answer.ts";

export interface AggregatorOptions {
  /** What the main API server serves itself; undefined for a version that it does not. */
  readonly local: (group: string, version: string) => VersionDiscovery | undefined;
  /** By what backends believe what the aggregator says of its clients. Asked for each new backend. */
  readonly proxyClientCertificate: () => ClientCertificate | undefined;
  readonly clock?: Clock;
  readonly onError?: (error: unknown, what: string) => void;
}

export interface Aggregator extends AsyncDisposable {
  /** Belongs inside authentication and authorization, around the server's own routes. */
  readonly filter: Filter;
  /** Begins to follow APIServices, services and endpoints. The source stays its caller's. */
  start(source: Source): void;
  /** The proxy's client certificate has changed. */
  renewClientCertificate(): void;
}

/** The filter may be put into a server before there is a source, since the source may read from that very server. */
export function createAggregator(options: AggregatorOptions): Aggregator {
  const { clock = systemClock, onError } = options;
  let running: Running | undefined;
  return {
    filter: (next) => (request) => (running === undefined ? next(request) : running.serve(request, next)),
    start(source) {
      running = new Running(source, { ...options, clock, ...(onError === undefined ? {} : { onError }) });
    },
    renewClientCertificate: () => running?.routes.renewBackends(),
    async [Symbol.asyncDispose]() {
      await running?.close();
    },
  };
}

class Running {
  readonly routes: Routes;
  readonly #options: AggregatorOptions;
  readonly #source: Source;
  readonly #availability: Availability;
  readonly #fetcher: DiscoveryFetcher;
  readonly #discovery: ReturnType<typeof mergedDiscovery>;
  readonly #openApi: MergedOpenApi;
  readonly #stopFollowing: () => void;

  constructor(source: Source, options: AggregatorOptions & { readonly clock: Clock }) {
    const { clock, local, proxyClientCertificate, onError } = options;
    this.#options = options;
    this.#source = source;
    this.routes = new Routes({ source, clock, clientCertificate: proxyClientCertificate });
    this.#availability = new Availability({
      source,
      routes: this.routes,
      clock,
      onError: (name, error) => onError?.(error, `APIService ${name} is not available`),
    });
    this.#fetcher = new DiscoveryFetcher({ routes: this.routes, clock, onChange: () => this.#discovery.changed() });
    this.#discovery = mergedDiscovery({ routes: this.routes, local, remote: (route) => this.#fetcher.get(route) });
    this.#openApi = new MergedOpenApi({ routes: this.routes, clock });
    this.#stopFollowing = source.onChange((change) => this.#follow(change));
    for (const { metadata } of source.apiServices()) this.#follow({ kind: "APIService", name: metadata.name ?? "" });
  }

  async serve(request: ApiRequest, next: Handler): Promise<ApiResponse> {
    const { path } = request;
    if (path.startsWith("/openapi/")) return this.#openApi.answer(request, next) ?? next(request);
    if (!path.startsWith("/apis")) return next(request);
    const route = this.#routeOf(path);
    if (route !== undefined) return this.#serveRoute(route, request, next);
    return this.#discovery.answer(request) ?? next(request);
  }

  async close(): Promise<void> {
    this.#stopFollowing();
    this.#openApi.close();
    await Promise.all([this.#availability.close(), this.#fetcher.close()]);
    this.routes.close();
  }

  /** The route of `/apis/GROUP/VERSION` and everything below. */
  #routeOf(path: string): Route | undefined {
    const slash = path.indexOf("/", groupStart);
    if (slash < 0 || path[groupStart - 1] !== "/") return undefined;
    const end = path.indexOf("/", slash + 1);
    return this.routes.find(end < 0 ? path.slice(groupStart) : path.slice(groupStart, end));
  }

  #serveRoute({ view, backend }: Route, request: ApiRequest, next: Handler): Promise<ApiResponse> | ApiResponse {
    if (view.service === undefined)
      return this.#options.local(view.group, view.version) === undefined ? textAnswer(404, "") : next(request);
    if (!view.isAvailable || backend === undefined) return textAnswer(503, "service unavailable");
    return proxy(request, backend);
  }

  #follow(change: SourceChange): void {
    if (change.kind === "APIService") {
      const { name } = change;
      this.routes.update(name, this.#source.apiService(name));
      this.#discovery.changed();
      this.#availability.add(name);
      this.#fetcher.add(name);
      return;
    }
    const { namespace, name } = change;
    this.routes.readdress(namespace, name);
    for (const { view } of this.routes.ofService(namespace, name)) {
      this.#availability.add(view.name);
      this.#fetcher.add(view.name);
    }
  }
}

const groupStart = "/apis/".length;
