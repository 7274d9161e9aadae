import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { ManualClock } from "../../../test/support/manual-clock.ts";
import { widget, widgets } from "../../../test/support/widgets.ts";
import { StatusError } from "../../api/door.ts";
import { seededRandom } from "../../base/random.ts";
import type { Storage } from "../../storage/door.ts";
import { openMemoryStorage } from "../../storage/memory/memory-storage.ts";
import { encodeStored } from "../stored-object.ts";
import { ResourceCache } from "./resource-cache.ts";

const prefix = "/registry/test.example.com/widgets/";
const scale = Number(process.env.ANNEX_SCALE ?? 1);
const never = new AbortController().signal;

function storedWidget(name: string, color: string): Buffer {
  return encodeStored(widget, {
    apiVersion: "test.example.com/v1",
    kind: "Widget",
    metadata: { name, namespace: "default", labels: { color } },
    spec: { color },
  });
}

async function put(storage: Storage, name: string, color = "blue"): Promise<number> {
  const key = `${prefix}default/${name}`;
  const { revision } = await storage.commit([{ key, value: storedWidget(name, color), expected: undefined }]);
  return revision;
}

async function statusOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof StatusError) return `${error.code} ${error.message}`;
    throw error;
  }
  return "no error";
}

test("ResourceCache has after each answered write what storage has, with many writers at once", async () => {
  const seed = Number(process.env.ANNEX_SEED ?? 20_261_123);
  const random = seededRandom(seed);
  await using storage = openMemoryStorage();
  for (let at = 0; at < 1_200; at++) await put(storage, `w${at}`);
  const cache = new ResourceCache({ resource: widgets, storage, prefix });
  cache.start();
  await cache.ready();
  assert.equal(cache.snapshot.tree.size, 1_200);

  const writer = async () => {
    for (let step = 0; step < 200 * scale; step++) {
      const key = `${prefix}default/w${random.below(1_500)}`;
      const value = random.next() < 0.3 ? undefined : storedWidget("w", `c${step}`);
      const { revision } = await storage.commit([{ key, value, expected: undefined }]);
      await cache.waitFresh(never);
      assert.ok(cache.revision >= revision, `seed ${seed}: the cache is behind an answered write`);
    }
  };
  await Promise.all(Array.from({ length: 8 }, writer));

  const { entries } = await storage.range({ start: prefix, end: cache.end });
  const cached = [...cache.snapshot.tree.entries(prefix, cache.end)];
  assert.deepEqual(
    cached.map(({ key, revision }) => `${key} ${revision}`),
    entries.map(({ key, revision }) => `${key} ${revision}`),
    `seed ${seed}`,
  );
  await cache.close();
});

test("ResourceCache asks to come back while it is being filled", async () => {
  await using storage = openMemoryStorage();
  const cache = new ResourceCache({ resource: widgets, storage, prefix });
  assert.throws(() => cache.waitFresh(never), { code: 429, message: "storage is (re)initializing" });
});

test("waitFor() waits three seconds for a revision that has not happened", async () => {
  const clock = new ManualClock();
  await using storage = openMemoryStorage();
  const revision = await put(storage, "a");
  const cache = new ResourceCache({ resource: widgets, storage, prefix, clock });
  cache.start();
  await cache.ready();

  const reached = cache.waitFor(revision + 1, never);
  await put(storage, "b");
  await reached;

  const missed = statusOf(cache.waitFor(revision + 100, never));
  clock.advance(3_000);
  assert.equal(await missed, `504 Timeout: Too large resource version: ${revision + 100}, current: ${revision + 1}`);

  const far = statusOf(cache.waitFor(2n ** 63n - 1n, never));
  clock.advance(3_000);
  assert.match(await far, /Too large resource version: 9223372036854775807, current/);
  await cache.close();
});

test("waitFresh() waits for a cache that is behind a storage in the same process", async () => {
  await using storage = openMemoryStorage();
  await put(storage, "a");
  const gate = Promise.withResolvers<void>();
  const late: Storage = Object.assign(Object.create(storage), {
    range: storage.range.bind(storage),
    currentRevision: storage.currentRevision.bind(storage),
    requestProgress: storage.requestProgress.bind(storage),
    async *watch(watched: string, options: { readonly after: number; readonly signal: AbortSignal }) {
      for await (const batch of storage.watch(watched, options)) {
        await gate.promise;
        yield batch;
      }
    },
  });
  const cache = await aLateCache(late);
  const revision = await put(storage, "b");
  const fresh = cache.waitFresh(never);
  assert.ok(fresh instanceof Promise && cache.revision < revision);
  gate.resolve();
  await fresh;
  assert.equal(cache.revision, revision);
  assert.equal(cache.waitFresh(never), undefined);
  await cache.close();
});

