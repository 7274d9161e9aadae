// Ctrl-C and SIGTERM: the first asks for an end, which comes within two seconds; the second ends at once.

/** What is not closed by then ends as it is; what was acknowledged is on disk in any case. */
const stopMsMax = 1_800;
/** As shells tell of an end by Ctrl-C. */
const interruptedExitCode = 130;

export class Shutdown {
  readonly #asked = new AbortController();

  constructor() {
    const ask = () => {
      if (this.#asked.signal.aborted) process.exit(interruptedExitCode);
      setTimeout(() => process.exit(0), stopMsMax).unref();
      this.#asked.abort();
    };
    process.on("SIGINT", ask);
    process.on("SIGTERM", ask);
  }

  /** Aborted by the first of them. */
  get signal(): AbortSignal {
    return this.#asked.signal;
  }

  /** Resolves with the first of them. */
  get asked(): Promise<void> {
    const { signal } = this.#asked;
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  }
}
