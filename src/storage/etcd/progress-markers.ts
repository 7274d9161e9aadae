// Progress of watches on an etcd that cannot be asked for it: each watch sees a key of its own come and go.

import type { CommitResult, Write } from "../storage.ts";

/** A transaction of etcd takes so many operations by default. */
const writesMax = 128;

/**
 * Puts and deletes the markers of all watches that want to know, so that each has an event at a revision after the request. Requests that
 * come while markers are written share the next round.
 */
export class ProgressMarkers {
  readonly #commit: (writes: readonly Write[]) => Promise<CommitResult>;
  readonly #wanted = new Set<string>();
  #isWriting = false;

  constructor(commit: (writes: readonly Write[]) => Promise<CommitResult>) {
    this.#commit = commit;
  }

  request(keys: Iterable<string>): void {
    for (const key of keys) this.#wanted.add(key);
    if (this.#isWriting || this.#wanted.size === 0) return;
    this.#isWriting = true;
    setImmediate(() => void this.#write());
  }

  async #write(): Promise<void> {
    while (this.#wanted.size > 0) {
      const keys = [...this.#wanted].slice(0, writesMax);
      for (const key of keys) this.#wanted.delete(key);
      try {
        await this.#commit(keys.map((key) => ({ key, value: Buffer.alloc(0), expected: undefined })));
        await this.#commit(keys.map((key) => ({ key, value: undefined, expected: undefined })));
      } catch {
        // Whoever waits for progress asks again, and reads etcd itself in the end.
      }
    }
    this.#isWriting = false;
  }
}
