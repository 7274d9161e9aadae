// A range of storage at one revision, read in pieces that no engine chokes on.

import type { KeyValue, Storage } from "../../storage/door.ts";

/**
 * Objects are read this many at a time, as kube-apiserver reads them. Each page costs an etcd before 3.5 a walk over all that is left of the
 * range: 100,000 objects took 9 s in pages of 500. The engine itself cuts what it sends into smaller pieces.
 */
const pageSize = 10_000;

interface RangeOptions {
  /** From `start` up to, not including, `end`. */
  readonly start: string;
  readonly end: string;
  /** Default: the newest. */
  readonly revision?: number;
  readonly signal: AbortSignal;
}

/** Reads all keys of the range as they stood at one revision, which is the result's. Throws StorageErrors. */
export async function readRange(
  storage: Storage,
  { start, end, revision, signal }: RangeOptions,
): Promise<{ readonly entries: readonly KeyValue[]; readonly revision: number }> {
  const entries: KeyValue[] = [];
  let at = revision;
  for (let from = start; ; ) {
    const page = await storage.range({
      start: from,
      end,
      limit: pageSize,
      signal,
      ...(at === undefined ? {} : { revision: at }),
    });
    at ??= page.revision;
    for (const entry of page.entries) entries.push(entry);
    const last = page.entries.at(-1);
    if (!page.more || last === undefined) return { entries, revision: at };
    from = `${last.key}\0`;
  }
}
