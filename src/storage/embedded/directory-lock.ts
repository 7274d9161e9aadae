// One process at a time: a lock on a data directory that the kernel takes back when its owner dies, however it dies.

import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { StorageError } from "../storage-error.ts";

/** Holds a directory until it is released. */
export interface DirectoryLock {
  release(): void;
}

/**
 * Locks the directory for this process. Throws IN_USE, naming the owner's pid, where somebody has it, this process included.
 *
 * Node offers no file locks of its own, but SQLite takes one on its file for as long as a transaction is exclusive. A file with a pid
 * in it would have to be judged after a crash, and pids mean nothing between containers that share a volume.
 */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  const { DatabaseSync } = await import("node:sqlite"); // Not for those who use another engine.
  const pidFile = join(directory, "pid");
  const database = new DatabaseSync(join(directory, "lock"));
  try {
    database.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
  } catch (cause) {
    database.close();
    const message = `Cannot open ${directory} as no other process may have it open: ${ownerIn(pidFile)} has`;
    throw new StorageError("IN_USE", message, { cause });
  }
  writeFileSync(pidFile, `${process.pid}\n`);
  return {
    release() {
      rmSync(pidFile, { force: true });
      database.close();
    },
  };
}

function ownerIn(pidFile: string): string {
  try {
    return `process ${readFileSync(pidFile, "utf8").trim()}`;
  } catch {
    return "a process that has not written its pid"; // It is about to, or its directory is on another host.
  }
}
