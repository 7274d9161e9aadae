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

/** Of objects of 1.6 KB, before and after, these are 10,000 changes: a client that was away for a while finds its place. */
export const ringSizeBytesMax = 32 * 1024 * 1024;
/** Small objects are not kept for ever either. */
export const ringEventsMax = 16_384;
/** Watchers that keep up share the bytes of so many events; the few that are further behind make their own: 1.6 MiB a form. */
const encodedMax = 1_000;

/** The newest events, numbered from 0 on in order of revision. */
export class EventRing {
  #events: CacheEvent[] = [];
  /** Where the first kept event is in `#events`. */
  #start = 0;
  /** The number of the first kept event. */
  #first = 0;
  #sizeBytes = 0;
  /** Events after this revision are all there. */
  #after: number;
  #hasDropped = false;

  constructor(after: number) {
    this.#after = after;
  }

  /** The number that the next event gets. */
  get end(): number {
    return this.#first + this.#events.length - this.#start;
  }

  /** How many events are kept. */
  get length(): number {
    return this.end - this.#first;
  }

  /** How large the objects of these events are, before and after. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Watches may start after this revision, or any later one. */
  get oldestRevision(): number {
    return this.#after;
  }

  /** Whether events had to go for want of room: what came before them must not come back. */
  get hasDropped(): boolean {
    return this.#hasDropped;
  }

  /** Puts events in front of the first one, so that all after `after` are there. */
  prepend(events: readonly CacheEvent[], after: number): void {
    this.#events = [...events, ...this.#events.slice(this.#start)];
    this.#start = 0;
    this.#first -= events.length;
    this.#after = after;
    for (const event of events) this.#sizeBytes += sizeOf(event);
    this.#dropWhileFull();
  }

  push(event: CacheEvent): void {
    this.#events.push(event);
    this.#sizeBytes += sizeOf(event);
    this.at(this.end - encodedMax)?.encoded.clear();
    this.#dropWhileFull();
  }

  /** The event of a number; undefined where it is gone or still to come. */
  at(number: number): CacheEvent | undefined {
    return number < this.#first ? undefined : this.#events[number - this.#first + this.#start];
  }

  /** Whether the event of this number is gone. */
  isGone(number: number): boolean {
    return number < this.#first;
  }

  /** The number of the first event after a revision. */
  firstAfter(revision: number): number {
    let low = this.#first;
    let high = this.end;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if ((this.at(middle)?.revision ?? 0) <= revision) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #dropWhileFull(): void {
    while (this.#isFull() && this.length > 1) this.#dropFirst();
  }

  #isFull(): boolean {
    return this.#sizeBytes > ringSizeBytesMax || this.length > ringEventsMax;
  }

  #dropFirst(): void {
    const event = this.#events[this.#start];
    if (event === undefined) return;
    this.#sizeBytes -= sizeOf(event);
    this.#after = event.revision;
    this.#hasDropped = true;
    this.#first++;
    this.#start++;
    // What is dropped leaves the array in large steps: each event is moved once on average.
    if (this.#start * 2 < this.#events.length) return;
    this.#events = this.#events.slice(this.#start);
    this.#start = 0;
  }
}

/** What an event holds of the ring's room. */
function sizeOf({ entry, previous }: CacheEvent): number {
  return entry.sizeBytes + (previous?.sizeBytes ?? 0);
}
