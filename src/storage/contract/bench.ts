// What the tests of the contract stand on: a storage, a prefix of its own, and short words for what is done with them.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { TestContext } from "node:test";
import type { OpenStorage } from "../contract.ts";
import {
  type CommitResult,
  prefixEnd,
  type RangeQuery,
  type RangeResult,
  type Storage,
  type StorageBatch,
  type StorageEvent,
} from "../storage.ts";
import type { StorageErrorCode } from "../storage-error.ts";

/** A storage for one test. Keys are given without the test's prefix. */
export class Bench {
  readonly storage: Storage;
  readonly prefix: string;
  readonly #t: TestContext;

  constructor(t: TestContext, storage: Storage) {
    this.storage = storage;
    this.prefix = `/contract/${randomUUID()}/`;
    this.#t = t;
  }

  key(name: string): string {
    return `${this.prefix}${name}`;
  }

  commit(name: string, value: string | undefined, expected?: number): Promise<CommitResult> {
    return this.storage.commit([this.write(name, value, expected)]);
  }

  /** Puts or deletes, whatever stands there, and answers the revision. */
  async put(name: string, value: string | undefined): Promise<number> {
    const result = await this.commit(name, value);
    assert.ok(result.committed);
    return result.revision;
  }

  write(name: string, value: string | undefined, expected?: number) {
    return { key: this.key(name), value: value === undefined ? undefined : Buffer.from(value), expected };
  }

  range(query: Partial<RangeQuery> = {}): Promise<RangeResult> {
    return this.storage.range({ start: this.prefix, end: prefixEnd(this.prefix), ...query });
  }

  /** What is stored under the prefix, as `{ name: value }`. */
  async contents(query: Partial<RangeQuery> = {}): Promise<Record<string, string>> {
    const { entries } = await this.range(query);
    return Object.fromEntries(entries.map((entry) => [this.name(entry.key), entry.value.toString()]));
  }

  /** A watch that ends with the test. */
  watch(after: number, prefix = this.prefix): AsyncIterator<StorageBatch> {
    const controller = new AbortController();
    this.#t.after(() => controller.abort());
    return this.storage.watch(prefix, { after, signal: controller.signal })[Symbol.asyncIterator]();
  }

  /** Reads a watch until it has come to `revision`. */
  eventsUntil(watch: AsyncIterator<StorageBatch>, revision: number): Promise<StorageEvent[]> {
    return this.#read(watch, (_, reached) => reached >= revision);
  }

  /** Reads a watch until so many events have come. */
  events(watch: AsyncIterator<StorageBatch>, count: number): Promise<StorageEvent[]> {
    return this.#read(watch, (events) => events.length >= count);
  }

  async #read(
    watch: AsyncIterator<StorageBatch>,
    isEnough: (events: readonly StorageEvent[], reached: number) => boolean,
  ): Promise<StorageEvent[]> {
    const events: StorageEvent[] = [];
    for (let reached = 0; !isEnough(events, reached); ) {
      const { done, value } = await watch.next();
      assert.ok(!done, `the watch ended at revision ${reached}`);
      assertFollows(value, reached);
      events.push(...value.events);
      reached = value.revision;
    }
    return events;
  }

  /** Events in a form that reads well in an assertion: `["a=1@5", "a deleted@6"]`, revisions counted from `base`. */
  told(events: readonly StorageEvent[], base = 0): string[] {
    return events.map(({ key, value, revision }) => {
      return `${this.name(key)}${value === undefined ? " deleted" : `=${value}`}@${revision - base}`;
    });
  }

  name(key: string): string {
    assert.ok(key.startsWith(this.prefix), `${key} must be under the prefix that was asked for`);
    return key.slice(this.prefix.length);
  }
}

export async function openBench(t: TestContext, open: OpenStorage): Promise<Bench> {
  const storage = await open(t);
  t.after(() => storage[Symbol.asyncDispose]());
  return new Bench(t, storage);
}

/** Asserts that the promise is rejected with a StorageError of this code. */
export async function assertFails(promise: Promise<unknown>, code: StorageErrorCode): Promise<void> {
  await assert.rejects(promise, { name: "StorageError", code });
}

/** Asserts the order within a batch and after the one before it. */
function assertFollows(batch: StorageBatch, reached: number): void {
  let last = reached;
  for (const { revision } of batch.events) {
    assert.ok(revision > reached, `an event of revision ${revision} came after a batch of revision ${reached}`);
    assert.ok(revision >= last, `an event of revision ${revision} came after one of ${last}`);
    last = revision;
  }
  assert.ok(batch.revision >= last, `a batch of revision ${batch.revision} has an event of ${last}`);
}
