// All objects of one resource in memory, always as new as the newest answered write.
// Fed by one watch of storage; read by get, list and watch without asking storage for data.

import { StatusError } from "../../api/door.ts";
import { backOff } from "../../base/backoff.ts";
import { type Clock, systemClock } from "../../base/clock.ts";
import { type KeyValue, prefixEnd, type Storage, type StorageBatch, StorageError } from "../../storage/door.ts";
import { statusOfStorageError } from "../registry/storage-status.ts";
import type { Resource } from "../resource.ts";
import { applyChange } from "./apply-change.ts";
import { CacheCounts } from "./cache-counts.ts";
import { CacheEntry } from "./cache-entry.ts";
import { EventRing } from "./event-ring.ts";
import { FreshRevision } from "./fresh-revision.ts";
import { KeptRoots } from "./kept-roots.ts";
import { ReachBack } from "./reach-back.ts";
import { readRange } from "./read-range.ts";
import type { Snapshot } from "./snapshot.ts";
import { Tree } from "./tree.ts";

/** From `start` up to, not including, `end`. */
interface KeyRange {
  readonly start: string;
  readonly end: string;
}

interface ResourceCacheOptions {
  readonly resource: Resource;
  readonly storage: Storage;
  /** Ends in a slash: every key of the resource begins with it. */
  readonly prefix: string;
  readonly clock?: Clock;
  /** Hears why the cache could not be filled or lost its place; it goes on trying. */
  readonly onFailure?: (error: unknown) => void;
}

/** A read that names a revision which has not happened yet waits this long for it. */
const futureRevisionWaitMs = 3_000;

export class ResourceCache {
  readonly resource: Resource;
  readonly storage: Storage;
  readonly prefix: string;
  readonly end: string;
  readonly clock: Clock;
  /** Older trees that pages still read. */
  readonly keptRoots: KeptRoots;
  /** What has happened so far, for /metrics. */
  readonly counts = new CacheCounts();
  readonly #fresh: FreshRevision;
  readonly #onFailure: (error: unknown) => void;
  readonly #stop = new AbortController();
  #tree = Tree.empty<CacheEntry>();
  #revision = 0;
  #ring = new EventRing(0);
  /** Counts the fills: a watcher that began before the last one has lost its place. */
  #generation = 0;
  #isFilled = false;
  /** What the last fill could not read: it stays so until somebody mends storage or its keys. */
  #damage: StorageError | undefined;
  #sizeBytes = 0;
  readonly #reachBack = new ReachBack(this);
  readonly #listeners = new Set<() => void>();
  readonly #revisionWaiters = new Set<{ readonly revision: number | bigint; readonly wake: () => void }>();
  #feeding: Promise<void> | undefined;
  #fillWaiters: (() => void)[] = [];

  constructor({ resource, storage, prefix, clock = systemClock, onFailure = () => {} }: ResourceCacheOptions) {
    this.resource = resource;
    this.storage = storage;
    this.prefix = prefix;
    this.end = prefixEnd(prefix);
    this.clock = clock;
    this.#onFailure = onFailure;
    this.keptRoots = new KeptRoots(clock);
    this.#fresh = new FreshRevision(storage);
  }

  /** Begins to follow storage. */
  start(): void {
    this.#feeding ??= this.#feed();
  }

