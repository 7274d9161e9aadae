// watch(): everything once, in order, from the revision that was asked for.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { OpenStorage } from "../contract.ts";
import type { StorageBatch } from "../storage.ts";
import { type Bench, openBench } from "./bench.ts";

export function describeWatch(open: OpenStorage): void {
  describe("watch()", () => {
    test("delivers what happened after its revision and what happens from then on", async (t) => {
      const bench = await openBench(t, open);
      const base = await bench.put("a", "1");
      await bench.put("a", "2");
      await bench.put("a", undefined);
      const watch = bench.watch(base);
      assert.deepEqual(bench.told(await bench.eventsUntil(watch, base + 2), base), ["a=2@1", "a deleted@2"]);
      const waiting = bench.eventsUntil(watch, base + 3);
      await bench.put("b", "3");
      assert.deepEqual(bench.told(await waiting, base), ["b=3@3"]);
    });

    test("delivers the changes of one commit in one batch", async (t) => {
      const bench = await openBench(t, open);
      const base = await bench.put("c", "1");
      const watch = bench.watch(base);
      const first = watch.next();
      const writes = [bench.write("a", "2"), bench.write("b", "2"), bench.write("c", undefined)];
      await bench.storage.commit(writes);
      await bench.storage.commit(writes.slice(0, 2));
      for (const [batch, expected] of [
        [await first, ["a=2@1", "b=2@1", "c deleted@1"]],
        [await watch.next(), ["a=2@2", "b=2@2"]],
      ] as const) {
        assert.ok(!batch.done);
        assert.deepEqual(bench.told(batch.value.events, base).toSorted(), expected);
      }
    });

    test("delivers only keys under its prefix", async (t) => {
      const bench = await openBench(t, open);
      const base = await bench.put("x", "1");
      const watch = bench.watch(base, bench.key("b/"));
      for (const name of ["a", "b", "b/1", "b0", "c/1"]) await bench.put(name, "1");
      const revision = await bench.put("b/2", "1");
      assert.deepEqual(bench.told(await bench.eventsUntil(watch, revision), base), ["b/1=1@3", "b/2=1@6"]);
    });

    test("delivers no change that was refused", async (t) => {
      const bench = await openBench(t, open);
      const base = await bench.put("a", "1");
      const watch = bench.watch(base);
      await bench.commit("a", "2", 0);
      await bench.commit("b", undefined);
      const revision = await bench.put("c", "3");
      assert.deepEqual(bench.told(await bench.eventsUntil(watch, revision), base), ["c=3@1"]);
    });

    test("has no gap, duplicate or disorder under 16 writers, wherever and whenever it starts", async (t) => {
      const bench = await openBench(t, open);
      const base = await bench.put("0", "start");
      const early = bench.watch(base);
      const writing = Promise.all(Array.from({ length: 16 }, (_, i) => writeMuch(bench, `${i}`)));
      const midway = await bench.put("0", "midway");
      const late = bench.watch(midway);
      await writing;
      const end = await bench.put("0", "end");
      const after = bench.watch(base);

      const all = await bench.eventsUntil(after, end);
      assert.equal(all.length, 16 * writesOfEach + 2);
      assert.deepEqual(await bench.eventsUntil(early, end), all);
      assert.deepEqual(
        await bench.eventsUntil(late, end),
        all.filter((event) => event.revision > midway),
      );
      assert.equal(new Set(all.map((event) => event.revision)).size, all.length);
    });

    test("waits for a slow reader and then has everything", async (t) => {
      const bench = await openBench(t, open);
      const base = await bench.put("a", "0");
      const watch = bench.watch(base);
      const first = watch.next();
      const value = "x".repeat(64 * 1024);
      for (let i = 0; i < 100; i++) await bench.put(`${i % 7}`, `${i}-${value}`);
      const { value: batch } = await first;
      const rest = await bench.eventsUntil(watch, base + 100);
      const numbers = [...batch.events, ...rest].map((event) => Number.parseInt(`${event.value?.subarray(0, 8)}`, 10));
      assert.deepEqual(
        numbers,
        Array.from({ length: 100 }, (_, i) => i),
      );
    });

    test("says how far it is when it is asked, also where nothing under its prefix changes", async (t) => {
      const bench = await openBench(t, open);
      const base = await bench.put("a/1", "1");
      const watch = bench.watch(base, bench.key("b/"));
      const first = watch.next();
      const revision = await bench.put("a/1", "2");
      const asking = setInterval(() => bench.storage.requestProgress(), 10);
      t.after(() => clearInterval(asking));
      let batch = await first;
      while (!batch.done && batch.value.revision < revision) batch = await watch.next();
      assert.ok(!batch.done);
      assert.deepEqual(batch.value.events, []);
    });

    test("never reports progress past a change that it has not delivered", async (t) => {
      const bench = await openBench(t, open);
      const base = await bench.put("a", "0");
      const watch = bench.watch(base);
      const asking = setInterval(() => bench.storage.requestProgress(), 1);
      t.after(() => clearInterval(asking));
      const writing = writeMuch(bench, "a");
      const events = await bench.events(watch, writesOfEach);
      assert.deepEqual(
        events.map((event) => event.revision),
        await writing,
      );
    });

    test("ends in silence when its signal aborts while it waits", async (t) => {
      const bench = await openBench(t, open);
      const base = await bench.put("a", "1");
      const controller = new AbortController();
      const batches: StorageBatch[] = [];
      const reading = (async () => {
        const watch = bench.storage.watch(bench.prefix, { after: base, signal: controller.signal });
        for await (const batch of watch) {
          batches.push(batch);
          controller.abort();
        }
      })();
      await bench.put("a", "2");
      await reading;
      assert.deepEqual(bench.told(batches.flatMap((batch) => batch.events)), [`a=2@${base + 1}`]);
    });

    test("ends in silence where its signal has aborted before", async (t) => {
      const bench = await openBench(t, open);
      const watch = bench.storage.watch(bench.prefix, { after: 1, signal: AbortSignal.abort() });
      assert.equal((await watch[Symbol.asyncIterator]().next()).done, true);
    });

    test("can be left by its reader", async (t) => {
      const bench = await openBench(t, open);
      const base = await bench.put("a", "1");
      await bench.put("a", "2");
      const { signal } = new AbortController();
      for await (const batch of bench.storage.watch(bench.prefix, { after: base, signal })) {
        if (batch.events.length > 0) break;
      }
      await bench.put("a", "3");
    });

    test("serves many watchers at once", async (t) => {
      const bench = await openBench(t, open);
      const base = await bench.put("a", "1");
      const watches = Array.from({ length: 64 }, (_, i) => bench.watch(base, bench.key(`${i % 8}/`)));
      const writes = Array.from({ length: 8 }, (_, i) => bench.write(`${i}/x`, "1"));
      const result = await bench.storage.commit(writes);
      const events = await Promise.all(watches.map((watch) => bench.eventsUntil(watch, result.revision)));
      assert.deepEqual(
        events.map((of) => bench.told(of, base).join()),
        watches.map((_, i) => `${i % 8}/x=1@1`),
      );
    });
  });
}

const writesOfEach = 20;

/** Puts, replaces and deletes keys of one writer, and answers the revisions. */
async function writeMuch(bench: Bench, writer: string): Promise<number[]> {
  const revisions: number[] = [];
  for (let i = 0; i < writesOfEach; i++) {
    const [name, value] = i % 3 === 2 ? [i - 1, undefined] : [i, `${i}`];
    revisions.push(await bench.put(`${writer}/${name}`, value));
  }
  return revisions;
}
