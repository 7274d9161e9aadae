// Remembers answers for a while, and no more of them than fit.

import { type Clock, systemClock } from "./clock.ts";

export interface ExpiringCacheOptions {
  /** The entry that was read the longest time ago makes room. */
  readonly entriesMax: number;
  readonly clock?: Clock;
}

export class ExpiringCache<Value> {
  readonly #entriesMax: number;
  readonly #clock: Clock;
  /** In the order of use, the oldest first. */
  readonly #entries = new Map<string, { readonly value: Value; readonly untilMs: number }>();

  constructor({ entriesMax, clock = systemClock }: ExpiringCacheOptions) {
    this.#entriesMax = entriesMax;
    this.#clock = clock;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    if (entry.untilMs <= this.#clock.nowMs()) return undefined;
    this.#entries.set(key, entry);
    return entry.value;
  }

  set(key: string, value: Value, lifetimeMs: number): void {
    this.#entries.delete(key);
    if (lifetimeMs <= 0) return;
    this.#entries.set(key, { value, untilMs: this.#clock.nowMs() + lifetimeMs });
    if (this.#entries.size <= this.#entriesMax) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }
}
