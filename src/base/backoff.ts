// Waiting longer after each failure.

import type { Clock } from "./clock.ts";

export interface BackOff {
  /** Waits: `minMs` the first time, twice as long each further time, never more than `maxMs`. Returns early when the signal aborts. */
  wait(): Promise<void>;
  /** What was tried has worked: the next wait is the shortest again. */
  reset(): void;
}

export interface BackOffOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Default 50. */
  readonly minMs?: number;
  /** Default 5,000. */
  readonly maxMs?: number;
}

export function backOff({ clock, signal, minMs = 50, maxMs = 5_000 }: BackOffOptions): BackOff {
  let delayMs = minMs;
  return {
    reset() {
      delayMs = minMs;
    },
    async wait() {
      const waitMs = delayMs;
      delayMs = Math.min(2 * delayMs, maxMs);
      if (signal.aborted) return;
      await new Promise<void>((resolve) => {
        const done = () => {
          cancel();
          signal.removeEventListener("abort", done);
          resolve();
        };
        const cancel = clock.after(waitMs, done);
        signal.addEventListener("abort", done);
      });
    },
  };
}
