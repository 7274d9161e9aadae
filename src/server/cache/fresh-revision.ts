// The newest revision, asked of storage once for all readers that wait at the same moment.

import type { Storage } from "../../storage/door.ts";

interface Waiter {
  readonly resolve: (revision: number) => void;
  readonly reject: (error: unknown) => void;
}

export class FreshRevision {
  readonly #storage: Storage;
  #waiters: Waiter[] = [];
  #isAsking = false;

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  /**
   * At least the revision of every commit answered before the call: at once from an engine in this process.
   * A question that is under way began before this call and may be too old for it, so that the caller waits for the next one.
   */
  now(): number | Promise<number> {
    if (this.#waiters.length === 0 && !this.#isAsking) {
      const revision = this.#storage.currentRevision();
      if (typeof revision === "number") return revision;
      this.#isAsking = true;
      return revision.finally(() => this.#askNext());
    }
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  /** Lets the readers of this moment gather before it asks for them all. */
  #askNext(): void {
    setImmediate(async () => {
      const waiters = this.#waiters;
      this.#waiters = [];
      if (waiters.length === 0) {
        this.#isAsking = false;
        return;
      }
      try {
        const revision = await this.#storage.currentRevision();
        for (const { resolve } of waiters) resolve(revision);
      } catch (error) {
        for (const { reject } of waiters) reject(error);
      }
      this.#askNext();
    });
  }
}
