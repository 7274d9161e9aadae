// A ledger in memory: for tests, and for servers whose objects may go with the process.

import type { Ledger, LedgerPage, LedgerRange, LedgerRangeQuery } from "../local/ledger.ts";
import type { KeyValue, StorageEvent } from "../storage.ts";
import { compareKeys } from "../storage.ts";

/** Freeing 1,000 changes takes less than a millisecond. */
const scrubStepEvents = 1_000;

/** Keeps all changes in an array by revision, and for each key its versions. */
export class MemoryLedger implements Ledger {
  /** All changes that are not freed, in order. */
  #events: StorageEvent[] = [];
  /** The versions of each key in order of revision, deletions among them; never empty. */
  readonly #versions = new Map<string, StorageEvent[]>();
  /** The keys of `#versions`, in order. */
  readonly #keys: string[] = [];
  #revision: number;
  #compactedRevision: number;

  /** Whoever comes with a revision below the first one has missed whatever was before. */
  constructor(firstRevision = 1) {
    this.#revision = firstRevision;
    this.#compactedRevision = firstRevision - 1;
  }

  get revision(): number {
    return this.#revision;
  }

  get compactedRevision(): number {
    return this.#compactedRevision;
  }

  revisionOf(key: string): number {
    return this.get(key)?.revision ?? 0;
  }

  get(key: string): KeyValue | undefined {
    return asKeyValue(this.#versions.get(key)?.at(-1));
  }

  range({ start, end, revision, limit }: LedgerRangeQuery): LedgerRange {
    const entries: KeyValue[] = [];
    for (let i = this.#indexOf(start); i < this.#keys.length; i++) {
      const key = this.#keys[i];
      if (key === undefined || compareKeys(key, end) >= 0) break;
      const entry = asKeyValue(this.#versions.get(key)?.findLast((version) => version.revision <= revision));
      if (entry === undefined) continue;
      if (entries.length === limit) return { entries, more: true };
      entries.push(entry);
    }
    return { entries, more: false };
  }

  eventsAfter(revision: number, sizeMaxBytes: number): LedgerPage {
    const events: StorageEvent[] = [];
    let sizeBytes = 0;
    for (let i = this.#firstAfter(revision); i < this.#events.length; i++) {
      const event = this.#events[i];
      if (event === undefined) break;
      const last = events.at(-1)?.revision;
      if (last !== undefined && sizeBytes >= sizeMaxBytes && event.revision !== last) return { events, revision: last };
      events.push(event);
      sizeBytes += event.key.length + (event.value?.length ?? 0);
    }
    return { events, revision: this.#revision };
  }

  append(events: readonly StorageEvent[]): void {
    for (const event of events) {
      this.#events.push(event);
      const versions = this.#versions.get(event.key);
      if (versions !== undefined) versions.push(event);
      else {
        this.#versions.set(event.key, [event]);
        this.#keys.splice(this.#indexOf(event.key), 0, event.key);
      }
      this.#revision = event.revision;
    }
  }

  compact(revision: number): void {
    this.#compactedRevision = revision;
  }

  scrub(): boolean {
    const step = this.#events.slice(0, scrubStepEvents);
    const kept = step.findIndex((event) => event.revision > this.#compactedRevision);
    const freed = kept === -1 ? step : step.slice(0, kept);
    this.#events = this.#events.slice(freed.length);
    for (const event of freed) this.#freeBefore(event);
    return kept === -1 && this.#events.length > 0;
  }

  check(): void {}

  close(): void {}

  /** Forgets what came before this version of its key, and the key itself where this deleted it for good. */
  #freeBefore(event: StorageEvent): void {
    const versions = this.#versions.get(event.key);
    if (versions === undefined) return;
    const kept = versions.indexOf(event);
    if (kept > 0) versions.splice(0, kept);
    if (event.value !== undefined || versions[0] !== event) return;
    versions.shift();
    if (versions.length > 0) return;
    this.#versions.delete(event.key);
    this.#keys.splice(this.#indexOf(event.key), 1);
  }

  /** Where the key is or would be in the order of keys. */
  #indexOf(key: string): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareKeys(this.#keys[middle] ?? "", key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #firstAfter(revision: number): number {
    let low = 0;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#events[middle]?.revision ?? 0) > revision) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

function asKeyValue(event: StorageEvent | undefined): KeyValue | undefined {
  if (event?.value === undefined) return undefined;
  return { key: event.key, value: event.value, revision: event.revision };
}
