// The one place that knows lmdb: opens the file after looking at it, and says in our words what goes wrong with it.

import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statfsSync,
} from "node:fs";
import { dirname } from "node:path";
import type { Database, DatabaseOptions, GetOptions, PutOptions, RootDatabase } from "lmdb";
import { StorageError } from "../storage-error.ts";

/** Two objects of 1.7 KB fill a page; one above 2 KB has pages of its own. Pages of 8 KB made the file no smaller and commits 10 % dearer. */
const pageSizeBytes = 4_096;
const formatName = "annex storage 1";

/** The tables of an open file. */
export interface LmdbFile {
  readonly path: string;
  readonly root: Root;
  readonly log: Table;
  readonly latest: Table;
  readonly meta: Table;
}

/** What we use of lmdb's tables; its own types leave out that reading one entry takes a transaction, too. */
export interface Table extends Pick<Database<Buffer, Buffer>, "getKeys" | "getRange" | "remove"> {
  put(key: Buffer, value: Buffer, options?: PutOptions): Promise<boolean>;
  /** A copy of the value. */
  getBinary(key: Buffer, options?: GetOptions): Buffer | undefined;
  /** The value until the next read. */
  getBinaryFast(key: Buffer, options?: GetOptions): Buffer | undefined;
}

type Root = RootDatabase<Buffer, Buffer>;

const binary = { keyEncoding: "binary", encoding: "binary" } as const;
/** Opens a table that must be there; lmdb's types do not know that it can. */
const existing: DatabaseOptions & { readonly create: boolean } = { ...binary, create: false };
const formatKey = Buffer.from("format");

/** Opens the file, or makes it where it is missing. Throws CORRUPT where it is not ours or not whole, and leaves it as it is. */
export async function openLmdbFile(path: string): Promise<LmdbFile> {
  if (!existsSync(path)) await createFile(path);
  checkHeader(path);
  const root = await openRoot(path);
  const meta: Table | undefined = root.openDB("meta", existing);
  const format = meta?.getBinary(formatKey)?.toString();
  if (format === formatName) return openTables(path, root);
  await root.close();
  throw corrupt(path, `its format must be "${formatName}": it is ${format === undefined ? "missing" : `"${format}"`}`);
}

/** Commits what `write` puts and removes, all or none, and flushes it to disk. */
export async function commitBatch(file: LmdbFile, write: () => void): Promise<void> {
  try {
    await file.root.batch(write);
  } catch (error) {
    throw await asStorageError(error, file.path);
  }
}

/** Makes a file under another name first, so that one that has its name is whole, whenever the process dies. */
async function createFile(path: string): Promise<void> {
  const draft = `${path}.new`;
  removeFile(draft);
  const file = openTables(draft, await openRoot(draft));
  await commitBatch(file, () => file.meta.put(formatKey, Buffer.from(formatName)));
  await file.root.close();
  renameSync(draft, path);
  removeFile(draft);
  const directory = openSync(dirname(path), "r");
  fsyncSync(directory);
  closeSync(directory);
}

/** Removes a database and the table of its readers. */
function removeFile(path: string): void {
  for (const name of [path, `${path}-lock`]) rmSync(name, { force: true });
}

async function openRoot(path: string): Promise<Root> {
  const { open } = await import("lmdb");
  return open<Buffer, Buffer>({
    ...binary,
    path,
    noSubdir: true,
    pageSize: pageSizeBytes,
    // A commit is answered after its flush. With overlapping flushes it would be visible earlier, and no faster to be durable: measured.
    overlappingSync: false,
    eventTurnBatching: false,
  });
}

function openTables(path: string, root: Root): LmdbFile {
  return {
    path,
    root,
    log: root.openDB("log", binary),
    latest: root.openDB("latest", binary),
    meta: root.openDB("meta", binary),
  };
}

/** Where LMDB keeps what in the head of a file: two pages, of which the one with the higher transaction counts. */
const head = {
  magic: { offset: 24, value: 0xbeefc0de },
  version: { offset: 28, value: 2 },
  pageSize: { offset: 48, value: pageSizeBytes },
} as const;
const rootOffsets = [88, 136];
const lastPageOffset = 144;
const transactionOffset = 152;
/** LMDB's mark for a tree without pages. */
const noPage = 2n ** 64n - 1n;

/**
 * LMDB ends the process where a file is not its own, or is shorter than it says, so that we look first.
 * The layout is that of the LMDB inside lmdb 3.
 */
function checkHeader(path: string): void {
  const pages = Buffer.alloc(2 * pageSizeBytes);
  const descriptor = openSync(path, "r");
  try {
    const { size } = fstatSync(descriptor);
    const read = readSync(descriptor, pages, 0, pages.length, 0);
    if (read < pages.length) throw corrupt(path, `it must have ${pages.length} bytes at least: it has ${size}`);
    const [first, second] = [pages.subarray(0, pageSizeBytes), pages.subarray(pageSizeBytes)];
    if (!isMeta(first) || !isMeta(second))
      throw corrupt(path, "it must be a database of this engine: its head is another");
    const isFirstNewer = first.readBigUInt64LE(transactionOffset) > second.readBigUInt64LE(transactionOffset);
    checkMeta(path, isFirstNewer ? first : second, size);
  } finally {
    closeSync(descriptor);
  }
}

function isMeta(page: Buffer): boolean {
  return Object.values(head).every(({ offset, value }) => page.readUInt32LE(offset) === value);
}

function checkMeta(path: string, meta: Buffer, sizeBytes: number): void {
  const lastPage = meta.readBigUInt64LE(lastPageOffset);
  const wanted = (lastPage + 1n) * BigInt(pageSizeBytes);
  if (BigInt(sizeBytes) < wanted) throw corrupt(path, `it must have ${wanted} bytes: it has ${sizeBytes}`);
  for (const offset of rootOffsets) {
    const root = meta.readBigUInt64LE(offset);
    if (root !== noPage && root > lastPage) throw corrupt(path, "its trees must lie within it");
  }
}

function corrupt(path: string, reason: string, cause?: unknown): StorageError {
  return new StorageError("CORRUPT", `Cannot open ${path} as ${reason}`, { cause });
}

const ioErrorCodes: readonly unknown[] = [5, 28, "EIO", "ENOSPC"];
/** LMDB's own numbers for a file whose pages do not fit together. */
const corruptCodes: readonly unknown[] = [-30_797, -30_796, -30_793];
/** A commit of 1.5 MiB and the pages that it copies need about 4 MiB. */
const freeSpaceMinBytes = 4 * 1024 * 1024;

/** Says in our words why a commit failed. Nothing of it was written. */
async function asStorageError(error: unknown, path: string): Promise<StorageError> {
  const cause = await causeOf(error);
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  if (corruptCodes.includes(code))
    return new StorageError("CORRUPT", "Cannot commit as the file is damaged", { cause });
  const isFull = ioErrorCodes.includes(code) && freeBytes(path) < freeSpaceMinBytes;
  // LMDB counts a write that was cut short as an input/output error, also where the disk is full.
  if (isFull) return new StorageError("NO_SPACE", "Cannot commit as the disk is full", { cause });
  return new StorageError("UNAVAILABLE", "Cannot commit as the disk does not take it", { cause });
}

/** lmdb rejects with an error that only leads to the reason. */
async function causeOf(error: unknown): Promise<unknown> {
  if (!(error instanceof Error && "commitError" in error)) return error;
  return Promise.resolve(error.commitError).then(
    () => error,
    (reason: unknown) => reason,
  );
}

function freeBytes(path: string): number {
  const { bavail, bsize } = statfsSync(dirname(path));
  return bavail * bsize;
}
