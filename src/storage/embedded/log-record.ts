// How changes lie in the embedded engine's file. All numbers are big-endian, so that keys sort by revision.
//
//   position  8 bytes   revision * 128 + place in its commit
//   log       position -> checksum (4), 1 put or 2 deletion (1), zero (1), length of the key (2),
//                         position of the key's change before this one or 0 (8), key, value
//   latest    key      -> checksum of key and rest (4), position of its last change (8), 1 put or 2 deletion (1)
//
// A value lies once, in the log; `latest` finds it, and the positions before it lead to older versions.

import { crc32 } from "node:zlib";
import { copyValue } from "../copy-value.ts";
import type { StorageEvent } from "../storage.ts";
import { StorageError } from "../storage-error.ts";

/** Where a change lies in the log. 2 ** 53 / 128 revisions are 200 years of 10,000 commits a second. */
export type Position = number;

/** As many writes as a commit may have. */
const positionsPerRevision = 128;
/** Stands where a key has no change before. */
export const noPosition: Position = 0;

const kinds = { put: 1, deletion: 2 } as const;
const positionSizeBytes = 8;
const checksumSizeBytes = 4;
const kindOffset = 4;
const keyLengthOffset = 6;
const previousOffset = 8;
const keyOffset = 16;
const latestKindOffset = checksumSizeBytes + positionSizeBytes;
const latestSizeBytes = latestKindOffset + 1;

/** One change as the log has it. */
export interface LogRecord {
  readonly event: StorageEvent;
  /** The key's change before this one, or noPosition. It may be compacted away. */
  readonly previous: Position;
}

export function positionAt(revision: number, index: number): Position {
  return revision * positionsPerRevision + index;
}

export function revisionAt(position: Position): number {
  return Math.floor(position / positionsPerRevision);
}

/** The position as a key of the log. */
export function encodePosition(position: Position): Buffer {
  return writePosition(Buffer.allocUnsafe(positionSizeBytes), position, 0);
}

export function decodePosition(bytes: Buffer): Position {
  return readPosition(bytes, 0);
}

export function encodeLogRecord(position: Position, { event, previous }: LogRecord): Buffer {
  const keyLength = Buffer.byteLength(event.key);
  const record = Buffer.allocUnsafe(keyOffset + keyLength + (event.value?.length ?? 0));
  record.writeUInt16BE((event.value === undefined ? kinds.deletion : kinds.put) << 8, kindOffset);
  record.writeUInt16BE(keyLength, keyLengthOffset);
  writePosition(record, previous, previousOffset);
  record.write(event.key, keyOffset);
  event.value?.copy(record, keyOffset + keyLength);
  record.writeUInt32BE(checksumOf(position, record), 0);
  return record;
}

/** Reads a record; the value is a copy, so that `record` may be reused. Throws CORRUPT where a bit is not as it was written. */
export function decodeLogRecord(position: Position, record: Buffer): LogRecord {
  if (record.length < keyOffset || record.readUInt32BE(0) !== checksumOf(position, record)) {
    const message = `Cannot read the change at revision ${revisionAt(position)} as its checksum must match: the file is damaged`;
    throw new StorageError("CORRUPT", message);
  }
  const valueOffset = keyOffset + record.readUInt16BE(keyLengthOffset);
  const key = record.toString("utf8", keyOffset, valueOffset);
  const value = record[kindOffset] === kinds.put ? copyValue(record, valueOffset) : undefined;
  return { event: { key, value, revision: revisionAt(position) }, previous: readPosition(record, previousOffset) };
}

/** Where a key's last change lies, as `latest` has it. */
export interface Latest {
  readonly position: Position;
  readonly isDeleted: boolean;
}

export function encodeLatest(key: Buffer, { position, isDeleted }: Latest): Buffer {
  const latest = Buffer.allocUnsafe(latestSizeBytes);
  writePosition(latest, position, checksumSizeBytes);
  latest[latestKindOffset] = isDeleted ? kinds.deletion : kinds.put;
  latest.writeUInt32BE(checksumOfLatest(key, latest), 0);
  return latest;
}

/** Reads an entry of `latest`. Throws CORRUPT where a bit of it, or of its key, is not as it was written. */
export function decodeLatest(key: Buffer, latest: Buffer): Latest {
  if (latest.length !== latestSizeBytes || latest.readUInt32BE(0) !== checksumOfLatest(key, latest)) {
    const message = `Cannot read what the key ${JSON.stringify(key.toString())} leads to as its checksum must match: the file is damaged`;
    throw new StorageError("CORRUPT", message);
  }
  return { position: readPosition(latest, checksumSizeBytes), isDeleted: latest[latestKindOffset] === kinds.deletion };
}

/** Covers the position, too, so that a record that turns up in another's place is noticed. */
function checksumOf(position: Position, record: Buffer): number {
  writePosition(positionScratch, position, 0);
  return crc32(record.subarray(checksumSizeBytes), crc32(positionScratch));
}

/** Covers the key, too: a damaged one would be taken for another. */
function checksumOfLatest(key: Buffer, latest: Buffer): number {
  return crc32(latest.subarray(checksumSizeBytes), crc32(key));
}

const positionScratch = Buffer.alloc(positionSizeBytes);

function writePosition(target: Buffer, position: Position, offset: number): Buffer {
  target.writeUInt32BE(Math.floor(position / 2 ** 32), offset);
  target.writeUInt32BE(position % 2 ** 32, offset + 4);
  return target;
}

function readPosition(source: Buffer, offset: number): Position {
  return source.readUInt32BE(offset) * 2 ** 32 + source.readUInt32BE(offset + 4);
}
