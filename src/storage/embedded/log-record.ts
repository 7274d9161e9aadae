// How changes lie in the embedded engine's file. All numbers are big-endian, so that keys sort by revision.
//
//   position  8 bytes   revision (6), place in its commit (2)
//   log       position -> checksum (4), 1 put or 2 deletion (1), zero (1), length of the key (2),
//                         position of the key's change before this one or zeros (8), key, value
//   latest    key      -> position of its last change (8), 1 put or 2 deletion (1)
//
// A value lies once, in the log; `latest` finds it, and the positions before it lead to older versions.

import { crc32 } from "node:zlib";
import type { StorageEvent } from "../storage.ts";
import { StorageError } from "../storage-error.ts";

export const positionSizeBytes = 8;
const headerSizeBytes = 16;
const checksumSizeBytes = 4;
const kinds = { put: 1, deletion: 2 } as const;
/** 48 bits: at a million commits a second it lasts nine years of writing without a pause, 2 ** 48 / 1e6 / 86,400 / 365. */
const revisionSizeBytes = 6;

/** Where a change lies in the log, as its 8 bytes. */
export type Position = Buffer;

/** What stands before the first change of a key. */
const noPosition: Position = Buffer.alloc(positionSizeBytes);

/** One change as the log has it. */
export interface LogRecord {
  readonly event: StorageEvent;
  /** The key's change before this one. It may be compacted away. */
  readonly previous: Position | undefined;
}

export function encodePosition(revision: number, index: number): Position {
  const position = Buffer.allocUnsafe(positionSizeBytes);
  position.writeUIntBE(revision, 0, revisionSizeBytes);
  position.writeUInt16BE(index, revisionSizeBytes);
  return position;
}

export function revisionAt(position: Buffer): number {
  return position.readUIntBE(0, revisionSizeBytes);
}

export function encodeLogRecord(position: Position, { event, previous }: LogRecord): Buffer {
  const key = Buffer.from(event.key);
  const record = Buffer.allocUnsafe(headerSizeBytes + key.length + (event.value?.length ?? 0));
  record.writeUInt16BE(event.value === undefined ? kinds.deletion << 8 : kinds.put << 8, 4);
  record.writeUInt16BE(key.length, 6);
  (previous ?? noPosition).copy(record, 8);
  key.copy(record, headerSizeBytes);
  event.value?.copy(record, headerSizeBytes + key.length);
  record.writeUInt32BE(checksumOf(position, record), 0);
  return record;
}

/** Reads a record; the value is a copy, so that `record` may be reused. Throws CORRUPT where a bit is not as it was written. */
export function decodeLogRecord(position: Position, record: Buffer): LogRecord {
  if (record.length < headerSizeBytes || record.readUInt32BE(0) !== checksumOf(position, record)) {
    const message = `Cannot read the change at revision ${revisionAt(position)} as its checksum must match: the file is damaged`;
    throw new StorageError("CORRUPT", message);
  }
  const valueStart = headerSizeBytes + record.readUInt16BE(6);
  const previous = record.subarray(8, headerSizeBytes);
  return {
    event: {
      key: record.toString("utf8", headerSizeBytes, valueStart),
      value: record[4] === kinds.put ? copyOf(record.subarray(valueStart)) : undefined,
      revision: revisionAt(position),
    },
    previous: previous.equals(noPosition) ? undefined : copyOf(previous),
  };
}

export function encodeLatest(position: Position, isDeleted: boolean): Buffer {
  const latest = Buffer.allocUnsafe(positionSizeBytes + 1);
  position.copy(latest);
  latest[positionSizeBytes] = isDeleted ? kinds.deletion : kinds.put;
  return latest;
}

export function isDeletedLatest(latest: Buffer): boolean {
  return latest[positionSizeBytes] === kinds.deletion;
}

/** The position within an entry of `latest`, copied. */
export function positionOf(latest: Buffer): Position {
  return copyOf(latest.subarray(0, positionSizeBytes));
}

/** Covers the position, too, so that a record that turns up in another's place is noticed. */
function checksumOf(position: Position, record: Buffer): number {
  return crc32(record.subarray(checksumSizeBytes), crc32(position));
}

/** A buffer of its own: a slice of a shared pool would keep its neighbours alive for as long as a cache holds it. */
function copyOf(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}
