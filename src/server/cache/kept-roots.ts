// Older trees that a continue token leads back to, so that pages of one list show one moment.

import type { Clock } from "../../base/clock.ts";
import type { Snapshot } from "./snapshot.ts";

/** What these hold of older objects the ring of events holds anyway, so that each costs but its branches: up to 256 KiB for 10,000 objects. */
export const rootsMax = 256;
/** A tree that was read out of storage's history holds all objects of its range: 16 MB for 10,000 of 1.6 KB. */
const readTreesMax = 4;
/** As long as etcd keeps history between two compactions of a Kubernetes API server. */
const ageMaxMs = 5 * 60 * 1000;

interface Kept {
  readonly snapshot: Snapshot;
  readonly keptAtMs: number;
}

export class KeptRoots {
  readonly #clock: Clock;
  /** Trees of the cache, in the order in which they were last asked for. */
  readonly #roots = new Map<number, Kept>();
  /** Trees of a range alone. */
  readonly #readTrees = new Map<string, Kept>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many moments are kept. */
  get length(): number {
    return this.#roots.size + this.#readTrees.size;
  }

  /** Keeps what is under a prefix for as long as pages of it are asked for. */
  keep(prefix: string, snapshot: Snapshot): void {
    const kept = { snapshot, keptAtMs: this.#clock.nowMs() };
    const { revision } = snapshot;
    if (snapshot.isWhole) put(this.#roots, revision, kept, rootsMax);
    else put(this.#readTrees, `${revision} ${prefix}`, kept, readTreesMax);
  }

  /** All that was under the prefix at the revision. */
  get(prefix: string, revision: number): Snapshot | undefined {
    this.#forgetOld(this.#roots);
    this.#forgetOld(this.#readTrees);
    return (this.#roots.get(revision) ?? this.#readTrees.get(`${revision} ${prefix}`))?.snapshot;
  }

  /** Lets go of the cache's trees from before a revision: nobody else holds their objects any more. */
  forgetBefore(revision: number): void {
    for (const kept of this.#roots.keys()) if (kept < revision) this.#roots.delete(kept);
  }

  clear(): void {
    this.#roots.clear();
    this.#readTrees.clear();
  }

  #forgetOld(kept: Map<unknown, Kept>): void {
    const limitMs = this.#clock.nowMs() - ageMaxMs;
    for (const [key, { keptAtMs }] of kept) {
      if (keptAtMs >= limitMs) return;
      kept.delete(key);
    }
  }
}

/** Puts a value last, and drops the first where there are too many. */
function put<Key, Value>(map: Map<Key, Value>, key: Key, value: Value, max: number): void {
  map.delete(key);
  map.set(key, value);
  for (const first of map.keys()) {
    if (map.size <= max) return;
    map.delete(first);
  }
}
