// The storage contract for an engine inside this process: group commit, watches and compaction over a ledger.

import { setImmediate } from "node:timers/promises";
import type { Clock } from "../../base/clock.ts";
import { checkRangeQuery, checkWrites, sizeOfWrites } from "../checks.ts";
import type {
  CommitResult,
  RangeQuery,
  RangeResult,
  Storage,
  StorageBatch,
  StorageWatchOptions,
  Write,
} from "../storage.ts";
import { StorageError } from "../storage-error.ts";
import { decideGroup } from "./commit-group.ts";
import { Compactor } from "./compactor.ts";
import type { Ledger } from "./ledger.ts";
import { WatchHub } from "./watch-hub.ts";

export interface LocalStorageOptions {
  readonly clock: Clock;
  readonly compactionIntervalMs: number;
  readonly historySizeBytes: number;
}

interface WaitingCommit {
  readonly writes: readonly Write[];
  readonly signal: AbortSignal | undefined;
  readonly resolve: (result: CommitResult) => void;
  readonly reject: (reason: unknown) => void;
}

/** A storage whose only writer is this process. */
export class LocalStorage implements Storage {
  readonly #ledger: Ledger;
  readonly #hub: WatchHub;
  readonly #compactor: Compactor;
  /** Commits that came while a group was on its way to disk; they are the next group. */
  #waiting: WaitingCommit[] = [];
  /** The work that writes groups and frees history, one after the other; settled where there is none. */
  #writing: Promise<void> | undefined;
  #isScrubbing = false;
  #isClosed = false;

  constructor(ledger: Ledger, options: LocalStorageOptions) {
    this.#ledger = ledger;
    this.#hub = new WatchHub(ledger);
    this.#compactor = new Compactor({
      clock: options.clock,
      intervalMs: options.compactionIntervalMs,
      historySizeBytes: options.historySizeBytes,
      revision: () => ledger.revision,
      compact: (revision) => void this.compact(revision).catch(() => {}), // The next turn tries again.
    });
  }

  async range(query: RangeQuery): Promise<RangeResult> {
    this.#assertOpen();
    checkRangeQuery(query);
    query.signal?.throwIfAborted();
    const revision = this.#ledger.revision;
    const at = query.revision ?? revision;
    this.#assertReadable(at);
    const { entries, more } = await this.#ledger.range({
      start: query.start,
      end: query.end,
      revision: at,
      limit: query.limit ?? Number.POSITIVE_INFINITY,
      signal: query.signal,
    });
    return { entries, revision, more };
  }

  async commit(writes: readonly Write[], { signal }: { readonly signal?: AbortSignal } = {}): Promise<CommitResult> {
    this.#assertOpen();
    checkWrites(writes);
    signal?.throwIfAborted();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ writes, signal, resolve, reject });
      this.#writing ??= this.#write();
    });
  }

  watch(prefix: string, options: StorageWatchOptions): AsyncIterable<StorageBatch> {
    return this.#hub.watch(prefix, options);
  }

  currentRevision(): number {
    this.#assertOpen();
    return this.#ledger.revision;
  }

  requestProgress(): void {
    this.#hub.requestProgress();
  }

  async compact(revision: number): Promise<void> {
    this.#assertOpen();
    if (revision > this.#ledger.revision) throw revisionInFuture("compact to", revision, this.#ledger.revision);
    if (revision <= this.#ledger.compactedRevision) return;
    await this.#ledger.compact(revision);
    this.#isScrubbing = true;
    this.#writing ??= this.#write();
  }

  async check({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    this.#assertOpen();
    signal.throwIfAborted();
    await this.#ledger.check();
  }

  /** Lets the commits that wait finish, ends the watches and frees the engine. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#compactor.stop();
    await this.#writing;
    this.#hub.close();
    await this.#ledger.close();
  }

  /** Writes group after group, and takes a step of freeing history after each, until nothing waits. */
  async #write(): Promise<void> {
    await undefined; // Commits of the same turn join the first group.
    while (this.#waiting.length > 0 || (this.#isScrubbing && !this.#isClosed)) {
      const group = this.#waiting.filter((commit) => !rejectIfAborted(commit));
      this.#waiting = [];
      if (group.length > 0) await this.#writeGroup(group);
      if (this.#isScrubbing && !this.#isClosed) await this.#scrub();
    }
    this.#writing = undefined;
  }

  async #writeGroup(group: readonly WaitingCommit[]): Promise<void> {
    try {
      const decided = decideGroup(
        this.#ledger,
        group.map((commit) => commit.writes),
      );
      if (decided.events.length > 0) {
        await this.#ledger.append(decided.events);
        this.#hub.publish(decided.events, decided.revision);
        this.#compactor.written(sizeOfWrites(decided.events));
      }
      for (const [i, result] of decided.results.entries()) group[i]?.resolve(result);
    } catch (error) {
      for (const commit of group) commit.reject(error);
    }
  }

  async #scrub(): Promise<void> {
    try {
      this.#isScrubbing = await this.#ledger.scrub();
    } catch {
      this.#isScrubbing = false; // What is not freed now is freed after the next compaction.
    }
    if (this.#waiting.length === 0) await setImmediate(); // Nobody's request waits for old history to go.
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new StorageError("CLOSED", "Cannot use the storage as it must be open: it was closed");
  }

  #assertReadable(revision: number): void {
    const oldestRevision = this.#ledger.compactedRevision;
    if (revision > this.#ledger.revision) throw revisionInFuture("read at", revision, this.#ledger.revision);
    if (revision >= oldestRevision) return;
    const message = `Cannot read at revision ${revision} as it must not be compacted: the oldest kept is ${oldestRevision}`;
    throw new StorageError("REVISION_COMPACTED", message, { oldestRevision });
  }
}

function rejectIfAborted({ signal, reject }: WaitingCommit): boolean {
  if (signal?.aborted !== true) return false;
  reject(signal.reason);
  return true;
}

function revisionInFuture(what: string, revision: number, current: number): StorageError {
  const message = `Cannot ${what} revision ${revision} as it must not be in the future: current is ${current}`;
  return new StorageError("REVISION_IN_FUTURE", message);
}
