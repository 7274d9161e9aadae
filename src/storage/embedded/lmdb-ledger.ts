// The ledger of the embedded engine: every change in a log by revision, and for each key where its last change lies.

import { setImmediate } from "node:timers/promises";
import type { Transaction } from "lmdb";
import { assert } from "../../base/assert.ts";
import type { Ledger, LedgerPage, LedgerRange, LedgerRangeQuery } from "../local/ledger.ts";
import type { KeyValue, StorageEvent } from "../storage.ts";
import { commitBatch, type LmdbFile, openLmdbFile } from "./lmdb-file.ts";
import {
  decodeLogRecord,
  encodeLatest,
  encodeLogRecord,
  encodePosition,
  isDeletedLatest,
  type LogRecord,
  type Position,
  positionOf,
  revisionAt,
} from "./log-record.ts";

/** Reading 500 entries takes about 3 ms; then others have their turn. */
const entriesPerTurn = 500;
/** Freeing 256 changes takes about as long as a commit. */
const scrubStepEvents = 256;

const compactedKey = Buffer.from("compacted revision");
const scrubbedKey = Buffer.from("scrubbed revision");

/** Opens the ledger in this file, or starts one. */
export async function openLmdbLedger(path: string, options: { readonly onClose: () => void }): Promise<Ledger> {
  return new LmdbLedger(await openLmdbFile(path), options.onClose);
}

class LmdbLedger implements Ledger {
  readonly #file: LmdbFile;
  readonly #onClose: () => void;
  #revision: number;
  #compactedRevision: number;
  /** Everything up to here that was compacted is gone from the file, too. */
  #scrubbedRevision: number;

  constructor(file: LmdbFile, onClose: () => void) {
    this.#file = file;
    this.#onClose = onClose;
    this.#compactedRevision = this.#metaRevision(compactedKey);
    this.#scrubbedRevision = this.#metaRevision(scrubbedKey);
    const [last] = file.log.getKeys({ reverse: true, limit: 1 });
    // The last change may have been a deletion that was compacted away.
    this.#revision = Math.max(1, this.#compactedRevision, last === undefined ? 0 : revisionAt(last));
  }

  get revision(): number {
    return this.#revision;
  }

  get compactedRevision(): number {
    return this.#compactedRevision;
  }

  revisionOf(key: string): number {
    const latest = this.#file.latest.getBinaryFast(Buffer.from(key));
    return latest === undefined || isDeletedLatest(latest) ? 0 : revisionAt(latest);
  }

  get(key: string): KeyValue | undefined {
    const latest = this.#file.latest.getBinary(Buffer.from(key));
    return latest === undefined ? undefined : this.#versionAt(latest, this.#revision);
  }

