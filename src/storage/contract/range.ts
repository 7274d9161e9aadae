// range(): bounds, order, limits, and any revision that is kept.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { OpenStorage } from "../contract.ts";
import { prefixEnd } from "../storage.ts";
import { assertFails, openBench } from "./bench.ts";

export function describeRange(open: OpenStorage): void {
  describe("range()", () => {
    test("reads from its start up to but not including its end", async (t) => {
      const bench = await openBench(t, open);
      for (const name of ["a", "b", "c", "d"]) await bench.put(name, "1");
      const contents = await bench.contents({ start: bench.key("b"), end: bench.key("d") });
      assert.deepEqual(Object.keys(contents), ["b", "c"]);
      assert.deepEqual(await bench.contents({ start: bench.key("x"), end: bench.key("z") }), {});
    });

    test("reads one key where its end is the key and a zero byte", async (t) => {
      const bench = await openBench(t, open);
      for (const name of ["a", "a/", "ab"]) await bench.put(name, name);
      assert.deepEqual(await bench.contents({ start: bench.key("a"), end: `${bench.key("a")}\0` }), { a: "a" });
    });

    test("orders keys by their UTF-8 bytes", async (t) => {
      const bench = await openBench(t, open);
      // By UTF-16 units 𝒜 (U+1D49C) would come before ￮ (U+FFEE).
      const names = [
        "A",
        "Z",
        "a",
        "a-",
        "a.",
        "a/",
        "a/b",
        "ab",
        "é",
        "߿",
        "ࠀ",
        "\ue000",
        "￮",
        "𝒜",
        "𝒜a",
        "\u{10ffff}",
      ];
      for (const name of [...names].reverse()) await bench.put(name, "1");
      const { entries } = await bench.range({ end: prefixEnd(bench.prefix) });
      assert.deepEqual(
        entries.map((entry) => bench.name(entry.key)),
        names,
      );
    });

    test("keeps neighbours of the prefix out", async (t) => {
      const bench = await openBench(t, open);
      const inner = { start: bench.key("a/"), end: prefixEnd(bench.key("a/")) };
      for (const name of ["a", "a-b", "a/1", "a0", "b/1"]) await bench.put(name, "1");
      assert.deepEqual(Object.keys(await bench.contents(inner)), ["a/1"]);
    });

    test("stops at its limit and says whether there is more", async (t) => {
      const bench = await openBench(t, open);
      for (const name of ["a", "b", "c"]) await bench.put(name, "1");
      const read = async (limit: number) => {
        const { entries, more } = await bench.range({ limit });
        return { names: entries.map((entry) => bench.name(entry.key)), more };
      };
      assert.deepEqual(await read(2), { names: ["a", "b"], more: true });
      assert.deepEqual(await read(3), { names: ["a", "b", "c"], more: false });
      assert.deepEqual(await read(9), { names: ["a", "b", "c"], more: false });
    });

    test("reads the range as it stood at an older revision, and says the newest", async (t) => {
      const bench = await openBench(t, open);
      const revisions = [
        await bench.put("a", "1"),
        await bench.put("b", "1"),
        await bench.put("a", "2"),
        await bench.put("b", undefined),
        await bench.put("c", "1"),
        await bench.put("b", "2"),
      ];
      const expected = [
        { a: "1" },
        { a: "1", b: "1" },
        { a: "2", b: "1" },
        { a: "2" },
        { a: "2", c: "1" },
        { a: "2", b: "2", c: "1" },
      ];
      for (const [i, revision] of revisions.entries()) {
        assert.deepEqual(await bench.contents({ revision }), expected[i]);
        assert.equal((await bench.range({ revision })).revision, revisions.at(-1));
      }
    });

    test("applies its limit to the entries of an older revision", async (t) => {
      const bench = await openBench(t, open);
      for (const name of ["a", "b", "c", "d"]) await bench.put(name, "1");
      const revision = await bench.put("e", "1");
      await bench.put("a", undefined);
      await bench.put("aa", "1");
      await bench.put("b", "2");
      const { entries, more } = await bench.range({ revision, limit: 2 });
      assert.deepEqual(
        entries.map((entry) => `${bench.name(entry.key)}=${entry.value}`),
        ["a=1", "b=1"],
      );
      assert.ok(more);
      const rest = await bench.range({ revision, limit: 3, start: bench.key("b\0") });
      assert.deepEqual([rest.entries.map((entry) => bench.name(entry.key)), rest.more], [["c", "d", "e"], false]);
    });

    test("refuses a revision that has not happened", async (t) => {
      const bench = await openBench(t, open);
      const revision = await bench.put("a", "1");
      await assertFails(bench.range({ revision: revision + 1_000_000 }), "REVISION_IN_FUTURE");
    });

    test("refuses limits and revisions that are no whole numbers from 1", async (t) => {
      const bench = await openBench(t, open);
      for (const number of [0, -1, 1.5, Number.NaN, 2 ** 60]) {
        await assert.rejects(bench.range({ revision: number }), RangeError);
        await assert.rejects(bench.range({ limit: number }), RangeError);
      }
    });

    test("reads nothing where its signal has aborted", async (t) => {
      const bench = await openBench(t, open);
      const reason = new Error("The client went away");
      await assert.rejects(bench.range({ signal: AbortSignal.abort(reason) }), reason);
    });

    test("reads thousands of keys at one revision while they change", async (t) => {
      const bench = await openBench(t, open);
      const names = Array.from({ length: 2_048 }, (_, i) => `${i}`.padStart(5, "0"));
      for (let i = 0; i < names.length; i += 128) {
        await bench.storage.commit(names.slice(i, i + 128).map((name) => bench.write(name, "old")));
      }
      const reading = bench.range();
      for (const name of ["00000", "01000", "02000"]) await bench.put(name, "new");
      const { entries, revision } = await reading;
      assert.deepEqual(
        entries.map((entry) => bench.name(entry.key)),
        names,
      );
      const asItStood = await bench.range({ revision });
      assert.deepEqual(entries, asItStood.entries);
    });
  });
}
