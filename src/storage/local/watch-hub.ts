// Watches that pull from the record of changes by position: nothing is buffered for a watcher, and an idle one costs a set entry.

import { assert } from "../../base/assert.ts";
import type { StorageBatch, StorageEvent, StorageWatchOptions } from "../storage.ts";
import { StorageError } from "../storage-error.ts";
import { EventTail } from "./event-tail.ts";
import type { Ledger } from "./ledger.ts";

/** One batch carries about 1 MiB: some hundred usual changes, so that a watcher that catches up leaves the others their turn. */
const batchSizeMaxBytes = 1024 * 1024;

/** Hands the changes of a ledger to whoever watches. */
export class WatchHub {
  readonly #ledger: Ledger;
  readonly #tail: EventTail;
  readonly #waiting = new Set<Watch>();
  #revision: number;
  #isClosed = false;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
    this.#revision = ledger.revision;
    this.#tail = new EventTail(ledger.revision);
  }

  /** The newest revision that watches may see. */
  get revision(): number {
    return this.#revision;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  watch(prefix: string, { after, signal }: StorageWatchOptions): AsyncIterable<StorageBatch> {
    return { [Symbol.asyncIterator]: () => new Watch({ hub: this, waiting: this.#waiting, prefix, after, signal }) };
  }

  /** Hands on changes that became durable, up to and including `revision`. */
  publish(events: readonly StorageEvent[], revision: number): void {
    this.#tail.push(events, revision);
    this.#revision = revision;
    for (const watch of this.#waiting) watch.offer(events, revision);
  }

  requestProgress(): void {
    for (const watch of this.#waiting) watch.answerProgress();
  }

  /** Ends all watches in silence. */
  close(): void {
    this.#isClosed = true;
    for (const watch of this.#waiting) watch.end();
  }

  /** The next changes after a position, from memory where it is recent. */
  pageAfter(position: number): { readonly events: readonly StorageEvent[]; readonly revision: number } {
    if (position >= this.#tail.after) return this.#tail.eventsAfter(position, batchSizeMaxBytes);
    this.assertKept(position);
    return this.#ledger.eventsAfter(position, batchSizeMaxBytes);
  }

  /** Throws where the changes after this revision are gone. */
  assertKept(after: number): void {
    const oldestRevision = this.#ledger.compactedRevision;
    if (after >= oldestRevision) return;
    const message = `Cannot watch after revision ${after} as it must not be compacted: the oldest kept is ${oldestRevision}`;
    throw new StorageError("REVISION_COMPACTED", message, { oldestRevision });
  }
}

interface WatchOptions extends StorageWatchOptions {
  readonly hub: WatchHub;
  readonly waiting: Set<Watch>;
  readonly prefix: string;
}

const ended: IteratorResult<StorageBatch> = { done: true, value: undefined };

/** One iteration of a watch. It is either being read, waiting in the hub's set, or over. */
class Watch implements AsyncIterator<StorageBatch> {
  readonly #hub: WatchHub;
  readonly #waiting: Set<Watch>;
  readonly #prefix: string;
  readonly #signal: AbortSignal;
  /** Everything up to here was delivered or does not match. */
  #position: number;
  #state: "new" | "open" | "over" = "new";
  #resolve: ((result: IteratorResult<StorageBatch>) => void) | undefined;

  constructor({ hub, waiting, prefix, after, signal }: WatchOptions) {
    this.#hub = hub;
    this.#waiting = waiting;
    this.#prefix = prefix;
    this.#position = after;
    this.#signal = signal;
  }

  async next(): Promise<IteratorResult<StorageBatch>> {
    assert(this.#resolve === undefined, "a watch is read by one reader");
    if (this.#state === "new") this.#open();
    if (this.#state === "over") return ended;
    try {
      const batch = this.#pull();
      if (batch !== undefined) return { done: false, value: batch };
    } catch (error) {
      this.end();
      throw error;
    }
    return new Promise((resolve) => {
      this.#resolve = resolve;
      this.#waiting.add(this);
    });
  }

  async return(): Promise<IteratorResult<StorageBatch>> {
    this.end();
    return ended;
  }

  /** New changes, seen by a watch that has had everything before them. */
  offer(events: readonly StorageEvent[], revision: number): void {
    if (this.#position >= revision) return; // It was asked for changes after a revision that is still to come.
    const matching = events.filter((event) => this.#wants(event));
    this.#position = revision;
    if (matching.length > 0) this.#settle({ done: false, value: { events: matching, revision } });
  }

  answerProgress(): void {
    this.#settle({ done: false, value: { events: [], revision: this.#position } });
  }

  /** Ends the iteration; a reader that waits sees its end. */
  readonly end = (): void => {
    this.#state = "over";
    this.#signal.removeEventListener("abort", this.end);
    this.#settle(ended);
  };

  #open(): void {
    if (this.#signal.aborted || this.#hub.isClosed) {
      this.#state = "over";
      return;
    }
    this.#hub.assertKept(this.#position);
    this.#state = "open";
    this.#signal.addEventListener("abort", this.end);
  }

  /** What happened since the last batch; undefined where it is nothing that matches. */
  #pull(): StorageBatch | undefined {
    if (this.#hub.isClosed) {
      this.end();
      return undefined;
    }
    if (this.#position >= this.#hub.revision) return undefined;
    const page = this.#hub.pageAfter(this.#position);
    const events = page.events.filter((event) => this.#wants(event));
    this.#position = page.revision;
    // A long stretch without a match is reported as progress, so that a reader far behind takes it in steps.
    if (events.length === 0 && page.revision === this.#hub.revision) return undefined;
    return { events, revision: page.revision };
  }

  #wants(event: StorageEvent): boolean {
    return event.revision > this.#position && event.key.startsWith(this.#prefix);
  }

  #settle(result: IteratorResult<StorageBatch>): void {
    const resolve = this.#resolve;
    if (resolve === undefined) return;
    this.#resolve = undefined;
    this.#waiting.delete(this);
    resolve(result);
  }
}
