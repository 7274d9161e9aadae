// compact(): old history goes, the newest values stay.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { OpenStorage } from "../contract.ts";
import { assertFails, openBench } from "./bench.ts";

export function describeCompaction(open: OpenStorage): void {
  describe("compact()", () => {
    test("keeps the newest version of every key", async (t) => {
      const bench = await openBench(t, open);
      await bench.put("never changed", "1");
      await bench.put("changed", "1");
      await bench.put("deleted", "1");
      await bench.put("changed", "2");
      await bench.put("deleted", undefined);
      await bench.put("came back", "1");
      await bench.put("came back", undefined);
      const revision = await bench.put("came back", "2");
      await bench.storage.compact(revision);
      const expected = { "came back": "2", changed: "2", "never changed": "1" };
      assert.deepEqual(await bench.contents(), expected);
      assert.deepEqual(await bench.contents({ revision }), expected);
      assert.ok((await bench.commit("deleted", "2", 0)).committed);
    });

    test("refuses reads below its revision and keeps those at it and above", async (t) => {
      const bench = await openBench(t, open);
      const first = await bench.put("a", "1");
      const second = await bench.put("a", "2");
      const third = await bench.put("a", "3");
      await bench.put("a", "4");
      await bench.storage.compact(second);
      await assertFails(bench.range({ revision: first }), "REVISION_COMPACTED");
      assert.deepEqual(await bench.contents({ revision: second }), { a: "2" });
      assert.deepEqual(await bench.contents({ revision: third }), { a: "3" });
      assert.deepEqual(await bench.contents(), { a: "4" });
    });

    test("refuses watches after a revision below its own and keeps those after it", async (t) => {
      const bench = await openBench(t, open);
      const first = await bench.put("a", "1");
      const second = await bench.put("a", undefined);
      const third = await bench.put("a", "3");
      await bench.storage.compact(second);
      await assertFails(bench.watch(first).next(), "REVISION_COMPACTED");
      assert.deepEqual(bench.told(await bench.eventsUntil(bench.watch(second), third), first), ["a=3@2"]);
    });

    test("leaves a watch alone that has read what is compacted", async (t) => {
      const bench = await openBench(t, open);
      const base = await bench.put("a", "1");
      const watch = bench.watch(base);
      const second = await bench.put("a", "2");
      await bench.eventsUntil(watch, second);
      const waiting = watch.next();
      await bench.storage.compact(second);
      await bench.put("a", "3");
      const batch = await waiting;
      assert.ok(!batch.done);
      assert.deepEqual(bench.told(batch.value.events, base), ["a=3@2"]);
    });

    test("refuses a revision that has not happened", async (t) => {
      const bench = await openBench(t, open);
      const revision = await bench.put("a", "1");
      await assertFails(bench.storage.compact(revision + 1_000_000), "REVISION_IN_FUTURE");
    });

    test("does nothing where more was compacted already", async (t) => {
      const bench = await openBench(t, open);
      const first = await bench.put("a", "1");
      const second = await bench.put("a", "2");
      await bench.storage.compact(second);
      await bench.storage.compact(first);
      await bench.storage.compact(second);
      assert.deepEqual(await bench.contents({ revision: second }), { a: "2" });
    });

    test("disturbs neither reads nor writes that happen at the same time", async (t) => {
      const bench = await openBench(t, open);
      const base = await bench.put("a", "0");
      const watch = bench.watch(base);
      for (let i = 1; i <= 200; i++) {
        const revision = await bench.put(`${i % 5}`, `${i}`);
        if (i % 20 === 0) {
          const [contents] = await Promise.all([bench.contents(), bench.storage.compact(revision - 10)]);
          assert.equal(contents[`${i % 5}`], `${i}`);
        }
        await bench.eventsUntil(watch, revision);
      }
      assert.deepEqual(await bench.contents(), { 0: "200", 1: "196", 2: "197", 3: "198", 4: "199", a: "0" });
    });
  });
}
