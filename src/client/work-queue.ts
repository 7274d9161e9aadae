// Keys that wait to be worked on: each once, one worker a key at a time, later after a failure.
// What controllers are built on.

import { type Clock, systemClock } from "../base/clock.ts";

export interface WorkQueueOptions {
  /** Brings the world in line with what the key names. A rejection comes back after a pause. */
  readonly work: (key: string, signal: AbortSignal) => Promise<void>;
  /** How many keys are worked on at once. Default 1. */
  readonly workers?: number;
  /** The first pause after a failure, doubled by each further one. Default 5 ms. */
  readonly delayMinMs?: number;
  /** Default 1,000 s, as client-go has it. */
  readonly delayMaxMs?: number;
  readonly clock?: Clock;
  /** Hears of failures; the queue itself just tries again. */
  readonly onError?: (key: string, error: unknown) => void;
}

export class WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #clock: Clock;
  readonly #stop = new AbortController();
  readonly #waiting = new Set<string>();
  readonly #active = new Set<string>();
  /** Keys that were added while they were worked on. */
  readonly #again = new Set<string>();
  readonly #failures = new Map<string, number>();
  readonly #timers = new Map<string, () => void>();
  #idleWaiters: (() => void)[] = [];

  constructor(options: WorkQueueOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** Has the key worked on as soon as a worker is free, whatever pause it was in. */
  add(key: string): void {
    if (this.#stop.signal.aborted) return;
    this.#cancelTimer(key);
    if (this.#active.has(key)) this.#again.add(key);
    else this.#waiting.add(key);
    this.#startWorkers();
  }

  addAfter(key: string, delayMs: number): void {
    if (this.#stop.signal.aborted || this.#timers.has(key)) return;
    this.#timers.set(
      key,
      this.#clock.after(delayMs, () => this.add(key)),
    );
  }

  /** Resolves once nothing waits and nothing is worked on; pauses do not count. */
  async idle(): Promise<void> {
    if (this.#waiting.size + this.#active.size === 0) return;
    await new Promise<void>((resolve) => this.#idleWaiters.push(resolve));
  }

  /** Takes no more keys, tells workers to give up, and waits for them. */
  async close(): Promise<void> {
    this.#stop.abort();
    this.#waiting.clear();
    for (const key of [...this.#timers.keys()]) this.#cancelTimer(key);
    await this.idle();
  }

  #startWorkers(): void {
    for (const key of this.#waiting) {
      if (this.#active.size >= (this.#options.workers ?? 1)) return;
      this.#waiting.delete(key);
      this.#active.add(key);
      void this.#work(key);
    }
  }

  async #work(key: string): Promise<void> {
    try {
      await this.#options.work(key, this.#stop.signal);
      this.#failures.delete(key);
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#failed(key, error);
    }
    this.#active.delete(key);
    if (this.#again.delete(key)) this.add(key);
    this.#startWorkers();
    if (this.#waiting.size + this.#active.size > 0) return;
    for (const wake of this.#idleWaiters.splice(0)) wake();
  }

  #failed(key: string, error: unknown): void {
    const { onError, delayMinMs = 5, delayMaxMs = 1_000_000 } = this.#options;
    onError?.(key, error);
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    this.addAfter(key, Math.min(delayMinMs * 2 ** failures, delayMaxMs));
  }

  #cancelTimer(key: string): void {
    this.#timers.get(key)?.();
    this.#timers.delete(key);
  }
}
