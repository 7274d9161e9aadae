// Who waits for whom at one key: a writer that was overtaken once queues up, so that sixteen writers of one object
// need sixteen commits and not a hundred.

/** Queues by key. A key without a queue costs nothing. */
export class Turns {
  readonly #tails = new Map<string, Promise<void>>();

  /** Waits until everybody who queued up at `key` before has left. The result must be called to leave. */
  async take(key: string): Promise<() => void> {
    const before = this.#tails.get(key);
    const { promise: left, resolve } = Promise.withResolvers<void>();
    this.#tails.set(key, left);
    await before;
    return () => {
      if (this.#tails.get(key) === left) this.#tails.delete(key);
      resolve();
    };
  }
}
