// What every engine refuses before it starts: calls that the contract does not allow.

import type { RangeQuery, StorageEvent, Write } from "./storage.ts";
import { StorageError } from "./storage-error.ts";

/** As etcd's `--max-txn-ops` by default, so that every engine takes the same commits. */
const writesMax = 128;
/** As etcd's `--max-request-bytes` by default: what fits one engine fits the other. */
const commitSizeMaxBytes = 1_572_864;
/** LMDB takes keys up to 1,978 bytes. Kubernetes' longest are about 700: group 253, plural 63, namespace 63, name 253, and slashes. */
const keySizeMaxBytes = 1_900;

/** Throws where the writes break the rules of Storage.commit(). */
export function checkWrites(writes: readonly Write[]): void {
  if (writes.length === 0 || writes.length > writesMax) {
    throw new RangeError(`Cannot commit ${writes.length} writes as it must be between 1 and ${writesMax}`);
  }
  if (writes.length > 1 && new Set(writes.map((write) => write.key)).size < writes.length) {
    throw new RangeError("Cannot commit two writes of one key as each must be of its own key");
  }
  for (const { key } of writes) checkKey(key);
  const sizeBytes = sizeOfWrites(writes);
  if (sizeBytes > commitSizeMaxBytes) {
    const message = `Cannot commit ${sizeBytes} bytes as it must be at most ${commitSizeMaxBytes}`;
    throw new StorageError("TOO_LARGE", message);
  }
}

/** Throws where a query breaks the rules of Storage.range(). */
export function checkRangeQuery({ revision, limit }: RangeQuery): void {
  if (revision !== undefined && !(Number.isSafeInteger(revision) && revision >= 1)) {
    throw new RangeError(`Cannot read at revision ${revision} as it must be a whole number from 1`);
  }
  if (limit !== undefined && !(Number.isSafeInteger(limit) && limit >= 1)) {
    throw new RangeError(`Cannot read at most ${limit} entries as it must be a whole number from 1`);
  }
}

/** Bytes of the keys and values; keys count as one byte a character, which is near enough for limits. */
export function sizeOfWrites(writes: readonly (Write | StorageEvent)[]): number {
  let sizeBytes = 0;
  for (const { key, value } of writes) sizeBytes += key.length + (value?.length ?? 0);
  return sizeBytes;
}

function checkKey(key: string): void {
  if (key === "") throw new RangeError("Cannot write an empty key");
  // A key that is short in UTF-16 is short in UTF-8, which has at most three bytes for each unit.
  if (key.length * 3 <= keySizeMaxBytes || Buffer.byteLength(key) <= keySizeMaxBytes) return;
  throw new StorageError(
    "TOO_LARGE",
    `Cannot write a key of ${Buffer.byteLength(key)} bytes as it must be at most ${keySizeMaxBytes}`,
  );
}
