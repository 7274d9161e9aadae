// The contract of storage: revisioned keys and bytes with watch. It knows no Kubernetes object.
// `contract.ts` beside it is the suite that says precisely what each sentence here means; an engine is done when it passes.

/** One key as it stood at some revision. Keys order by their UTF-8 bytes. */
export interface KeyValue {
  readonly key: string;
  readonly value: Buffer;
  /** The revision of the write that put this value. */
  readonly revision: number;
}

/** A change that a commit made. `value` is undefined where the key was deleted. */
export interface StorageEvent {
  readonly key: string;
  readonly value: Buffer | undefined;
  readonly revision: number;
}

/**
 * Events in order of revision, all events of one revision in the same batch. Everything up to and including `revision` has been
 * delivered with this batch, so that a batch without events is progress.
 */
export interface StorageBatch {
  readonly events: readonly StorageEvent[];
  readonly revision: number;
}

/** Puts `value`, or deletes the key where it is undefined, on the condition that the key is as the writer saw it. */
export interface Write {
  /** At most 1,900 bytes. */
  readonly key: string;
  /** Belongs to the storage from now on, which may hand the same buffer to readers and watchers: never change it. */
  readonly value: Buffer | undefined;
  /** The revision the key must have; 0 where it must not exist; undefined for any. */
  readonly expected: number | undefined;
}

/**
 * What became of a commit: all its writes at one revision, or none and what stood at each key, in order of the writes. A commit that
 * changed nothing, since it only deleted what was not there, answers the newest revision.
 */
export type CommitResult =
  | { readonly committed: true; readonly revision: number }
  | { readonly committed: false; readonly revision: number; readonly current: readonly (KeyValue | undefined)[] };

export interface RangeQuery {
  /** First key of the range. */
  readonly start: string;
  /** The key after the last one of the range. */
  readonly end: string;
  /** Reads the range as it stood then, from 1. Default: the newest. */
  readonly revision?: number;
  /** At most so many entries, from 1. Default: all. */
  readonly limit?: number;
  readonly signal?: AbortSignal;
}

export interface RangeResult {
  readonly entries: readonly KeyValue[];
  /** The newest revision at the time of the read, whatever revision was asked for. */
  readonly revision: number;
  /** Whether the limit cut the range. */
  readonly more: boolean;
}

export interface StorageWatchOptions {
  /** The first event delivered has a greater revision than this. */
  readonly after: number;
  readonly signal: AbortSignal;
}

/**
 * Where objects live. Revisions are whole numbers that start at 1 at the latest with the first commit, grow with each commit and never run backwards.
 * Errors are StorageErrors with a stable code; a call whose signal aborts rejects with the signal's reason, and a commit may then have
 * happened as a whole or not at all. A call that breaks the rules is a RangeError.
 */
export interface Storage {
  /** Reads a range, linearizable where no revision is given. Throws REVISION_COMPACTED and REVISION_IN_FUTURE. */
  range(query: RangeQuery): Promise<RangeResult>;

  /** Applies all writes at one new revision, or none. Resolves when they are durable and visible to every later read. From 1 to 128 writes, each key once, 1.5 MiB in all. */
  commit(writes: readonly Write[], options?: { readonly signal?: AbortSignal }): Promise<CommitResult>;

  /**
   * Follows all keys with this prefix. A watcher that reads slowly makes the engine wait, never buffer without bound.
   * The iteration ends in silence when `signal` aborts or the storage closes, and throws REVISION_COMPACTED where events after `after` are gone.
   * An engine that loses its connection takes the watch up again by itself, without a gap. Each iteration is a watch of its own.
   */
  watch(prefix: string, options: StorageWatchOptions): AsyncIterable<StorageBatch>;

  /**
   * A revision that is at least that of every commit which was answered before the call, by anyone. An engine in this process returns
   * it at once, others ask; callers that wait at the same moment should share one call.
   */
  currentRevision(options?: { readonly signal?: AbortSignal }): number | Promise<number>;

  /** Asks for a batch that says how far the watches are, where one does not come by itself. */
  requestProgress(): void;

  /**
   * Forgets what was overwritten or deleted at or before this revision; reads at a revision below it, and watches after one below it, then
   * fail with REVISION_COMPACTED. Does nothing where as much was compacted already. Throws REVISION_IN_FUTURE.
   */
  compact(revision: number): Promise<void>;

  /** Whether the engine can answer right now, for health checks. Throws the reason where it cannot. */
  check(options: { readonly signal: AbortSignal }): Promise<void>;

  /** Lets commits that were begun finish, ends the watches and frees the engine. Every later call fails with CLOSED. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** The end of the range of all keys that start with `prefix`, which ends in an ASCII character such as "/". */
export function prefixEnd(prefix: string): string {
  return prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
}

const aboveSurrogates = /[\ud800-\uffff]/;

/** Orders keys by their UTF-8 bytes, which is the order of code points; `<` on strings orders UTF-16 units and differs above U+FFFF. */
export function compareKeys(a: string, b: string): number {
  return comparisonWith(b)(a, b);
}

/**
 * The same order for many comparisons with one key. The orders agree where one of the two has neither surrogates nor what lies above
 * them, and `<` takes an eighth of the loop's time.
 */
export function comparisonWith(key: string): (a: string, b: string) => number {
  return aboveSurrogates.test(key) ? compareCodePoints : compareUnits;
}

function compareUnits(a: string, b: string): number {
  return a < b ? -1 : a === b ? 0 : 1;
}

function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    const xIsSurrogate = x >= 0xd800 && x <= 0xdfff;
    const yIsSurrogate = y >= 0xd800 && y <= 0xdfff;
    if (xIsSurrogate !== yIsSurrogate) return xIsSurrogate ? 1 : -1;
    return x - y;
  }
  return a.length - b.length;
}
