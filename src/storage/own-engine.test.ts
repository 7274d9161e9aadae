// What a user's own engine takes: the whole contract on one list of changes, with nothing but what `annex/storage` offers.

import { once } from "node:events";
import {
  type CommitResult,
  compareKeys,
  type KeyValue,
  type RangeQuery,
  type RangeResult,
  type Storage,
  type StorageBatch,
  StorageError,
  type StorageEvent,
  type StorageWatchOptions,
  type Write,
} from "annex/storage";
import { describeStorage } from "annex/storage/contract";

describeStorage("one's own", () => new ListStorage());

/** Every change there was, in order. It is meant to be read, not to be fast. */
class ListStorage implements Storage {
  #changes: StorageEvent[] = [];
  #revision = 1;
  #compacted = 0;
  readonly #closed = new AbortController();
  /** Tells watches that there is something new, or that somebody wants to know how far they are. */
  readonly #news = new EventTarget();

  async range({ start, end, revision, limit, signal }: RangeQuery): Promise<RangeResult> {
    this.#requireOpen(signal);
    if (!isWholeFrom1(revision ?? 1) || !isWholeFrom1(limit ?? 1))
      throw new RangeError("Cannot read as revision and limit must be whole numbers from 1");
    if (revision !== undefined) this.#requireKept(revision);
    const entries = this.#stateAt(revision ?? this.#revision)
      .filter(({ key }) => compareKeys(key, start) >= 0 && compareKeys(key, end) < 0)
      .sort((a, b) => compareKeys(a.key, b.key));
    return { entries: entries.slice(0, limit), revision: this.#revision, more: entries.length > (limit ?? Infinity) };
  }

  async commit(writes: readonly Write[], { signal }: { readonly signal?: AbortSignal } = {}): Promise<CommitResult> {
    this.#requireOpen(signal);
    checkWrites(writes);
    const current = writes.map(({ key }) => this.#get(key));
    const isExpected = ({ expected }: Write, i: number) =>
      expected === undefined || expected === (current[i]?.revision ?? 0);
    if (!writes.every(isExpected)) return { committed: false, revision: this.#revision, current };
    const changing = writes.filter(({ value }, i) => value !== undefined || current[i] !== undefined);
    if (changing.length === 0) return { committed: true, revision: this.#revision };
    const revision = ++this.#revision;
    this.#changes.push(...changing.map(({ key, value }) => ({ key, value, revision })));
    this.requestProgress();
    return { committed: true, revision };
  }

  async *watch(prefix: string, { after, signal }: StorageWatchOptions): AsyncGenerator<StorageBatch, void> {
    const ended = AbortSignal.any([signal, this.#closed.signal]);
    let told = after;
    let isAsked = false;
    while (!ended.aborted) {
      if (told < this.#compacted)
        throw new StorageError("REVISION_COMPACTED", `Cannot watch on from ${told} as it must be kept`);
      const change = this.#changes.find(({ key, revision }) => revision > told && key.startsWith(prefix));
      if (change === undefined && told >= this.#revision && !isAsked) {
        await once(this.#news, "news", { signal: ended }).catch(() => {});
        isAsked = true;
        continue;
      }
      isAsked = false;
      told = change?.revision ?? Math.max(told, this.#revision);
      const isOfBatch = ({ key, revision }: StorageEvent) => revision === told && key.startsWith(prefix);
      yield { events: change === undefined ? [] : this.#changes.filter(isOfBatch), revision: told };
    }
  }

  currentRevision(): number {
    this.#requireOpen();
    return this.#revision;
  }

  requestProgress(): void {
    this.#news.dispatchEvent(new Event("news"));
  }

  async compact(revision: number): Promise<void> {
    this.#requireOpen();
    if (revision <= this.#compacted) return;
    this.#requireKept(revision);
    const kept: StorageEvent[] = this.#stateAt(revision);
    this.#changes = [...kept, ...this.#changes.filter((change) => change.revision > revision)];
    this.#compacted = revision;
  }

  async check(): Promise<void> {
    this.#requireOpen();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort();
  }

  #get(wanted: string): KeyValue | undefined {
    return this.#stateAt(this.#revision).find(({ key }) => key === wanted);
  }

  /** What was there once the changes up to this revision had been made, each with its own revision, oldest first. */
  #stateAt(revision: number): KeyValue[] {
    const latest = new Map<string, KeyValue>();
    for (const { key, value, revision: changed } of this.#changes) {
      if (changed > revision) break;
      latest.delete(key);
      if (value !== undefined) latest.set(key, { key, value, revision: changed });
    }
    return [...latest.values()];
  }

  #requireOpen(signal?: AbortSignal): void {
    if (this.#closed.signal.aborted)
      throw new StorageError("CLOSED", "Cannot be asked as the storage must be open: it is closed");
    signal?.throwIfAborted();
  }

  #requireKept(revision: number): void {
    if (revision > this.#revision)
      throw new StorageError("REVISION_IN_FUTURE", `Cannot take ${revision} as it is to come`);
    if (revision < this.#compacted)
      throw new StorageError("REVISION_COMPACTED", `Cannot read at ${revision} as it must be kept`);
  }
}

function checkWrites(writes: readonly Write[]): void {
  const isOneEach = new Set(writes.map(({ key }) => key)).size === writes.length;
  if (writes.length < 1 || writes.length > 128 || !isOneEach)
    throw new RangeError("Cannot commit as there must be 1 to 128 writes, each of its own key");
  const sizeBytes = writes.reduce((sum, { key, value }) => sum + key.length + (value?.length ?? 0), 0);
  if (sizeBytes > 1_572_864 || writes.some(({ key }) => Buffer.byteLength(key) > 1_900))
    throw new StorageError("TOO_LARGE", `Cannot commit ${sizeBytes} bytes as it is more than the contract allows`);
}

function isWholeFrom1(number: number): boolean {
  return Number.isSafeInteger(number) && number >= 1;
}
