// The objects of a served resource as plain values, decoded once per change: what allocators, the authorizer and controllers read.

import type { ApiObject } from "../api/door.ts";
import { type Clock, systemClock } from "../base/clock.ts";
import type { ServedResource } from "../server/door.ts";

/** A listener looks at all objects: with thousands of them, twenty times a second is what many writes may cost. */
const pauseMs = 50;

export class ObjectView {
  readonly #served: ServedResource;
  readonly #clock: Clock;
  readonly #decoded = new WeakMap<object, ApiObject>();
  #tree: unknown;
  #objects = new Map<string, ApiObject>();

  constructor(served: ServedResource, clock: Clock = systemClock) {
    this.#served = served;
    this.#clock = clock;
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

  /** Calls `listener` after a change: at once after a quiet time, once for all that follow within 50 ms. The result stops that. */
  onChange(listener: () => void): () => void {
    let seen: unknown = this.#served.cache.snapshot.tree;
    let isResting = false;
    let cancel = () => {};
    const tell = () => {
      const { tree } = this.#served.cache.snapshot;
      if (tree === seen || isResting) return;
      seen = tree;
      isResting = true;
      cancel = this.#clock.after(pauseMs, () => {
        isResting = false;
        tell();
      });
      listener();
    };
    const stop = this.#served.cache.onChange(tell);
    return () => {
      stop();
      cancel();
    };
  }

  #current(): Map<string, ApiObject> {
    const { cache } = this.#served;
    const { tree } = cache.snapshot;
    if (tree === this.#tree) return this.#objects;
    const objects = new Map<string, ApiObject>();
    for (const entry of tree.entries(cache.prefix, cache.end)) {
      const object = this.#decoded.get(entry) ?? entry.object();
      this.#decoded.set(entry, object);
      objects.set(`${object.metadata.namespace ?? ""}/${object.metadata.name ?? ""}`, object);
    }
    this.#tree = tree;
    this.#objects = objects;
    return objects;
  }
}
