// The engine that keeps everything in etcd, 3.4 or newer.

import type { Clock } from "../../base/clock.ts";
import { systemClock } from "../../base/clock.ts";
import { checkRangeQuery, checkWrites } from "../checks.ts";
import type {
  CommitResult,
  KeyValue,
  RangeQuery,
  RangeResult,
  Storage,
  StorageBatch,
  StorageWatchOptions,
  Write,
} from "../storage.ts";
import { StorageError } from "../storage-error.ts";
import { Channel } from "./channel.ts";
import { SharedCompaction } from "./compaction.ts";
import { asStorageError } from "./etcd-error.ts";
import { EtcdWatch } from "./etcd-watch.ts";
import type { GrpcSessionOptions } from "./grpc-session.ts";
import {
  decodeRange,
  decodeTxn,
  encodeCommit,
  encodeCompact,
  encodeRange,
  methods,
  type RangeRequest,
  type RangeResponse,
} from "./messages.ts";
import { ProgressMarkers } from "./progress-markers.ts";
import { RevisionReads } from "./revision-reads.ts";

type EtcdTls = NonNullable<GrpcSessionOptions["tls"]>;

export interface EtcdStorageOptions {
  /** Where the members listen, such as "https://10.0.0.1:2379". Without a scheme: http. */
  readonly endpoints: readonly string[];
  /** `ca` to know the members by, `cert` and `key` to be known by; a function is asked again for each connection, so that they may be renewed. */
  readonly tls?: EtcdTls | (() => EtcdTls);
  readonly clock?: Clock;
  /** Default: five minutes, as the reference's `--etcd-compaction-interval`. 0 leaves compaction to others. */
  readonly compactionIntervalMs?: number;
  /** How long a call may take, changes of the leader included. Default: ten seconds. */
  readonly timeoutMs?: number;
}

/** The first page of a range is small in case its entries are large: 64 of 1.5 MiB are 96 MiB. */
const firstPageEntries = 64;
/** Later pages come to about this size. */
const pageSizeBytes = 8 * 1024 * 1024;
/** Any key serves to ask for the revision, since only the answer's header is read. */
const revisionRequest = encodeRange({ key: "compact_rev_key", countOnly: true });

/** Prepares a storage on an etcd cluster. It connects with the first call and again whenever it has to. */
export function openEtcdStorage(options: EtcdStorageOptions): Storage {
  return new EtcdStorage(options);
}

class EtcdStorage implements Storage {
  readonly #channel: Channel;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #closed = new AbortController();
  readonly #watches = new Set<EtcdWatch>();
  readonly #commits = new Set<Promise<CommitResult>>();
  readonly #revisionReads: RevisionReads;
  readonly #markers: ProgressMarkers;
  readonly #compaction: SharedCompaction | undefined;

