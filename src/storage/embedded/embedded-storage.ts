// The engine that comes with Annex: one file in a directory, one process, every acknowledged commit on disk.

import { join } from "node:path";
import type { Clock } from "../../base/clock.ts";
import { systemClock } from "../../base/clock.ts";
import { ensureDirectory } from "../../base/directories.ts";
import { compactionIntervalMs } from "../local/compactor.ts";
import { LocalStorage } from "../local/local-storage.ts";
import type { Storage } from "../storage.ts";
import { lockDirectory } from "./directory-lock.ts";
import { openLmdbLedger } from "./lmdb-ledger.ts";

/** Between this much and twice as much of changes is kept: at 1.7 KB, 150,000 changes, which is five minutes of 500 a second. */
const historySizeBytes = 256 * 1024 * 1024;

/** The file within the directory. */
export const embeddedFileName = "annex.db";

export interface EmbeddedStorageOptions {
  /** Where the engine keeps its files. It is made where it is missing, readable by its owner alone. */
  readonly directory: string;
  readonly clock?: Clock;
  /** How long history stays, at least. Default: five minutes. */
  readonly compactionIntervalMs?: number;
  /** How much history stays, at least, where it is younger than that. Default: 256 MiB. */
  readonly historySizeBytes?: number;
}

/**
 * Opens the storage in a directory, or starts one there. Throws IN_USE where another process has it open, and CORRUPT where the file is
 * not this engine's or not whole; it is left as it is then.
 */
export async function openEmbeddedStorage(options: EmbeddedStorageOptions): Promise<Storage> {
  const { directory } = options;
  ensureDirectory(directory);
  const lock = await lockDirectory(directory);
  try {
    const ledger = await openLmdbLedger(join(directory, embeddedFileName), { onClose: () => lock.release() });
    return new LocalStorage(ledger, {
      clock: options.clock ?? systemClock,
      compactionIntervalMs: options.compactionIntervalMs ?? compactionIntervalMs,
      historySizeBytes: options.historySizeBytes ?? historySizeBytes,
    });
  } catch (error) {
    lock.release();
    throw error;
  }
}
