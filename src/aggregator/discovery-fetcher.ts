// Learns in the background what remote servers serve, and remembers it when they stop to answer.

import type { Clock } from "../base/clock.ts";
import { readAll, WorkQueue } from "../client/door.ts";
import {
  type ApiResource,
  discoveryResources,
  type ResourceDiscovery,
  type UserInfo,
  type VersionDiscovery,
} from "../server/door.ts";
import { aggregatorUser } from "./availability.ts";
import type { Backend } from "./backend.ts";
import { addIdentity } from "./forwarded-headers.ts";
import type { Route, Routes } from "./routes.ts";

interface DiscoveryFetcherOptions {
  readonly routes: Routes;
  readonly clock: Clock;
  /** What is known of some version has changed. */
  readonly onChange: () => void;
}

/** Asked again so often. */
const refreshMs = 60_000;
/** A server gets this long for a document. */
const timeoutMs = 5_000;
const workers = 8;
/** Asked again after failures: 0.5 s, then twice as long each time, at most as long as between refreshes. */
const delays = { delayMinMs: 500, delayMaxMs: refreshMs };

const accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/** What one server said when it was last asked. */
interface Known {
  readonly etag: string;
  /** By `group/version`. */
  readonly versions: ReadonlyMap<string, VersionDiscovery>;
}

export class DiscoveryFetcher {
  readonly #options: DiscoveryFetcherOptions;
  readonly #queue: WorkQueue;
  readonly #documents = new WeakMap<Backend, Known>();
  /** By the name of the APIService. */
  readonly #versions = new Map<string, VersionDiscovery>();
  #cancelRefresh = () => {};

  constructor(options: DiscoveryFetcherOptions) {
    this.#options = options;
    this.#queue = new WorkQueue({
      ...delays,
      workers,
      clock: options.clock,
      work: (name, signal) => this.#sync(name, signal),
    });
    this.#scheduleRefresh();
  }

  /** What is known of a version: without resources before its server has answered for the first time. */
  get({ view }: Route): VersionDiscovery {
    return this.#versions.get(view.name) ?? { version: view.version, freshness: "Stale" };
  }

  /** An APIService has changed or is gone: asks its server again. */
  add(name: string): void {
    this.#queue.add(name);
  }

  async close(): Promise<void> {
    this.#cancelRefresh();
    await this.#queue.close();
  }

  #scheduleRefresh(): void {
    this.#cancelRefresh = this.#options.clock.after(refreshMs, () => {
      for (const { view } of this.#options.routes.all()) this.#queue.add(view.name);
      this.#scheduleRefresh();
    });
  }

  async #sync(name: string, signal: AbortSignal): Promise<void> {
    const route = this.#options.routes.get(name);
    if (route === undefined || route.view.service === undefined) {
      if (this.#versions.delete(name)) this.#options.onChange();
      return;
    }
    try {
      const found = await this.#fetch(route, signal);
      this.#set(name, { ...(found ?? { version: route.view.version }), freshness: "Current" });
    } catch (error) {
      signal.throwIfAborted();
      // What it served when it last answered is still the best guess.
      const { resources } = this.get(route);
      const { version } = route.view;
      this.#set(name, { version, ...(resources === undefined ? {} : { resources }), freshness: "Stale" });
      throw error;
    }
  }

  #set(name: string, version: VersionDiscovery): void {
    const before = this.#versions.get(name);
    if (JSON.stringify(before) === JSON.stringify(version)) return;
    this.#versions.set(name, version);
    this.#options.onChange();
  }

  /** Undefined for a server that answers and does not know the version. */
  async #fetch({ view, backend }: Route, signal: AbortSignal): Promise<VersionDiscovery | undefined> {
    if (backend === undefined) throw new Error("nobody can be verified");
    const key = `${view.group}/${view.version}`;
    const aggregated = await this.#fetchAggregated(backend, signal);
    if (aggregated !== undefined) return aggregated.versions.get(key);
    const plainUser: UserInfo = { ...aggregatorUser, groups: [] };
    const answer = await get(backend, { path: `/apis/${key}`, accept: "application/json", user: plainUser, signal });
    if (answer.status !== 200) throw new Error(`no discovery of ${key}: status ${answer.status}`);
    const resources = listOf(answer.body, "resources").filter(isApiResource);
    return versionOf(view.version, discoveryResources(resources).map(completed));
  }

  /** The one document of all versions that newer servers have; undefined for others. Kept until its ETag changes. */
  async #fetchAggregated(backend: Backend, signal: AbortSignal): Promise<Known | undefined> {
    const known = this.#documents.get(backend);
    const answer = await get(backend, {
      path: "/apis",
      accept,
      user: aggregatorUser,
      signal,
      ...(known === undefined ? {} : { etag: known.etag }),
    });
    if (answer.status === 304 && known !== undefined) return known;
    if (answer.status === 503) throw new Error("no discovery: status 503");
    if (answer.status !== 200 || !answer.contentType.includes("as=APIGroupDiscoveryList")) return undefined;
    if (recordOf(answer.body).kind !== "APIGroupDiscoveryList") throw new Error("no discovery: another kind");
    const fresh = { etag: answer.etag, versions: versionsOf(answer.body) };
    this.#documents.set(backend, fresh);
    return fresh;
  }
}

