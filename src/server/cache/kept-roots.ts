// Older trees that a continue token leads back to, so that pages of one list show one moment.

import type { Clock } from "../../base/clock.ts";
import type { CacheEntry } from "./cache-entry.ts";
import type { Tree } from "./tree.ts";

/** A root holds what changed since: under heavy writing perhaps 100 KiB a second of its age. Beyond this, storage is asked. */
const rootsMax = 256;
/** As long as etcd keeps history between two compactions of a Kubernetes API server. */
const ageMaxMs = 5 * 60 * 1000;

export class KeptRoots {
  readonly #clock: Clock;
  readonly #roots = new Map<number, { readonly tree: Tree<CacheEntry>; usedAtMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Keeps the tree of a revision for as long as pages of it are asked for. */
  keep(revision: number, tree: Tree<CacheEntry>): void {
    this.#forgetOld();
    this.#roots.delete(revision);
    this.#roots.set(revision, { tree, usedAtMs: this.#clock.nowMs() });
    const [oldest] = this.#roots.keys();
    if (this.#roots.size > rootsMax && oldest !== undefined) this.#roots.delete(oldest);
  }

  get(revision: number): Tree<CacheEntry> | undefined {
    this.#forgetOld();
    return this.#roots.get(revision)?.tree;
  }

  clear(): void {
    this.#roots.clear();
  }

  #forgetOld(): void {
    const limitMs = this.#clock.nowMs() - ageMaxMs;
    for (const [revision, { usedAtMs }] of this.#roots) {
      if (usedAtMs >= limitMs) return;
      this.#roots.delete(revision);
    }
  }
}
