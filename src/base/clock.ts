// Time as a parameter, so that a test owns it.

/** Where a piece of code reads the time and waits from. */
export interface Clock {
  /** Milliseconds since 1970, as Date.now() has them. */
  nowMs(): number;
  /** Calls `wake` once after `delayMs`; the result cancels it. The timer does not keep the process alive. */
  after(delayMs: number, wake: () => void): () => void;
}

/** The machine's clock. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  after(delayMs, wake) {
    const timer = setTimeout(wake, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
