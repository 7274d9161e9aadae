// The verbs on the objects of one kind. https://kubernetes.io/docs/reference/using-api/api-concepts/

import { type ApiObject, type ListMeta, StatusError } from "../api/door.ts";
import type { Client, ClientRequest } from "./client.ts";
import { readWatch, type WatchEvent } from "./watch-reader.ts";

/** Where a kind's objects are. */
export interface ResourceAddress {
  /** "" for the core group. */
  readonly group: string;
  readonly version: string;
  /** The plural, as in URLs. */
  readonly resource: string;
  readonly isNamespaced: boolean;
}

export interface ReadOptions {
  readonly namespace?: string;
  readonly resourceVersion?: string;
  readonly signal?: AbortSignal;
}

export interface ListOptions extends ReadOptions {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly limit?: number;
  readonly continue?: string;
  readonly resourceVersionMatch?: "Exact" | "NotOlderThan";
}

export interface WatchOptions extends ListOptions {
  readonly sendInitialEvents?: boolean;
  readonly allowWatchBookmarks?: boolean;
  readonly timeoutSeconds?: number;
}

export interface WriteOptions {
  readonly namespace?: string;
  readonly subresource?: string;
  readonly fieldManager?: string;
  readonly fieldValidation?: "Ignore" | "Warn" | "Strict";
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal;
}

export interface PatchOptions extends WriteOptions {
  readonly type: "json" | "merge" | "strategic" | "apply";
  /** For apply: takes over what others own. */
  readonly force?: boolean;
}

export interface DeleteOptions extends WriteOptions {
  readonly propagationPolicy?: "Orphan" | "Background" | "Foreground";
  readonly gracePeriodSeconds?: number;
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
}

export interface ObjectList<T> {
  readonly metadata: ListMeta;
  readonly items: readonly T[];
}

const patchTypes = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
  apply: "application/apply-patch+yaml",
} as const;

/** Methods throw what the server said as a StatusError, and whatever the network says where no answer came. */
export class ResourceClient<T extends { metadata: ApiObject["metadata"] }> {
  readonly #client: Client;
  readonly address: ResourceAddress;

  constructor(client: Client, address: ResourceAddress) {
    this.#client = client;
    this.address = address;
  }

  get(name: string, { namespace, resourceVersion, signal }: ReadOptions = {}): Promise<T> {
    return this.#object({ path: this.#path(namespace, name), query: { resourceVersion }, ...withSignal(signal) });
  }

  async list(options: ListOptions = {}): Promise<ObjectList<T>> {
    const { namespace, signal, ...query } = options;
    const answer = await this.#client.json({ path: this.#path(namespace), query, ...withSignal(signal) });
    return listOf<T>(answer);
  }

  /** Every object, page by page: a list of any length costs the memory of one page. */
  async *listAll(options: Omit<ListOptions, "continue"> = {}): AsyncIterable<T> {
    let token: string | undefined;
    do {
      const page: ObjectList<T> = await this.list({
        limit: pageSize,
        ...options,
        ...(token === undefined ? {} : { continue: token }),
      });
      yield* page.items;
      token = page.metadata.continue;
    } while (token !== undefined && token !== "");
  }

  create(object: T, options: WriteOptions = {}): Promise<T> {
    const path = this.#path(options.namespace ?? object.metadata.namespace);
    return this.#object({
      method: "POST",
      path,
      query: writeQuery(options),
      body: object,
      ...withSignal(options.signal),
    });
  }

  /** Replaces an object. Without a resourceVersion in it most servers refuse. */
  update(object: T, options: WriteOptions = {}): Promise<T> {
    const { name, namespace } = object.metadata;
    const path = this.#path(options.namespace ?? namespace, name ?? "", options.subresource);
    return this.#object({
      method: "PUT",
      path,
      query: writeQuery(options),
      body: object,
      ...withSignal(options.signal),
    });
  }

  patch(name: string, body: unknown, options: PatchOptions): Promise<T> {
    return this.#object({
      method: "PATCH",
      path: this.#path(options.namespace, name, options.subresource),
      query: { ...writeQuery(options), force: options.force },
      body,
      contentType: patchTypes[options.type],
      ...withSignal(options.signal),
    });
  }

  /** Resolves to a Status, or to the object where it stays until its finalizers are gone. */
  delete(name: string, options: DeleteOptions = {}): Promise<unknown> {
    return this.#client.json({
      method: "DELETE",
      path: this.#path(options.namespace, name),
      body: deleteBody(options),
      ...withSignal(options.signal),
    });
  }

  deleteCollection(options: ListOptions & DeleteOptions = {}): Promise<unknown> {
    const { namespace, signal, labelSelector, fieldSelector } = options;
    return this.#client.json({
      method: "DELETE",
      path: this.#path(namespace),
      query: { labelSelector, fieldSelector },
      body: deleteBody(options),
      ...withSignal(signal),
    });
  }

  /** Opens a watch: resolves once the server has accepted it. Ends when the server ends it; throws a StatusError for an ERROR event. */
  async watch(options: WatchOptions = {}): Promise<AsyncIterable<WatchEvent<T>>> {
    const { namespace, signal, sendInitialEvents, ...query } = options;
    const response = await this.#client.open({
      path: this.#path(namespace),
      query: {
        ...query,
        watch: true,
        ...(sendInitialEvents === undefined ? {} : { sendInitialEvents, resourceVersionMatch: "NotOlderThan" }),
      },
      ...withSignal(signal),
    });
    return readWatch<T>(response.body);
  }

  async #object(request: ClientRequest): Promise<T> {
    const answer = await this.#client.json(request);
    if (isObject<T>(answer)) return answer;
    throw new StatusError("InternalError", `Cannot read an answer as it must be an object: ${request.path}`);
  }

  #path(namespace: string | undefined, name?: string, subresource?: string): string {
    const { group, version, resource, isNamespaced } = this.address;
    const root = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
    const scope =
      isNamespaced && namespace !== undefined && namespace !== "" ? `/namespaces/${encodeURIComponent(namespace)}` : "";
    const item = name === undefined ? "" : `/${encodeURIComponent(name)}`;
    return `${root}${scope}/${resource}${item}${subresource === undefined ? "" : `/${subresource}`}`;
  }
}

/** As client-go's pager has it. */
const pageSize = 500;

function withSignal(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

function writeQuery({ fieldManager, fieldValidation, dryRun }: WriteOptions): NonNullable<ClientRequest["query"]> {
  return { fieldManager, fieldValidation, dryRun: dryRun === true ? "All" : undefined };
}

function deleteBody({ propagationPolicy, gracePeriodSeconds, preconditions, dryRun }: DeleteOptions): object {
  return {
    kind: "DeleteOptions",
    apiVersion: "v1",
    ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    ...(preconditions === undefined ? {} : { preconditions }),
    ...(dryRun === true ? { dryRun: ["All"] } : {}),
  };
}

/** What a server sends as an object of a kind is taken to have the kind's shape, as it has validated it. */
function isObject<T>(value: unknown): value is T {
  return (
    typeof value === "object" &&
    value !== null &&
    "metadata" in value &&
    typeof value.metadata === "object" &&
    value.metadata !== null
  );
}

function listOf<T>(value: unknown): ObjectList<T> {
  if (typeof value !== "object" || value === null)
    throw new StatusError("InternalError", "Cannot read an answer as it must be a list");
  const metadata =
    "metadata" in value && typeof value.metadata === "object" && value.metadata !== null ? value.metadata : {};
  const items = "items" in value && Array.isArray(value.items) ? value.items.filter(isObject<T>) : [];
  return { metadata, items };
}
