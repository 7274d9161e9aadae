// The file of the embedded engine, open: its three tables, and commits that are flushed when they are answered.

import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import type { DatabaseOptions, RootDatabase, Transaction } from "lmdb";
import { asCommitError, corrupt } from "./lmdb-error.ts";
import { checkHead, pageSizeBytes } from "./lmdb-head.ts";
import { LmdbTable } from "./lmdb-table.ts";

type Root = RootDatabase<Buffer, Buffer>;

const formatKey = Buffer.from("format");
const formatName = "annex storage 2";

const binary = { keyEncoding: "binary", encoding: "binary" } as const;
/** Opens a table that must be there; lmdb's types do not know that it can. */
const existing: DatabaseOptions & { readonly create: boolean } = { ...binary, create: false };

/** Opens the file, or makes it where it is missing. Throws CORRUPT where it is not ours or not whole, and leaves it as it is. */
export async function openLmdbFile(path: string): Promise<LmdbFile> {
  if (!existsSync(path)) await createFile(path);
  checkHead(path);
  const root = await openRoot(path);
  const meta = root.openDB<Buffer, Buffer>("meta", existing);
  const format = meta && new LmdbTable(meta).get(formatKey)?.toString();
  if (format === formatName) return new LmdbFile(path, root);
  await root.close();
  throw corrupt(path, `its format must be "${formatName}": it is ${format === undefined ? "missing" : `"${format}"`}`);
}

/** See log-record.ts for what lies in the tables. */
export class LmdbFile {
  readonly log: LmdbTable;
  readonly latest: LmdbTable;
  readonly meta: LmdbTable;
  readonly #path: string;
  readonly #root: Root;

  constructor(path: string, root: Root) {
    this.#path = path;
    this.#root = root;
    this.log = new LmdbTable(root.openDB("log", binary));
    this.latest = new LmdbTable(root.openDB("latest", binary));
    this.meta = new LmdbTable(root.openDB("meta", binary));
  }

  /** Commits what `write` puts and removes, all or none, and flushes it to disk. */
  async commit(write: () => void): Promise<void> {
    try {
      await this.#root.batch(write);
    } catch (error) {
      throw await asCommitError(error, this.#path);
    }
  }

  /** What is committed now, for reads that take several turns. It has to be done() with. */
  snapshot(): Transaction {
    return this.#root.useReadTransaction();
  }

  async close(): Promise<void> {
    await this.#root.close();
  }
}

/** Makes a file under another name first, so that one that has its name is whole, whenever the process dies. */
async function createFile(path: string): Promise<void> {
  const draft = `${path}.new`;
  removeFile(draft);
  const file = new LmdbFile(draft, await openRoot(draft));
  await file.commit(() => file.meta.put(formatKey, Buffer.from(formatName)));
  await file.close();
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