  constructor(options: EtcdStorageOptions) {
    const { endpoints, tls, clock = systemClock, compactionIntervalMs = 5 * 60_000, timeoutMs = 10_000 } = options;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    const tlsNow = typeof tls === "object" ? () => tls : tls;
    this.#channel = new Channel({ endpoints: endpoints.map(asUrl), tls: tlsNow, clock });
    this.#revisionReads = new RevisionReads(async () => decodeRange(await this.#read(revisionRequest)).revision);
    this.#markers = new ProgressMarkers((writes) => this.commit(writes));
    if (compactionIntervalMs > 0) {
      this.#compaction = new SharedCompaction({
        clock,
        intervalMs: compactionIntervalMs,
        txn: (message) => this.#call(methods.txn, message, { isIdempotent: false }),
        compact: (revision) => this.compact(revision),
      });
    }
  }

  async range(query: RangeQuery): Promise<RangeResult> {
    this.#assertOpen();
    checkRangeQuery(query);
    query.signal?.throwIfAborted();
    try {
      return await this.#readPages(query);
    } catch (error) {
      throw this.#failure(error, "read a range from etcd");
    }
  }

  async commit(writes: readonly Write[], { signal }: { readonly signal?: AbortSignal } = {}): Promise<CommitResult> {
    this.#assertOpen();
    checkWrites(writes);
    signal?.throwIfAborted();
    const committing = this.#commit(writes, signal);
    this.#commits.add(committing);
    try {
      return await committing;
    } catch (error) {
      throw this.#failure(error, "commit to etcd");
    } finally {
      this.#commits.delete(committing);
    }
  }

  async *watch(prefix: string, { after, signal }: StorageWatchOptions): AsyncGenerator<StorageBatch, undefined> {
    const either = AbortSignal.any([signal, this.#closed.signal]);
    const watch = new EtcdWatch({
      channel: this.#channel,
      clock: this.#clock,
      prefix,
      after,
      signal: either,
      assertKept: (revision, signal) => this.#assertKept(prefix, revision, signal),
      writeMarker: (key) => this.#markers.request([key]),
    });
    this.#watches.add(watch);
    try {
      yield* watch.batches();
    } catch (error) {
      throw this.#failure(error, `watch ${prefix} in etcd`);
    } finally {
      this.#watches.delete(watch);
    }
  }

  async currentRevision({ signal }: { readonly signal?: AbortSignal } = {}): Promise<number> {
    this.#assertOpen();
    try {
      return await this.#revisionReads.next(signal);
    } catch (error) {
      throw this.#failure(error, "read the revision from etcd");
    }
  }

  requestProgress(): void {
    const marked: string[] = [];
    for (const watch of this.#watches) {
      if (watch.answersAboutProgress) watch.requestProgress();
      else marked.push(watch.markerKey);
    }
    this.#markers.request(marked);
  }

  async compact(revision: number): Promise<void> {
    this.#assertOpen();
    try {
      await this.#call(methods.compact, encodeCompact(revision), { isIdempotent: true });
    } catch (error) {
      const failure = this.#failure(error, `compact etcd to revision ${revision}`);
      if (failure instanceof StorageError && failure.code === "REVISION_COMPACTED") return;
      throw failure;
    }
  }

  async check({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    await this.currentRevision({ signal });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort(closedError());
    this.#compaction?.stop();
    await Promise.allSettled(this.#commits);
    this.#channel.close();
  }

  async #commit(writes: readonly Write[], signal: AbortSignal | undefined): Promise<CommitResult> {
    const answer = await this.#call(methods.txn, encodeCommit(writes), { isIdempotent: false, signal });
    const { succeeded, revision, reads } = decodeTxn(answer);
    if (succeeded) return { committed: true, revision };
    return { committed: false, revision, current: reads.map((entry) => entry && withoutVersion(entry)) };
  }

  /** Reads page after page of one revision, so that no answer grows beyond measure. */
  async #readPages({
    start,
    end,
    revision,
    limit = Number.POSITIVE_INFINITY,
    signal,
  }: RangeQuery): Promise<RangeResult> {
    const entries: KeyValue[] = [];
    let request: RangeRequest = {
      key: start,
      end,
      limit: Math.min(limit, firstPageEntries),
      ...(revision && { revision }),
    };
    let first: RangeResponse | undefined;
    for (;;) {
      const page = decodeRange(await this.#read(encodeRange(request), signal));
      first ??= page;
      for (const entry of page.entries) entries.push(withoutVersion(entry));
      const last = entries.at(-1);
      if (!page.more || last === undefined || entries.length >= limit) {
        return { entries, revision: first.revision, more: page.more };
      }
      request = {
        key: `${last.key}\0`,
        end,
        limit: Math.min(limit - entries.length, entriesFitting(page.entries)),
        revision: revision ?? first.revision,
      };
    }
  }

  /** Throws REVISION_COMPACTED where the revision is below the compacted one. */
  async #assertKept(prefix: string, revision: number, signal: AbortSignal): Promise<void> {
    try {
      await this.#read(encodeRange({ key: prefix, revision, countOnly: true }), signal);
    } catch (error) {
      const failure = asStorageError(error, `watch ${prefix} in etcd after revision ${revision}`);
      if (failure instanceof StorageError && failure.code === "REVISION_IN_FUTURE") return;
      if (failure instanceof StorageError && failure.code === "REVISION_COMPACTED") throw failure;
      throw error;
    }
  }

  #read(message: Uint8Array, signal?: AbortSignal): Promise<Buffer> {
    return this.#call(methods.range, message, { isIdempotent: true, signal });
  }

  #call(
    path: string,
    message: Uint8Array,
    options: { readonly isIdempotent: boolean; readonly signal?: AbortSignal | undefined },
  ): Promise<Buffer> {
    return this.#channel.unary(path, message, { timeoutMs: this.#timeoutMs, signal: undefined, ...options });
  }

  #failure(error: unknown, what: string): unknown {
    return this.#closed.signal.aborted && !(error instanceof StorageError)
      ? closedError()
      : asStorageError(error, what);
  }

  #assertOpen(): void {
    if (this.#closed.signal.aborted) throw closedError();
  }
}

function closedError(): StorageError {
  return new StorageError("CLOSED", "Cannot use the storage as it must be open: it was closed");
}

function asUrl(endpoint: string): string {
  return endpoint.includes("://") ? endpoint : `http://${endpoint}`;
}

function withoutVersion({ key, value, revision }: KeyValue): KeyValue {
  return { key, value, revision };
}

/** How many entries like these make a page. */
function entriesFitting(entries: readonly KeyValue[]): number {
  const sizeBytes = entries.reduce((sum, { key, value }) => sum + key.length + value.length, 0);
  return Math.max(firstPageEntries, Math.floor(pageSizeBytes / (sizeBytes / entries.length + 1)));
}
