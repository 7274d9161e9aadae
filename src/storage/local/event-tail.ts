// The newest changes, kept in memory, so that watchers that keep up never read the ledger.

import { assert } from "../../base/assert.ts";
import type { StorageEvent } from "../storage.ts";
import type { LedgerPage } from "./ledger.ts";

/** 4,096 changes of 1.7 KB are 7 MB; the values are the same buffers that caches above hold, so that most of it is shared. */
const tailEventsMax = 4_096;
/** Large values push out older ones: 16 MiB at most stay because of the tail. */
const tailSizeMaxBytes = 16 * 1024 * 1024;

/** A queue of the newest changes in order of revision. */
export class EventTail {
  #events: StorageEvent[] = [];
  /** Where the queue starts in `#events`; what stands before it was dropped. */
  #first = 0;
  #sizeBytes = 0;
  #after: number;
  #revision: number;

  /** Starts without changes at the revision where the ledger stands. */
  constructor(revision: number) {
    this.#after = revision;
    this.#revision = revision;
  }

  /** The tail holds every change after this revision. */
  get after(): number {
    return this.#after;
  }

  push(events: readonly StorageEvent[], revision: number): void {
    assert(revision > this.#revision, `the tail cannot go from revision ${this.#revision} to ${revision}`);
    for (const event of events) {
      this.#events.push(event);
      this.#sizeBytes += sizeOf(event);
    }
    this.#revision = revision;
    this.#trim();
  }

  /** The changes after a revision that the tail still covers, as Ledger.eventsAfter() has them. */
  eventsAfter(revision: number, sizeMaxBytes: number): LedgerPage {
    assert(revision >= this.#after, `the tail starts after ${this.#after} and was asked for ${revision}`);
    const start = this.#indexAfter(revision);
    let sizeBytes = 0;
    let last = revision;
    let end = start;
    for (; end < this.#events.length; end++) {
      const event = this.#events[end];
      if (event === undefined) break;
      if (sizeBytes >= sizeMaxBytes && event.revision !== last) {
        return { events: this.#events.slice(start, end), revision: last };
      }
      sizeBytes += sizeOf(event);
      last = event.revision;
    }
    return { events: this.#events.slice(start, end), revision: this.#revision };
  }

  /** Binary search for the first change with a greater revision. */
  #indexAfter(revision: number): number {
    let low = this.#first;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#events[middle]?.revision ?? 0) > revision) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #trim(): void {
    while (this.#events.length - this.#first > tailEventsMax || this.#sizeBytes > tailSizeMaxBytes) {
      const dropped = this.#events[this.#first];
      if (dropped === undefined) break;
      this.#first++;
      this.#sizeBytes -= sizeOf(dropped);
      this.#after = dropped.revision;
    }
    // Half of the array is behind us: move the rest to the front, which costs each change one move.
    if (this.#first > this.#events.length / 2) {
      this.#events = this.#events.slice(this.#first);
      this.#first = 0;
    }
  }
}

function sizeOf(event: StorageEvent): number {
  return event.key.length + (event.value?.length ?? 0);
}
