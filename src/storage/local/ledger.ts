// What an engine inside this process keeps: every change, in order, until it is compacted away. `LocalStorage` makes a storage of it.

import type { KeyValue, StorageEvent } from "../storage.ts";

/** What a ledger answers to a read of a range. */
export interface LedgerRange {
  readonly entries: readonly KeyValue[];
  readonly more: boolean;
}

export interface LedgerRangeQuery {
  readonly start: string;
  readonly end: string;
  /** Between the compacted and the newest revision. */
  readonly revision: number;
  /** Infinity where all are wanted. */
  readonly limit: number;
  readonly signal: AbortSignal | undefined;
}

/** Changes in order of revision, whole revisions only, of which nothing up to `revision` is missing. */
export interface LedgerPage {
  readonly events: readonly StorageEvent[];
  readonly revision: number;
}

/** A record of changes with one writer. Nothing here waits for other writers or watchers: that is LocalStorage's part. */
export interface Ledger {
  /** The newest revision that is durable. An empty ledger stands at 1, as an empty etcd does. */
  readonly revision: number;
  /** Reads below this revision are refused; 0 where nothing was compacted. */
  readonly compactedRevision: number;

  /** The revision at which the key was last put, or 0 where it does not exist. */
  revisionOf(key: string): number;
  /** The newest value of the key. */
  get(key: string): KeyValue | undefined;
  /** The range as it stood at a revision, in order of keys. */
  range(query: LedgerRangeQuery): LedgerRange | Promise<LedgerRange>;
  /** The changes after a revision that is not below the compacted one: at least one revision's where there is one, then until about `sizeMaxBytes`. */
  eventsAfter(revision: number, sizeMaxBytes: number): LedgerPage;

  /** Makes these changes durable, all or none. Their revisions follow on `revision` and ascend. Called by one caller at a time. */
  append(events: readonly StorageEvent[]): void | Promise<void>;
  /** Moves `compactedRevision` forward. */
  compact(revision: number): void | Promise<void>;
  /** Takes one short step of freeing what was compacted; says whether there is more to free. */
  scrub(): boolean | Promise<boolean>;
  /** Throws where the ledger cannot work. */
  check(): void | Promise<void>;
  close(): void | Promise<void>;
}