test("ResourceCache keeps no moment that is older than its events", async () => {
  await using storage = openMemoryStorage();
  await put(storage, "a");
  const cache = await aLateCache(storage);
  cache.keptRoots.keep(prefix, cache.snapshot);
  const kept = cache.revision;
  // Each takes a fiftieth of the ring's room.
  const large = "x".repeat(600 * 1024);
  while (cache.ring.oldestRevision <= kept) {
    assert.ok(cache.keptRoots.get(prefix, kept) !== undefined);
    await put(storage, "large", large);
    await cache.waitFresh(never);
  }
  assert.equal(cache.keptRoots.get(prefix, kept), undefined);
  await cache.close();
});

test("freshSnapshot() reads storage itself where the cache does not keep up", async () => {
  const clock = new ManualClock();
  await using storage = openMemoryStorage();
  const first = await put(storage, "a");
  const stalled: Storage = Object.assign(Object.create(storage), {
    range: storage.range.bind(storage),
    currentRevision: () => Promise.resolve(storage.currentRevision()),
    requestProgress: () => {},
    async *watch(_prefix: string, { signal }: { readonly signal: AbortSignal }) {
      yield { events: [], revision: first };
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    },
  });
  const cache = new ResourceCache({ resource: widgets, storage: stalled, prefix, clock });
  cache.start();
  await cache.ready();
  const revision = await put(storage, "b");

  const fresh = cache.freshSnapshot({ start: prefix, end: cache.end }, never);
  while (clock.waiting === 0) await nextTurn();
  clock.advance(3_000);
  const snapshot = await fresh;
  assert.equal(snapshot.revision, revision);
  assert.equal(snapshot.tree.size, 2);
  assert.equal(cache.revision, first);
  await cache.close();
});

test("ResourceCache reads everything again where its place in storage's history is gone", async () => {
  const clock = new ManualClock();
  await using storage = openMemoryStorage();
  const first = await put(storage, "a");
  let watches = 0;
  const forgetful: Storage = Object.assign(Object.create(storage), {
    range: storage.range.bind(storage),
    currentRevision: storage.currentRevision.bind(storage),
    requestProgress: storage.requestProgress.bind(storage),
    async *watch(watched: string, options: { readonly after: number; readonly signal: AbortSignal }) {
      if (++watches > 1) return yield* storage.watch(watched, options);
      await put(storage, "b");
      await storage.compact(await put(storage, "c"));
      yield* storage.watch(watched, { ...options, after: first });
    },
  });
  const cache = new ResourceCache({ resource: widgets, storage: forgetful, prefix, clock });
  cache.start();
  await cache.ready();
  const { generation } = cache;
  cache.keptRoots.keep(prefix, cache.snapshot);
  while (cache.generation === generation) {
    await nextTurn();
    clock.advance(1_000);
  }
  assert.equal(cache.snapshot.tree.size, 3);
  assert.ok(cache.ring.oldestRevision >= cache.revision, "nobody may go on from before the gap");
  assert.equal(cache.keptRoots.length, 0, "what was kept may be of another history");
  await cache.close();
});

/** A cache that was filled after all that `write` does. */
async function aLateCache(storage: Storage): Promise<ResourceCache> {
  const cache = new ResourceCache({ resource: widgets, storage, prefix });
  cache.start();
  await cache.ready();
  return cache;
}

test("reachBack() has the ring tell what happened before the cache was filled", async () => {
  await using storage = openMemoryStorage();
  const first = await put(storage, "a");
  const changed = await put(storage, "a", "red");
  await put(storage, "b");
  await storage.commit([{ key: `${prefix}default/a`, value: undefined, expected: undefined }]);
  await storage.commit([{ key: "/elsewhere", value: Buffer.from("x"), expected: undefined }]);
  const cache = await aLateCache(storage);
  assert.equal(cache.ring.oldestRevision, storage.currentRevision());

  await Promise.all([cache.reachBack(changed), cache.reachBack(first)]);
  assert.equal(cache.ring.oldestRevision, first);
  const told: string[] = [];
  for (let at = cache.ring.firstAfter(first); at < cache.ring.end; at++) {
    const event = cache.ring.at(at);
    told.push(`${event?.type} ${event?.entry.selectable.fields["metadata.name"]} ${event?.previous?.revision}`);
  }
  assert.deepEqual(told, [`MODIFIED a ${first}`, "ADDED b undefined", `DELETED a ${changed}`]);
  await cache.close();
});

test("reachBack() leaves the ring as it is where history is compacted away, or too long", async () => {
  await using storage = openMemoryStorage();
  const first = await put(storage, "a");
  for (let at = 0; at < 5_000; at++) await put(storage, "b", `${at}`);
  const cache = await aLateCache(storage);
  const { oldestRevision } = cache.ring;
  await cache.reachBack(first);
  assert.equal(cache.ring.oldestRevision, oldestRevision, "too long");
  await storage.compact(oldestRevision - 10);
  await cache.reachBack(oldestRevision - 11);
  assert.equal(cache.ring.oldestRevision, oldestRevision, "compacted");
  await cache.reachBack(oldestRevision - 10);
  assert.equal(cache.ring.oldestRevision, oldestRevision - 10);
  await cache.close();
});
