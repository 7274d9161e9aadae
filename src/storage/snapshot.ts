// A storage as one file: every key of one moment with its value and its revision. Taken from any engine while it runs, restored into
// the embedded one.
//
//   "annex snapshot 1\n", revision (8)
//   for each key: length of the key (2), length of the value (4), revision (8), key, value
//   0 (2), number of keys (8), checksum of everything before it (4)

import { type FileHandle, mkdir, mkdtemp, open, rename, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { crc32 } from "node:zlib";
import { copyEmbeddedStorage } from "./embedded/copy-file.ts";
import { lockDirectory } from "./embedded/directory-lock.ts";
import { embeddedFileName, openEmbeddedStorage } from "./embedded/embedded-storage.ts";
import { openLmdbLedger } from "./embedded/lmdb-ledger.ts";
import type { KeyValue, Storage, StorageEvent } from "./storage.ts";
import { StorageError } from "./storage-error.ts";

const magic = "annex snapshot 1\n";
const headSizeBytes = magic.length + 8;
const entryHeadSizeBytes = 14;
const endSizeBytes = 14;
/** A page of 100 objects of 1.5 MiB at most is 150 MiB, and of usual ones 170 KB. */
const pageEntries = 100;
/** Restoring flushes once for 500 keys. */
const appendedAtOnce = 500;

export interface SnapshotSummary {
  readonly revision: number;
  readonly entries: number;
}

/** Writes what the storage holds at this moment to a file, which appears whole or not at all. Its readers see secrets: only its owner may. */
export async function saveSnapshot(storage: Storage, file: string): Promise<SnapshotSummary> {
  const draft = `${file}.part`;
  const handle = await open(draft, "w", 0o600);
  try {
    const summary = await writeSnapshot(storage, new ChecksummedWriter(handle));
    await handle.sync();
    await handle.close();
    await rename(draft, file);
    return summary;
  } catch (error) {
    await handle.close();
    await rm(draft, { force: true });
    throw error;
  }
}

/**
 * Like saveSnapshot() of the embedded storage in a directory, whether a process has it open or not. The storage is copied first, beside
 * the file, which takes as much room on its disk as the storage has; a process at work on it is neither asked nor held up.
 */
export async function saveEmbeddedSnapshot(directory: string, file: string): Promise<SnapshotSummary> {
  const copy = await mkdtemp(`${resolve(file)}.copy-`);
  try {
    await copyEmbeddedStorage(directory, copy);
    await using storage = await openEmbeddedStorage({ directory: copy });
    return await saveSnapshot(storage, file);
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

/**
 * Makes an embedded storage of a snapshot, in a directory that has none: IN_USE otherwise. The revisions go on where they were;
 * everything before the snapshot counts as compacted. Throws CORRUPT where the file is not whole, and leaves no storage behind.
 */
export async function restoreSnapshot(file: string, directory: string): Promise<SnapshotSummary> {
  const handle = await open(file, "r");
  try {
    const snapshot = await readIndex(file, handle);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const lock = await lockDirectory(directory);
    try {
      await restoreInto(directory, handle, snapshot);
    } finally {
      lock.release();
    }
    return { revision: snapshot.revision, entries: snapshot.entries.length };
  } finally {
    await handle.close();
  }
}

async function writeSnapshot(storage: Storage, writer: ChecksummedWriter): Promise<SnapshotSummary> {
  const query = { end: "\u{10ffff}", limit: pageEntries };
  let page = await storage.range({ ...query, start: "\0" });
  const { revision } = page;
  await writer.write(Buffer.concat([Buffer.from(magic), uint64(revision)]));
  let entries = 0;
  for (;;) {
    await writer.write(Buffer.concat(page.entries.map(encodeEntry)));
    entries += page.entries.length;
    const last = page.entries.at(-1);
    if (!page.more || last === undefined) break;
    page = await storage.range({ ...query, start: `${last.key}\0`, revision });
  }
  await writer.write(Buffer.concat([Buffer.alloc(2), uint64(entries)]));
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(writer.checksum);
  await writer.write(checksum);
  return { revision, entries };
}

function encodeEntry({ key, value, revision }: KeyValue): Buffer {
  const keyBytes = Buffer.from(key);
  const head = Buffer.alloc(entryHeadSizeBytes);
  head.writeUInt16BE(keyBytes.length, 0);
  head.writeUInt32BE(value.length, 2);
  head.writeBigUInt64BE(BigInt(revision), 6);
  return Buffer.concat([head, keyBytes, value]);
}

/** Where an entry's key and value lie in the file. */
interface IndexEntry {
  readonly revision: number;
  readonly offset: number;
  readonly keyLength: number;
  readonly valueLength: number;
}

interface SnapshotIndex {
  readonly revision: number;
  readonly entries: readonly IndexEntry[];
}

/** Reads the file once, to know that it is whole before anything is made of it. */
async function readIndex(file: string, handle: FileHandle): Promise<SnapshotIndex> {
  const reader = new ChecksummedReader(handle, (await handle.stat()).size);
  const head = await reader.read(headSizeBytes);
  if (head?.toString("latin1", 0, magic.length) !== magic)
    throw notWhole(file, "it must be a snapshot of this program");
  const entries: IndexEntry[] = [];
  for (;;) {
    const keyLength = (await reader.read(2))?.readUInt16BE(0);
    if (keyLength === undefined) throw notWhole(file, "its end must not be missing");
    if (keyLength === 0) break;
    const rest = await reader.read(entryHeadSizeBytes - 2);
    const valueLength = rest?.readUInt32BE(0) ?? 0;
    const offset = reader.offset;
    const bytes = await reader.read(keyLength + valueLength);
    if (rest === undefined || bytes === undefined) throw notWhole(file, "its end must not be missing");
    entries.push({ revision: Number(rest.readBigUInt64BE(4)), offset, keyLength, valueLength });
  }
  const count = await reader.read(endSizeBytes - 6);
  const { checksum } = reader;
  const written = await reader.read(4);
  const isWhole = written?.readUInt32BE(0) === checksum && count?.readBigUInt64BE(0) === BigInt(entries.length);
  if (!isWhole) throw notWhole(file, "its checksum must match");
  return { revision: Number(head.readBigUInt64BE(magic.length)), entries };
}

async function restoreInto(directory: string, handle: FileHandle, snapshot: SnapshotIndex): Promise<void> {
  const path = join(directory, embeddedFileName);
  const existing = await open(path, "r").catch(() => undefined);
  if (existing !== undefined) {
    await existing.close();
    throw new StorageError("IN_USE", `Cannot restore into ${directory} as it must have no storage: there is one`);
  }
  const draft = `${path}.restored`;
  await rm(draft, { force: true });
  const ledger = await openLmdbLedger(draft, { onClose: () => {} });
  try {
    const byRevision = snapshot.entries.toSorted((a, b) => a.revision - b.revision);
    for (const group of groupsOf(byRevision)) await ledger.append(await readEvents(handle, group));
    await ledger.compact(snapshot.revision);
  } finally {
    await ledger.close();
  }
  await rename(draft, path);
  await rm(`${draft}-lock`, { force: true });
}

/** Some hundred entries each; those of one revision stay together. */
function* groupsOf(entries: readonly IndexEntry[]): Generator<readonly IndexEntry[]> {
  let start = 0;
  for (let i = 1; i <= entries.length; i++) {
    const endsRevision = entries[i]?.revision !== entries[i - 1]?.revision;
    if (i < entries.length && !(endsRevision && i - start >= appendedAtOnce)) continue;
    yield entries.slice(start, i);
    start = i;
  }
}

async function readEvents(handle: FileHandle, entries: readonly IndexEntry[]): Promise<StorageEvent[]> {
  const events: StorageEvent[] = [];
  for (const { revision, offset, keyLength, valueLength } of entries) {
    const bytes = Buffer.alloc(keyLength + valueLength);
    await handle.read(bytes, 0, bytes.length, offset);
    events.push({ key: bytes.toString("utf8", 0, keyLength), value: bytes.subarray(keyLength), revision });
  }
  return events;
}

class ChecksummedWriter {
  readonly #handle: FileHandle;
  checksum = 0;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async write(bytes: Buffer): Promise<void> {
    this.checksum = crc32(bytes, this.checksum);
    await this.#handle.writeFile(bytes); // Goes on where the last write ended, and writes all of it.
  }
}

class ChecksummedReader {
  readonly #handle: FileHandle;
  readonly #sizeBytes: number;
  offset = 0;
  checksum = 0;

  constructor(handle: FileHandle, sizeBytes: number) {
    this.#handle = handle;
    this.#sizeBytes = sizeBytes;
  }

  /** The next bytes; undefined where the file has fewer. */
  async read(length: number): Promise<Buffer | undefined> {
    if (this.offset + length > this.#sizeBytes) return undefined;
    const bytes = Buffer.alloc(length);
    await this.#handle.read(bytes, 0, length, this.offset);
    this.offset += length;
    this.checksum = crc32(bytes, this.checksum);
    return bytes;
  }
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

function notWhole(file: string, reason: string): StorageError {
  return new StorageError("CORRUPT", `Cannot restore ${file} as ${reason}`);
}
