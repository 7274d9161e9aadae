// Group commit, the deciding half: which of the waiting commits go through, in the order in which they came.

import type { CommitResult, KeyValue, StorageEvent, Write } from "../storage.ts";
import type { Ledger } from "./ledger.ts";

/** What a group of commits comes to: the changes to make durable, and the answer for each commit once they are. */
export interface DecidedGroup {
  readonly events: readonly StorageEvent[];
  /** The newest revision after the group. */
  readonly revision: number;
  readonly results: readonly CommitResult[];
}

/**
 * Checks each commit against the ledger and against what the commits before it in the group change. A commit that loses to one of its
 * own group is answered with that one's value, which is why no answer may leave before the whole group is durable.
 */
export function decideGroup(ledger: Ledger, commits: readonly (readonly Write[])[]): DecidedGroup {
  const staged = new Map<string, StorageEvent>();
  const events: StorageEvent[] = [];
  let revision = ledger.revision;

  const results = commits.map((writes): CommitResult => {
    if (!writes.every((write) => isAsExpected(ledger, staged, write))) {
      return { committed: false, revision, current: writes.map((write) => currentOf(ledger, staged, write.key)) };
    }
    // Deleting a key that is not there is no change, and a commit without changes takes no revision, as in etcd.
    const changes = writes.filter(({ key, value }) => value !== undefined || revisionOf(ledger, staged, key) !== 0);
    if (changes.length > 0) revision++;
    for (const { key, value } of changes) {
      const event = { key, value, revision };
      staged.set(key, event);
      events.push(event);
    }
    return { committed: true, revision };
  });
  return { events, revision, results };
}

function isAsExpected(ledger: Ledger, staged: ReadonlyMap<string, StorageEvent>, write: Write): boolean {
  return write.expected === undefined || write.expected === revisionOf(ledger, staged, write.key);
}

function revisionOf(ledger: Ledger, staged: ReadonlyMap<string, StorageEvent>, key: string): number {
  const event = staged.get(key);
  if (event === undefined) return ledger.revisionOf(key);
  return event.value === undefined ? 0 : event.revision;
}

function currentOf(ledger: Ledger, staged: ReadonlyMap<string, StorageEvent>, key: string): KeyValue | undefined {
  const event = staged.get(key);
  if (event === undefined) return ledger.get(key);
  return event.value === undefined ? undefined : { key, value: event.value, revision: event.revision };
}
