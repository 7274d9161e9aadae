// The recent changes of a resource, kept once for all watchers: each holds a position, none holds a copy.

import type { CacheEntry } from "./cache-entry.ts";

/** One change. `encoded` holds its bytes per form, made when the first watcher of that form asks. */
export interface CacheEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly revision: number;
  /** As it is now; for DELETED as it was, with the delete's revision. */
  readonly entry: CacheEntry;
  /** As it was before, on MODIFIED and DELETED. */
  readonly previous: CacheEntry | undefined;
  readonly encoded: Map<string, Buffer>;
}

/** 8,192 changes of objects of 1.6 KB, each holding the object before and after, are about 26 MiB. */
const eventsMax = 8_192;

/** The newest events, numbered from 0 on in order of revision. */
export class EventRing {
  #events: CacheEvent[] = [];
  /** The number of the first kept event. */
  #first = 0;
  /** Events after this revision are all there. */
  #after: number;

  constructor(after: number) {
    this.#after = after;
  }

  /** The number that the next event gets. */
  get end(): number {
    return this.#first + this.#events.length;
  }

  /** Watches may start after this revision, or any later one. */
  get oldestRevision(): number {
    return this.#after;
  }

  push(event: CacheEvent): void {
    this.#events.push(event);
    if (this.#events.length < 2 * eventsMax) return;
    this.#after = this.#events[eventsMax - 1]?.revision ?? this.#after;
    this.#first += eventsMax;
    this.#events = this.#events.slice(eventsMax);
  }

  /** The event of a number; undefined where it is gone or still to come. */
  at(number: number): CacheEvent | undefined {
    return this.#events[number - this.#first];
  }

  /** Whether the event of this number is gone. */
  isGone(number: number): boolean {
    return number < this.#first;
  }

  /** The number of the first event after a revision. */
  firstAfter(revision: number): number {
    let low = 0;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#events[middle]?.revision ?? 0) <= revision) low = middle + 1;
      else high = middle;
    }
    return this.#first + low;
  }
}
