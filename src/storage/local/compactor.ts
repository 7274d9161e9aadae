// When history is forgotten: what is older than an interval, and earlier where it grows faster than that.

import type { Clock } from "../../base/clock.ts";

/** As long as kube-apiserver waits between two compactions of its etcd, so that clients see the same age of "too old". */
export const compactionIntervalMs = 5 * 60_000;

export interface CompactorOptions {
  readonly clock: Clock;
  readonly intervalMs: number;
  /** Between one and two times this many bytes of changes are kept. */
  readonly historySizeBytes: number;
  readonly revision: () => number;
  readonly compact: (revision: number) => void;
}

/**
 * Marks the newest revision at each turn and compacts to the mark of the turn before, so that between one and two turns of history
 * stay. A turn comes after an interval, or once enough was written.
 */
export class Compactor {
  readonly #options: CompactorOptions;
  #mark: number;
  #writtenBytes = 0;
  #cancelTimer: () => void = () => {};

  constructor(options: CompactorOptions) {
    this.#options = options;
    this.#mark = options.revision();
    this.#startTimer();
  }

  /** Counts what a commit added to the history. */
  written(sizeBytes: number): void {
    this.#writtenBytes += sizeBytes;
    if (this.#writtenBytes >= this.#options.historySizeBytes) this.#turn();
  }

  stop(): void {
    this.#cancelTimer();
  }

  #turn(): void {
    this.#cancelTimer();
    this.#options.compact(this.#mark);
    this.#mark = this.#options.revision();
    this.#writtenBytes = 0;
    this.#startTimer();
  }

  #startTimer(): void {
    this.#cancelTimer = this.#options.clock.after(this.#options.intervalMs, () => this.#turn());
  }
}
