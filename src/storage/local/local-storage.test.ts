import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ManualClock } from "../../../test/support/manual-clock.ts";
import { assertFails } from "../contract/bench.ts";
import { MemoryLedger } from "../memory/memory-ledger.ts";
import type { Storage, StorageEvent } from "../storage.ts";
import { StorageError } from "../storage-error.ts";
import { LocalStorage } from "./local-storage.ts";

describe("group commit", () => {
  test("makes all commits that wait durable at once", async () => {
    const ledger = new SlowLedger();
    const storage = aStorage(ledger);
    const first = put(storage, "/first", "1");
    await ledger.appending;
    const others = ["/a", "/b", "/c"].map((key) => put(storage, key, "1"));
    ledger.finish();
    await first;
    await ledger.appending;
    ledger.finish();
    assert.deepEqual(await Promise.all(others), [3, 4, 5]);
    assert.deepEqual(
      ledger.groups.map((group) => group.length),
      [1, 3],
    );
  });

  test("shows nothing before it is durable", async () => {
    const ledger = new SlowLedger();
    const storage = aStorage(ledger);
    const watch = storage.watch("/", { after: 1, signal: new AbortController().signal })[Symbol.asyncIterator]();
    let events: readonly StorageEvent[] = [];
    const watching = watch.next().then(({ value }) => {
      events = value?.events ?? [];
    });
    const writing = put(storage, "/a", "1");
    await ledger.appending;
    assert.equal(storage.currentRevision(), 1);
    assert.deepEqual(events, []);
    ledger.finish();
    await Promise.all([writing, watching]);
    assert.equal(events.length, 1);
  });

  test("takes a commit back that was cancelled while it waited", async () => {
    const ledger = new SlowLedger();
    const storage = aStorage(ledger);
    const first = put(storage, "/first", "1");
    await ledger.appending;
    const controller = new AbortController();
    const cancelled = storage.commit([{ key: "/a", value: Buffer.from("1"), expected: 0 }], controller);
    const reason = new Error("The client went away");
    controller.abort(reason);
    ledger.finish();
    await first;
    await assert.rejects(cancelled, reason);
    assert.equal(storage.currentRevision(), 2);
  });

  test("goes on after a group that could not be written, of which nothing is left", async () => {
    const ledger = new SlowLedger();
    const storage = aStorage(ledger);
    const failing = ["/a", "/b"].map((key) => assertFails(put(storage, key, "1"), "NO_SPACE"));
    await ledger.appending;
    ledger.fail(new StorageError("NO_SPACE", "Cannot commit as the disk is full"));
    await Promise.all(failing);
    const again = put(storage, "/a", "2");
    await ledger.appending;
    ledger.finish();
    assert.equal(await again, 2);
    assert.equal((await storage.range({ start: "/", end: "0" })).entries.length, 1);
  });

  test("finishes what waits when the storage closes", async () => {
    const ledger = new SlowLedger();
    const storage = aStorage(ledger);
    const writing = put(storage, "/a", "1");
    await ledger.appending;
    const closing = storage[Symbol.asyncDispose]();
    ledger.finish();
    assert.equal(await writing, 2);
    await closing;
  });
});

describe("a watch", () => {
  test("reads from the ledger what is no longer in memory", async () => {
    const storage = aStorage(new MemoryLedger());
    const { signal } = new AbortController();
    for (let i = 0; i < 6_000; i++) await put(storage, `/${i % 3}`, `${i}`);
    const revisions: number[] = [];
    for await (const batch of storage.watch("/1", { after: 1, signal })) {
      revisions.push(...batch.events.map((event) => event.revision));
      if (batch.revision === 6_001) break;
    }
    assert.deepEqual(
      revisions,
      Array.from({ length: 2_000 }, (_, i) => 3 * i + 3),
    );
  });

  test("that is slower than compaction ends with REVISION_COMPACTED", async () => {
    const storage = aStorage(new MemoryLedger());
    const { signal } = new AbortController();
    await put(storage, "/a", "1");
    const watch = storage.watch("/", { after: 1, signal })[Symbol.asyncIterator]();
    await watch.next();
    for (let i = 0; i < 6_000; i++) await put(storage, "/a", `${i}`);
    await storage.compact(6_000);
    await assertFails(watch.next(), "REVISION_COMPACTED");
    assert.equal((await watch.next()).done, true);
  });
});

describe("compaction", () => {
  test("forgets after two intervals what was replaced before the first", async () => {
    const clock = new ManualClock();
    const storage = new LocalStorage(new MemoryLedger(), {
      clock,
      compactionIntervalMs: 300_000,
      historySizeBytes: 1e9,
    });
    const old = await put(storage, "/a", "1");
    const kept = await put(storage, "/a", "2");
    clock.advance(300_000);
    await put(storage, "/a", "3");
    assert.equal((await storage.range({ start: "/", end: "0", revision: old })).entries.length, 1);
    clock.advance(300_000);
    await assertFails(storage.range({ start: "/", end: "0", revision: old }), "REVISION_COMPACTED");
    assert.equal((await storage.range({ start: "/", end: "0", revision: kept })).entries.length, 1);
    await storage[Symbol.asyncDispose]();
    assert.equal(clock.waiting, 0);
  });
});

function aStorage(ledger: MemoryLedger): Storage {
  return new LocalStorage(ledger, { clock: new ManualClock(), compactionIntervalMs: 1e9, historySizeBytes: 1e9 });
}

async function put(storage: Storage, key: string, value: string): Promise<number> {
  const { revision } = await storage.commit([{ key, value: Buffer.from(value), expected: undefined }]);
  return revision;
}

/** A ledger whose appends end when the test says so. */
class SlowLedger extends MemoryLedger {
  readonly groups: (readonly StorageEvent[])[] = [];
  #begun = Promise.withResolvers<void>();
  #end = Promise.withResolvers<void>();

  /** Settles when a group has arrived. */
  get appending(): Promise<void> {
    return this.#begun.promise;
  }

  override async append(events: readonly StorageEvent[]): Promise<void> {
    this.groups.push(events);
    this.#begun.resolve();
    await this.#end.promise;
    super.append(events);
  }

  finish(): void {
    this.#next().resolve();
  }

  fail(error: Error): void {
    this.#next().reject(error);
  }

  #next(): PromiseWithResolvers<void> {
    const end = this.#end;
    this.#begun = Promise.withResolvers();
    this.#end = Promise.withResolvers();
    return end;
  }
}