  /** Resolves once the cache was filled for the first time. */
  async ready(): Promise<void> {
    if (!this.#isFilled) await new Promise<void>((resolve) => this.#fillWaiters.push(resolve));
  }

  get isReady(): boolean {
    return this.#isFilled;
  }

  /** The newest revision that the cache has seen. */
  get revision(): number {
    return this.#revision;
  }

  /** The objects as they are now. Holding it holds that moment. */
  get snapshot(): Snapshot {
    return { tree: this.#tree, revision: this.#revision, isWhole: true };
  }

  /** The size of all objects as they lie in storage. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get ring(): EventRing {
    return this.#ring;
  }

  get generation(): number {
    return this.#generation;
  }

  get(key: string): CacheEntry | undefined {
    return this.#tree.get(key);
  }

  /** Why the cache cannot be filled; undefined where it is, or only needs time. */
  get damage(): string | undefined {
    return this.#damage?.message;
  }

  /** Throws 429 while the cache is being filled, and 500 where storage holds what cannot be read. */
  requireReady(): void {
    if (this.#isFilled) return;
    if (this.#damage !== undefined) throw this.#statusOf(this.#damage, "list");
    throw new StatusError("TooManyRequests", "storage is (re)initializing", { details: { retryAfterSeconds: 1 } });
  }

  /** Waits until the cache is as new as this call. Nothing to wait for where storage is in this process and the cache has kept up. */
  waitFresh(signal: AbortSignal, operation: "get" | "list" = "list"): Promise<void> | undefined {
    this.requireReady();
    const revision = this.#fresh.now();
    if (typeof revision === "number") return revision <= this.#revision ? undefined : this.waitFor(revision, signal);
    return revision.then(
      (newest) => (newest <= this.#revision ? undefined : this.waitFor(newest, signal)),
      (error: unknown) => {
        throw this.#statusOf(error, operation);
      },
    );
  }

  /**
   * The objects of a range, as new as this call: out of storage itself where the cache lags behind for too long.
   * At once where there is nothing to wait for. Where one object of the resource cannot be read, the others still are.
   */
  freshSnapshot(range: KeyRange, signal: AbortSignal): Snapshot | Promise<Snapshot> {
    if (!this.#isFilled && this.#damage !== undefined) return this.#stored(range, signal);
    const fresh = this.waitFresh(signal, range.end === `${range.start}\0` ? "get" : "list");
    if (fresh !== undefined) return this.#freshOrStored(fresh, range, signal);
    this.counts.freshReads++;
    return this.snapshot;
  }

  async #freshOrStored(fresh: Promise<void>, range: KeyRange, signal: AbortSignal): Promise<Snapshot> {
    try {
      await fresh;
      this.counts.freshReads++;
      return this.snapshot;
    } catch (error) {
      if (signal.aborted || !(error instanceof StatusError && error.reason === "Timeout")) {
        this.counts.freshReadsFailed++;
        throw error;
      }
      this.counts.freshReadsFromStorage++;
      return this.#stored(range, signal);
    }
  }

  async #stored({ start, end }: KeyRange, signal: AbortSignal): Promise<Snapshot> {
    try {
      const { entries, revision } = await readRange(this.storage, { start, end, signal });
      return { tree: this.treeOf(entries), revision, isWhole: false };
    } catch (error) {
      throw this.#statusOf(error, "list");
    }
  }

  #statusOf(error: unknown, operation: "get" | "list"): unknown {
    const { group, plural } = this.resource.kind;
    return statusOfStorageError(error, { operation, of: { group, resource: plural } });
  }

  /** A tree of what storage has. */
  treeOf(entries: readonly KeyValue[]): Tree<CacheEntry> {
    return Tree.from(entries.map((keyValue) => new CacheEntry(this.resource, keyValue)));
  }

  /** Waits until the cache has seen `revision`. Throws the 504 that says that it lies in the future. */
  async waitFor(revision: number | bigint, signal: AbortSignal): Promise<void> {
    this.requireReady();
    if (revision <= this.#revision) return;
    const reached = await new Promise<boolean>((resolve) => {
      const done = (isReached: boolean) => {
        cancel();
        signal.removeEventListener("abort", giveUp);
        this.#revisionWaiters.delete(waiter);
        resolve(isReached);
      };
      const giveUp = () => done(false);
      const waiter = { revision, wake: () => done(true) };
      const cancel = this.clock.after(futureRevisionWaitMs, giveUp);
      this.#revisionWaiters.add(waiter);
      signal.addEventListener("abort", giveUp);
      this.storage.requestProgress();
    });
    if (!reached) throw tooLargeRevision(revision, this.#revision);
  }

  /**
   * Has the ring of events begin at or before a revision, where storage's history still tells what happened before the cache was filled.
   * So watchers from before a restart go on where they were. Does nothing where that cannot be.
   */
  reachBack(revision: number): Promise<void> {
    return this.#reachBack.to(revision, this.#stop.signal);
  }

  /** Calls `listener` after each batch of changes or progress; the result stops that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#feeding;
    for (const listener of this.#listeners) listener();
  }

  get isClosed(): boolean {
    return this.#stop.signal.aborted;
  }

  async #feed(): Promise<void> {
    const { signal } = this.#stop;
    const pause = backOff({ clock: this.clock, signal });
    while (!signal.aborted) {
      try {
        await this.#fill(signal);
        pause.reset();
        for await (const batch of this.storage.watch(this.prefix, { after: this.#revision, signal }))
          this.#apply(batch);
      } catch (error) {
        if (error instanceof StorageError && error.code === "CLOSED") return;
        if (signal.aborted) return;
        this.counts.initializationErrors++;
        this.#damage = error instanceof StorageError && error.code === "CORRUPT" ? error : undefined;
        this.#onFailure(error);
        // Whatever happened to the watch, its place is lost: the next round reads everything again.
      }
      if (!signal.aborted) await pause.wait();
    }
  }

  async #fill(signal: AbortSignal): Promise<void> {
    const { entries, revision } = await readRange(this.storage, { start: this.prefix, end: this.end, signal });
    this.#tree = this.treeOf(entries);
    this.#sizeBytes = entries.reduce((sum, { value }) => sum + value.length, 0);
    this.counts.initializations++;
    this.#revision = revision;
    this.#ring = new EventRing(revision);
    this.#generation++;
    this.keptRoots.clear();
    this.#isFilled = true;
    this.#damage = undefined;
    for (const wake of this.#fillWaiters.splice(0)) wake();
    this.#announce();
  }

  #apply({ events, revision }: StorageBatch): void {
    for (const change of events) {
      const { tree, event } = applyChange(this.resource, this.#tree, change);
      this.#tree = tree;
      if (event === undefined) continue;
      this.counts.eventsReceived++;
      this.#sizeBytes += (change.value?.length ?? 0) - (event.previous?.sizeBytes ?? 0);
      this.#ring.push(event);
    }
    this.#revision = Math.max(this.#revision, revision);
    this.keptRoots.forgetBefore(this.#ring.oldestRevision);
    this.#announce();
  }

  #announce(): void {
    for (const waiter of this.#revisionWaiters) if (waiter.revision <= this.#revision) waiter.wake();
    for (const listener of this.#listeners) listener();
  }
}

/** 504: the client named a revision that has not happened. */
function tooLargeRevision(wanted: number | bigint, current: number): StatusError {
  const message = `Timeout: Too large resource version: ${wanted}, current: ${current}`;
  const causes = [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }];
  return new StatusError("Timeout", message, { details: { causes, retryAfterSeconds: 1 } });
}