  async range({ start, end, revision, limit, signal }: LedgerRangeQuery): Promise<LedgerRange> {
    // One snapshot for the whole range, so that neither commits nor compaction change what a later turn finds.
    const transaction = this.#file.root.useReadTransaction();
    try {
      const entries: KeyValue[] = [];
      let visited = 0;
      for (const { value: latest } of this.#file.latest.getRange({
        start: Buffer.from(start),
        end: Buffer.from(end),
        transaction,
      })) {
        if (++visited % entriesPerTurn === 0) {
          await setImmediate();
          signal?.throwIfAborted();
        }
        const entry = this.#versionAt(latest, revision, transaction);
        if (entry === undefined) continue;
        if (entries.length === limit) return { entries, more: true };
        entries.push(entry);
      }
      return { entries, more: false };
    } finally {
      transaction.done();
    }
  }

  eventsAfter(revision: number, sizeMaxBytes: number): LedgerPage {
    const events: StorageEvent[] = [];
    let sizeBytes = 0;
    for (const { key, value } of this.#file.log.getRange({
      start: encodePosition(revision + 1, 0),
      end: encodePosition(this.#revision + 1, 0),
    })) {
      const { event } = decodeLogRecord(key, value);
      const last = events.at(-1)?.revision;
      if (last !== undefined && sizeBytes >= sizeMaxBytes && event.revision !== last) return { events, revision: last };
      events.push(event);
      sizeBytes += value.length;
    }
    return { events, revision: this.#revision };
  }

  async append(events: readonly StorageEvent[]): Promise<void> {
    const records = this.#recordsOf(events);
    await commitBatch(this.#file, () => {
      for (const { position, record } of records) {
        this.#file.log.put(position, encodeLogRecord(position, record));
        this.#file.latest.put(Buffer.from(record.event.key), encodeLatest(position, record.event.value === undefined));
      }
    });
    this.#revision = events.at(-1)?.revision ?? this.#revision;
  }

  async compact(revision: number): Promise<void> {
    await commitBatch(this.#file, () => {
      this.#file.meta.put(compactedKey, encodePosition(revision, 0));
    });
    this.#compactedRevision = revision;
  }

  /**
   * Frees what the changes of the next few compacted revisions replaced. Each change knows the one before it, so that freeing costs as
   * much as was written since, however many objects there are.
   */
  async scrub(): Promise<boolean> {
    const step = this.#eventsToScrub();
    const last = step.at(-1);
    if (last === undefined) return false;
    await commitBatch(this.#file, () => {
      for (const { position, record } of step) this.#freeBefore(position, record);
      this.#file.meta.put(scrubbedKey, encodePosition(last.record.event.revision, 0));
    });
    this.#scrubbedRevision = last.record.event.revision;
    return this.#scrubbedRevision < this.#compactedRevision;
  }

  check(): void {
    this.#file.meta.getBinaryFast(compactedKey);
  }

  async close(): Promise<void> {
    await this.#file.root.close();
    this.#onClose();
  }

  #metaRevision(key: Buffer): number {
    const position = this.#file.meta.getBinary(key);
    return position === undefined ? 0 : revisionAt(position);
  }

  /** Follows a key from its last change back to the one that stood at this revision. */
  #versionAt(latest: Buffer, revision: number, transaction?: Transaction): KeyValue | undefined {
    if (isDeletedLatest(latest) && revisionAt(latest) <= revision) return undefined;
    let position: Position | undefined = positionOf(latest);
    while (position !== undefined) {
      const record = this.#recordAt(position, transaction);
      if (record === undefined) return undefined;
      const { key, value, revision: changed } = record.event;
      if (changed <= revision) return value === undefined ? undefined : { key, value, revision: changed };
      position = record.previous;
    }
    return undefined;
  }

  /** The change at a position; undefined where it was compacted away. */
  #recordAt(position: Position, transaction?: Transaction): LogRecord | undefined {
    const bytes = this.#file.log.getBinaryFast(position, transaction && { transaction });
    // lmdb's buffer is longer than its `length` says, which other readers of it do not respect.
    return bytes === undefined ? undefined : decodeLogRecord(position, bytes.subarray(0, bytes.length));
  }

  /** Gives each change its position and the position of the change before it, which may be of the same group. */
  #recordsOf(events: readonly StorageEvent[]): { readonly position: Position; readonly record: LogRecord }[] {
    const ofGroup = new Map<string, Position>();
    let index = 0;
    let revision = 0;
    return events.map((event) => {
      index = event.revision === revision ? index + 1 : 0;
      revision = event.revision;
      const position = encodePosition(revision, index);
      const previous = ofGroup.get(event.key) ?? this.#lastPositionOf(event.key);
      ofGroup.set(event.key, position);
      return { position, record: { event, previous } };
    });
  }

  #lastPositionOf(key: string): Position | undefined {
    const latest = this.#file.latest.getBinaryFast(Buffer.from(key));
    return latest === undefined ? undefined : positionOf(latest);
  }

  /** The next changes whose predecessors may go, whole revisions. */
  #eventsToScrub(): { readonly position: Position; readonly record: LogRecord }[] {
    const step: { readonly position: Position; readonly record: LogRecord }[] = [];
    for (const { key: position, value } of this.#file.log.getRange({
      start: encodePosition(this.#scrubbedRevision + 1, 0),
      end: encodePosition(this.#compactedRevision + 1, 0),
    })) {
      const record = decodeLogRecord(position, value);
      if (step.length >= scrubStepEvents && record.event.revision !== step.at(-1)?.record.event.revision) break;
      step.push({ position, record });
    }
    return step;
  }

  /** Removes the version before this change, and a deletion with all that led to it. */
  #freeBefore(position: Position, { event, previous }: LogRecord): void {
    const { log, latest } = this.#file;
    if (previous !== undefined) log.remove(previous);
    if (event.value !== undefined) return;
    log.remove(position);
    const key = Buffer.from(event.key);
    const last = latest.getBinaryFast(key);
    assert(last !== undefined, `a key that was changed at revision ${event.revision} must be known`);
    if (positionOf(last).equals(position)) latest.remove(key);
  }
}
