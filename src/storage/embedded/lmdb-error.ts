// What goes wrong with the file of the embedded engine, in our words.

import { statfsSync } from "node:fs";
import { dirname } from "node:path";
import { StorageError } from "../storage-error.ts";

const ioErrorCodes: readonly unknown[] = [5, 28]; // EIO and ENOSPC, as numbers.
/** LMDB's own numbers for a file whose pages do not fit together. */
const damageCodes: readonly unknown[] = [-30_797, -30_796, -30_793];
/** A commit of 1.5 MiB and the pages that it copies need about 4 MiB. */
const freeSpaceMinBytes = 4 * 1024 * 1024;

export function corrupt(path: string, reason: string): StorageError {
  return new StorageError("CORRUPT", `Cannot open ${path} as ${reason}`);
}

/** Says why a read failed. */
export function asReadError(error: unknown): unknown {
  if (!damageCodes.includes(codeOf(error))) return error;
  return new StorageError("CORRUPT", "Cannot read as the file is damaged", { cause: error });
}

/** Says why a commit to the file at `path` failed. Nothing of it was written. */
export async function asCommitError(error: unknown, path: string): Promise<StorageError> {
  const cause = await causeOf(error);
  const code = codeOf(cause);
  if (damageCodes.includes(code)) return new StorageError("CORRUPT", "Cannot commit as the file is damaged", { cause });
  // LMDB counts a write that was cut short as an input/output error, also where the disk is full.
  const isFull = ioErrorCodes.includes(code) && freeBytes(path) < freeSpaceMinBytes;
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

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

function freeBytes(path: string): number {
  const { bavail, bsize } = statfsSync(dirname(path));
  return bavail * bsize;
}
