// The ledger of the embedded engine: every change in a log by revision, and for each key where its last change lies.

import { setImmediate } from "node:timers/promises";
import type { Transaction } from "lmdb";
import { assert } from "../../base/assert.ts";
import type { Ledger, LedgerPage, LedgerRange, LedgerRangeQuery } from "../local/ledger.ts";
import type { KeyValue, StorageEvent } from "../storage.ts";
import { StorageError } from "../storage-error.ts";
import { type LmdbFile, openLmdbFile } from "./lmdb-file.ts";
import {
  decodeLatest,
  decodeLogRecord,
  decodePosition,
  encodeLatest,
  encodeLogRecord,
  encodePosition,
  type Latest,
  type LogRecord,
  noPosition,
  type Position,
  positionAt,
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

/** A change and where it lies. */
interface Placed {
  readonly position: Position;
  readonly record: LogRecord;
}

class LmdbLedger implements Ledger {
  readonly #file: LmdbFile;
  readonly #onClose: () => void;
  /** Reads that have not ended. */
  readonly #readings = new Set<Promise<LedgerRange>>();
  #isClosing = false;
  /** The revision of the newest change; 0 where there was none. */
  #appendedRevision: number;
  #compactedRevision: number;
  /** Everything up to here that was compacted is gone from the file, too. */
  #scrubbedRevision: number;

  constructor(file: LmdbFile, onClose: () => void) {
    this.#file = file;
    this.#onClose = onClose;
    this.#compactedRevision = this.#metaRevision(compactedKey);
    this.#scrubbedRevision = this.#metaRevision(scrubbedKey);
    const last = file.log.lastKey();
    // The last change may have been a deletion that was compacted away.
    this.#appendedRevision = Math.max(
      this.#compactedRevision,
      last === undefined ? 0 : revisionAt(decodePosition(last)),
    );
  }

  get revision(): number {
    return Math.max(1, this.#appendedRevision);
  }

  get compactedRevision(): number {
    return this.#compactedRevision;
  }

  revisionOf(key: string): number {
    const latest = this.#latestOf(key);
    return latest === undefined || latest.isDeleted ? 0 : revisionAt(latest.position);
  }

  get(key: string): KeyValue | undefined {
    const latest = this.#latestOf(key);
    return latest && this.#versionAt(latest, this.revision);
  }

  async range(query: LedgerRangeQuery): Promise<LedgerRange> {
    const reading = this.#range(query);
    this.#readings.add(reading);
    try {
      return await reading;
    } finally {
      this.#readings.delete(reading);
    }
  }

  eventsAfter(revision: number, sizeMaxBytes: number): LedgerPage {
    const events: StorageEvent[] = [];
    let sizeBytes = 0;
    for (const { key, value } of this.#file.log.entries({
      start: encodePosition(positionAt(revision + 1, 0)),
      end: encodePosition(positionAt(this.revision + 1, 0)),
    })) {
      const { event } = decodeLogRecord(decodePosition(key), value);
      const last = events.at(-1)?.revision;
      if (last !== undefined && sizeBytes >= sizeMaxBytes && event.revision !== last) return { events, revision: last };
      events.push(event);
      sizeBytes += value.length;
    }
    return { events, revision: this.revision };
  }

  async append(events: readonly StorageEvent[]): Promise<void> {
    assert(
      events.every((event) => event.revision > this.revision),
      "changes are appended once",
    );
    const placed = this.#placesOf(events);
    await this.#file.commit(() => {
      for (const { position, record } of placed) {
        this.#file.log.append(encodePosition(position), encodeLogRecord(position, record));
        const key = Buffer.from(record.event.key);
        this.#file.latest.put(key, encodeLatest(key, { position, isDeleted: record.event.value === undefined }));
      }
    });
    this.#appendedRevision = events.at(-1)?.revision ?? this.#appendedRevision;
  }

  async compact(revision: number): Promise<void> {
    await this.#file.commit(() => {
      this.#file.meta.put(compactedKey, encodePosition(positionAt(revision, 0)));
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
    await this.#file.commit(() => {
      for (const placed of step) this.#freeBefore(placed);
      this.#file.meta.put(scrubbedKey, encodePosition(positionAt(last.record.event.revision, 0)));
    });
    this.#scrubbedRevision = last.record.event.revision;
    return this.#scrubbedRevision < this.#compactedRevision;
  }

  check(): void {
    this.#file.meta.get(compactedKey);
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    await Promise.allSettled(this.#readings); // LMDB must not be closed under a cursor.
    await this.#file.close();
    this.#onClose();
  }

  async #range({ start, end, revision, limit, signal }: LedgerRangeQuery): Promise<LedgerRange> {
    // One snapshot for the whole range, so that neither commits nor compaction change what a later turn finds.
    const transaction = this.#file.snapshot();
    try {
      const entries: KeyValue[] = [];
      let visited = 0;
      for (const { key, value: latest } of this.#file.latest.entries({
        start: Buffer.from(start),
        end: Buffer.from(end),
        transaction,
      })) {
        if (++visited % entriesPerTurn === 0) {
          await setImmediate();
          signal?.throwIfAborted();
          if (this.#isClosing)
            throw new StorageError("CLOSED", "Cannot read on as the storage must be open: it is closing");
        }
        const entry = this.#versionAt(decodeLatest(key, latest), revision, transaction);
        if (entry === undefined) continue;
        if (entries.length === limit) return { entries, more: true };
        entries.push(entry);
      }
      return { entries, more: false };
    } finally {
      transaction.done();
    }
  }

  #metaRevision(key: Buffer): number {
    const position = this.#file.meta.get(key);
    return position === undefined ? 0 : revisionAt(decodePosition(position));
  }

  #latestOf(key: string): Latest | undefined {
    const bytes = Buffer.from(key);
    const latest = this.#file.latest.get(bytes);
    return latest && decodeLatest(bytes, latest);
  }

  /** Follows a key from its last change back to the one that stood at this revision. */
  #versionAt({ position, isDeleted }: Latest, revision: number, transaction?: Transaction): KeyValue | undefined {
    if (isDeleted && revisionAt(position) <= revision) return undefined;
    for (let at = position; at !== noPosition; ) {
      const record = this.#recordAt(at, transaction);
      if (record === undefined) {
        // Of what was compacted, deletions are gone, and nothing else that a change still leads to.
        if (at !== position && revisionAt(at) <= this.#compactedRevision) return undefined;
        const message = `Cannot read the change at revision ${revisionAt(at)} as it must be there: the file is damaged`;
        throw new StorageError("CORRUPT", message);
      }
      const { key, value, revision: changed } = record.event;
      if (changed <= revision) return value && { key, value, revision: changed };
      at = record.previous;
    }
    return undefined;
  }

  /** The change at a position; undefined where there is none. */
  #recordAt(position: Position, transaction?: Transaction): LogRecord | undefined {
    const bytes = this.#file.log.get(encodePosition(position), transaction);
    return bytes && decodeLogRecord(position, bytes);
  }

  /** Gives each change its position and the position of the change before it, which may be of the same group. */
  #placesOf(events: readonly StorageEvent[]): Placed[] {
    const ofGroup = new Map<string, Position>();
    let index = 0;
    let revision = 0;
    return events.map((event) => {
      index = event.revision === revision ? index + 1 : 0;
      revision = event.revision;
      const position = positionAt(revision, index);
      const previous = ofGroup.get(event.key) ?? this.#latestOf(event.key)?.position ?? noPosition;
      ofGroup.set(event.key, position);
      return { position, record: { event, previous } };
    });
  }

  /** The next changes whose predecessors may go, whole revisions. */
  #eventsToScrub(): Placed[] {
    const step: Placed[] = [];
    for (const { key, value } of this.#file.log.entries({
      start: encodePosition(positionAt(this.#scrubbedRevision + 1, 0)),
      end: encodePosition(positionAt(this.#compactedRevision + 1, 0)),
    })) {
      const position = decodePosition(key);
      const record = decodeLogRecord(position, value);
      if (step.length >= scrubStepEvents && record.event.revision !== step.at(-1)?.record.event.revision) break;
      step.push({ position, record });
    }
    return step;
  }

  /** Removes the version before this change, and a deletion with all that led to it. */
  #freeBefore({ position, record: { event, previous } }: Placed): void {
    const { log, latest } = this.#file;
    if (previous !== noPosition) log.remove(encodePosition(previous));
    if (event.value !== undefined) return;
    log.remove(encodePosition(position));
    const last = this.#latestOf(event.key);
    assert(
      last !== undefined,
      `a key that was deleted at revision ${event.revision} must be known until that is freed`,
    );
    if (last.position === position) latest.remove(Buffer.from(event.key));
  }
}