interface Question {
  readonly path: string;
  readonly accept: string;
  readonly user: UserInfo;
  readonly signal: AbortSignal;
  readonly etag?: string;
}

export interface FetchedDocument {
  readonly status: number;
  readonly contentType: string;
  readonly etag: string;
  readonly body: unknown;
}

/** Asks a backend for a JSON document in the aggregator's own name. */
export async function get(
  backend: Backend,
  { path, accept: wanted, user, signal, etag }: Question,
): Promise<FetchedDocument> {
  const headers: Record<string, string | readonly string[]> = { accept: wanted, "user-agent": "kube-aggregator" };
  if (etag !== undefined && etag !== "") headers["if-none-match"] = etag;
  addIdentity(headers, user);
  const response = await backend.send({
    method: "GET",
    path,
    headers: () => headers,
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
  });
  const body = await readAll(response.body);
  const text = (name: string) => String(response.headers[name] ?? "");
  return {
    status: response.status,
    contentType: text("content-type"),
    etag: text("etag"),
    body: response.status === 200 ? JSON.parse(body.toString("utf8")) : undefined,
  };
}

function versionsOf(document: unknown): ReadonlyMap<string, VersionDiscovery> {
  const versions = new Map<string, VersionDiscovery>();
  for (const group of listOf(document, "items")) {
    const name = textOf(recordOf(group.metadata).name);
    for (const version of listOf(group, "versions")) {
      const resources = listOf(version, "resources").filter(isResourceDiscovery).map(completed);
      const text = textOf(version.version);
      versions.set(`${name}/${text}`, versionOf(text, resources));
    }
  }
  return versions;
}

function versionOf(version: string, resources: readonly ResourceDiscovery[]): VersionDiscovery {
  return { version, ...(resources.length === 0 ? {} : { resources }), freshness: "Current" };
}

/** Some clients cannot do without response kinds, which some servers leave out, and everybody finds a singular name, be it empty. */
function completed(resource: ResourceDiscovery): ResourceDiscovery {
  const none = { group: "", version: "", kind: "" };
  const { subresources } = resource;
  return {
    ...resource,
    responseKind: resource.responseKind ?? none,
    singularResource: resource.singularResource ?? "",
    ...(Array.isArray(subresources)
      ? { subresources: subresources.map((sub) => ({ ...sub, responseKind: sub.responseKind ?? none })) }
      : {}),
  };
}

/** What a server says of itself is passed on as it is; only what tells resources apart must be there. */
function isResourceDiscovery(value: Fields): value is Fields & ResourceDiscovery {
  return typeof value.resource === "string";
}

function isApiResource(value: Fields): value is Fields & ApiResource {
  return typeof value.name === "string" && typeof value.kind === "string" && Array.isArray(value.verbs);
}

type Fields = Readonly<Record<string, unknown>>;

function recordOf(value: unknown): Fields {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function listOf(value: unknown, field: string): Fields[] {
  const list = recordOf(value)[field];
  return Array.isArray(list) ? list.filter((item) => typeof item === "object" && item !== null) : [];
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
