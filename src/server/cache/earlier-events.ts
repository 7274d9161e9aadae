// What happened to a resource before its cache was filled, out of storage's history.

import type { Clock } from "../../base/clock.ts";
import type { Storage, StorageEvent } from "../../storage/door.ts";
import type { Resource } from "../resource.ts";
import { applyChange } from "./apply-change.ts";
import { CacheEntry } from "./cache-entry.ts";
import type { CacheEvent } from "./event-ring.ts";
import { readRange } from "./read-range.ts";
import { Tree } from "./tree.ts";

/** A quarter of what the ring of events holds: a watcher that is further behind lists again, which is no dearer. */
const eventsMax = 4_096;
/** Before and after, these fill half of the ring. */
const sizeBytesMax = 8 * 1024 * 1024;
/** Storage that takes longer is not waited for: a watcher can always list again. */
const timeoutMs = 3_000;

export interface HistorySource {
  readonly resource: Resource;
  readonly storage: Storage;
  readonly prefix: string;
  readonly end: string;
  readonly clock: Clock;
}

interface Stretch {
  /** Events have a greater revision than this, */
  readonly after: number;
  /** and none greater than this. */
  readonly until: number;
  readonly signal: AbortSignal;
}

/** The events of a stretch of history; undefined where storage has not all of them any more, or they are too many. */
export async function readEarlierEvents(
  source: HistorySource,
  stretch: Stretch,
): Promise<readonly CacheEvent[] | undefined> {
  const late = new AbortController();
  const cancelTimer = source.clock.after(timeoutMs, () => late.abort());
  try {
    return await replay(source, { ...stretch, signal: AbortSignal.any([stretch.signal, late.signal]) });
  } catch {
    return undefined; // Compacted, or storage does not answer: the watcher is told to list again.
  } finally {
    cancelTimer();
  }
}

/** Follows the objects from how they stood at the beginning, so that each event knows what was before it. */
async function replay(source: HistorySource, stretch: Stretch): Promise<readonly CacheEvent[] | undefined> {
  const { resource, storage, prefix, end } = source;
  // First the changes, of which there may be too many: nobody shall have us read all objects again and again for nothing.
  const changes = await changesOf(source, stretch);
  if (changes === undefined) return undefined;
  const { after, signal } = stretch;
  const { entries } = await readRange(storage, { start: prefix, end, revision: after, signal });
  let tree = Tree.from(entries.map((keyValue) => new CacheEntry(resource, keyValue)));
  const events: CacheEvent[] = [];
  for (const change of changes) {
    const applied = applyChange(resource, tree, change);
    tree = applied.tree;
    if (applied.event !== undefined) events.push(applied.event);
  }
  return events;
}

/** The changes of a stretch; undefined where they are too many. */
async function changesOf(
  { storage, prefix }: HistorySource,
  { after, until, signal }: Stretch,
): Promise<readonly StorageEvent[] | undefined> {
  const changes: StorageEvent[] = [];
  let sizeBytes = 0;
  const watching = storage.watch(prefix, { after, signal })[Symbol.asyncIterator]();
  try {
    for (let reached = after; reached < until; ) {
      const next = watching.next();
      storage.requestProgress(); // The last change may be from long before the end.
      const { done, value: batch } = await next;
      if (done === true) return undefined;
      for (const change of batch.events) {
        if (change.revision > until) break;
        changes.push(change);
        sizeBytes += change.value?.length ?? 0;
      }
      if (changes.length > eventsMax || sizeBytes > sizeBytesMax) return undefined;
      reached = batch.revision;
    }
    return changes;
  } finally {
    await watching.return?.();
  }
}
