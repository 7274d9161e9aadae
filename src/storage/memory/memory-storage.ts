// The engine that forgets everything with the process.

import type { Clock } from "../../base/clock.ts";
import { systemClock } from "../../base/clock.ts";
import { compactionIntervalMs } from "../local/compactor.ts";
import { LocalStorage } from "../local/local-storage.ts";
import type { Storage } from "../storage.ts";
import { MemoryLedger } from "./memory-ledger.ts";

/** Changes are the same buffers as the values; this much of them is kept beyond the live objects, at most twice. */
const historySizeBytes = 32 * 1024 * 1024;

export interface MemoryStorageOptions {
  readonly clock?: Clock;
  /** How long history stays, at least. Default: five minutes. */
  readonly compactionIntervalMs?: number;
  /** Where revisions begin, for what stands in for a store that was there before. Default 1. */
  readonly firstRevision?: number;
}

/** Opens an empty storage in memory, with the whole contract: history, watches and compaction. */
export function openMemoryStorage(options: MemoryStorageOptions = {}): Storage {
  return new LocalStorage(new MemoryLedger(options.firstRevision), {
    clock: options.clock ?? systemClock,
    compactionIntervalMs: options.compactionIntervalMs ?? compactionIntervalMs,
    historySizeBytes,
  });
}
