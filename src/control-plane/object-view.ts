// The objects of a served resource as plain values, decoded once per change: what allocators, the authorizer and controllers read.

import type { ApiObject } from "../api/door.ts";
import type { ServedResource } from "../server/door.ts";

export class ObjectView {
  readonly #served: ServedResource;
  #tree: unknown;
  #objects = new Map<string, ApiObject>();

  constructor(served: ServedResource) {
    this.#served = served;
  }

  /** All objects; not to be changed. */
  all(): Iterable<ApiObject> {
    return this.#current().values();
  }

  get(namespace: string, name: string): ApiObject | undefined {
    return this.#current().get(`${namespace}/${name}`);
  }

  /** All objects of one namespace. */
  *in(namespace: string): Iterable<ApiObject> {
    for (const object of this.all()) if (object.metadata.namespace === namespace) yield object;
  }

  /** Calls `listener` after each change; the result stops that. */
  onChange(listener: () => void): () => void {
    let seen: unknown = this.#served.cache.snapshot.tree;
    return this.#served.cache.onChange(() => {
      const { tree } = this.#served.cache.snapshot;
      if (tree === seen) return;
      seen = tree;
      listener();
    });
  }

  #current(): Map<string, ApiObject> {
    const { cache } = this.#served;
    const { tree } = cache.snapshot;
    if (tree === this.#tree) return this.#objects;
    const objects = new Map<string, ApiObject>();
    for (const entry of tree.entries(cache.prefix, cache.end)) {
      const object = entry.object();
      objects.set(`${object.metadata.namespace ?? ""}/${object.metadata.name ?? ""}`, object);
    }
    this.#tree = tree;
    this.#objects = objects;
    return objects;
  }
}
