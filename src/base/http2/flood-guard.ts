// Frames that cost a client nothing and us something: a few of them are part of every conversation, thousands a second are an attack.

import { type Clock, systemClock } from "../clock.ts";
import { ConnectionError, errorCodes } from "./protocol.ts";

/** All the watches of four hundred clients that share a connection may end at once, and then so many frames a second, as in nghttp2. */
const burst = 1_000;
const perSecond = 33;

/** Resets, pings, settings, priorities, empty data, and frames that nobody knows, of one connection. */
export class FloodGuard {
  readonly #clock: Clock;
  #left = burst;
  #countedMs: number;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
    this.#countedMs = clock.nowMs();
  }

  /** Throws a ConnectionError for one too many. */
  count(): void {
    if (--this.#left >= 0) return;
    const nowMs = this.#clock.nowMs();
    this.#left = Math.min(burst, Math.floor(((nowMs - this.#countedMs) * perSecond) / 1_000)) - 1;
    this.#countedMs = nowMs;
    if (this.#left < 0) throw new ConnectionError(errorCodes.enhanceYourCalm, "too many frames that say nothing");
  }
}
