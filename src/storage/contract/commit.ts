// commit(): conditions, all or nothing, one order for all writers.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { OpenStorage } from "../contract.ts";
import { assertFails, type Bench, openBench } from "./bench.ts";

/** As many as the project's load generator has clients. */
const writers = 16;

export function describeCommit(open: OpenStorage): void {
  describe("commit()", () => {
    test("puts a key that must not exist and answers the revision of the key", async (t) => {
      const bench = await openBench(t, open);
      const result = await bench.commit("a", "1", 0);
      assert.ok(result.committed);
      const { entries } = await bench.range();
      assert.deepEqual(entries, [{ key: bench.key("a"), value: Buffer.from("1"), revision: result.revision }]);
    });

    test("answers what stands there where a key that must not exist exists", async (t) => {
      const bench = await openBench(t, open);
      const revision = await bench.put("a", "1");
      const result = await bench.commit("a", "2", 0);
      assert.ok(!result.committed);
      assert.deepEqual(result.current, [{ key: bench.key("a"), value: Buffer.from("1"), revision }]);
      assert.ok(result.revision >= revision);
      assert.deepEqual(await bench.contents(), { a: "1" });
    });

    test("replaces the value that the writer saw and no other", async (t) => {
      const bench = await openBench(t, open);
      const first = await bench.put("a", "1");
      const second = await bench.commit("a", "2", first);
      assert.ok(second.committed && second.revision > first);
      const late = await bench.commit("a", "3", first);
      assert.ok(!late.committed);
      assert.deepEqual(late.current, [{ key: bench.key("a"), value: Buffer.from("2"), revision: second.revision }]);
      assert.deepEqual(await bench.contents(), { a: "2" });
    });

    test("refuses a revision that the key never had, and answers nothing where there is no key", async (t) => {
      const bench = await openBench(t, open);
      const revision = await bench.put("a", "1");
      assert.ok(!(await bench.commit("a", "2", revision + 1_000)).committed);
      const absent = await bench.commit("b", "2", revision);
      assert.ok(!absent.committed);
      assert.deepEqual(absent.current, [undefined]);
    });

    test("writes whatever stands there where nothing is expected", async (t) => {
      const bench = await openBench(t, open);
      await bench.put("a", "1");
      await bench.put("a", "2");
      assert.deepEqual(await bench.contents(), { a: "2" });
    });

    test("deletes the value that the writer saw and no other", async (t) => {
      const bench = await openBench(t, open);
      const first = await bench.put("a", "1");
      const second = await bench.put("a", "2");
      assert.ok(!(await bench.commit("a", undefined, first)).committed);
      const result = await bench.commit("a", undefined, second);
      assert.ok(result.committed && result.revision > second);
      assert.deepEqual(await bench.contents(), {});
    });

    test("gives a key that comes back a new revision", async (t) => {
      const bench = await openBench(t, open);
      const first = await bench.put("a", "1");
      const deleted = await bench.put("a", undefined);
      assert.ok(!(await bench.commit("a", "2", first)).committed);
      const again = await bench.commit("a", "2", 0);
      assert.ok(again.committed && again.revision > deleted);
    });

    test("takes no revision for deleting what is not there", async (t) => {
      const bench = await openBench(t, open);
      const revision = await bench.put("a", "1");
      const result = await bench.commit("b", undefined, 0);
      assert.deepEqual(result, { committed: true, revision });
    });

    test("applies all writes at one revision", async (t) => {
      const bench = await openBench(t, open);
      const first = await bench.put("b", "1");
      const result = await bench.storage.commit([
        bench.write("a", "2", 0),
        bench.write("b", undefined, first),
        bench.write("c", "2"),
      ]);
      assert.ok(result.committed);
      const { entries } = await bench.range();
      assert.deepEqual(
        entries.map((entry) => entry.revision),
        [result.revision, result.revision],
      );
      assert.deepEqual(await bench.contents(), { a: "2", c: "2" });
    });

    test("applies none where one condition fails, and answers what stands at each key, in order", async (t) => {
      const bench = await openBench(t, open);
      const revision = await bench.put("b", "1");
      const result = await bench.storage.commit([
        bench.write("c", "2", 0),
        bench.write("b", "2", 0),
        bench.write("a", "2"),
      ]);
      assert.ok(!result.committed);
      assert.deepEqual(result.current, [
        undefined,
        { key: bench.key("b"), value: Buffer.from("1"), revision },
        undefined,
      ]);
      assert.deepEqual(await bench.contents(), { b: "1" });
      assert.equal(await bench.storage.currentRevision(), revision);
    });

    test("takes empty values and any bytes", async (t) => {
      const bench = await openBench(t, open);
      const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
      await bench.storage.commit([
        { key: bench.key("bytes"), value: bytes, expected: 0 },
        { key: bench.key("empty"), value: Buffer.alloc(0), expected: 0 },
      ]);
      const { entries } = await bench.range();
      assert.deepEqual(
        entries.map((entry) => entry.value),
        [bytes, Buffer.alloc(0)],
      );
    });

    test("takes 128 writes, and no more, of one key each", async (t) => {
      const bench = await openBench(t, open);
      const writes = Array.from({ length: 128 }, (_, i) => bench.write(`${i}`, "1", 0));
      assert.ok((await bench.storage.commit(writes)).committed);
      await assert.rejects(bench.storage.commit([...writes, bench.write("more", "1")]), RangeError);
      await assert.rejects(bench.storage.commit([bench.write("a", "1"), bench.write("a", "2")]), RangeError);
      await assert.rejects(bench.storage.commit([]), RangeError);
      assert.equal((await bench.range()).entries.length, 128);
    });

    test("refuses what is too large and writes nothing of it", async (t) => {
      const bench = await openBench(t, open);
      const large = { key: bench.key("large"), value: Buffer.alloc(8 * 1024 * 1024), expected: 0 };
      await assertFails(bench.storage.commit([bench.write("a", "1"), large]), "TOO_LARGE");
      await assertFails(bench.storage.commit([{ ...large, key: bench.key("k".repeat(4_000)) }]), "TOO_LARGE");
      assert.deepEqual(await bench.contents(), {});
      assert.ok((await bench.commit("a", "1", 0)).committed);
    });

    test("takes a value of 1 MiB", async (t) => {
      const bench = await openBench(t, open);
      const value = Buffer.alloc(1024 * 1024, "annex");
      assert.ok((await bench.storage.commit([{ key: bench.key("a"), value, expected: 0 }])).committed);
      assert.ok((await bench.range()).entries[0]?.value.equals(value));
    });

    test("lets one of several creators of a key win, and shows the others its value", async (t) => {
      const bench = await openBench(t, open);
      const results = await Promise.all(numbers(writers).map((i) => bench.commit("a", `${i}`, 0)));
      const [winner, ...more] = results.filter((result) => result.committed);
      assert.ok(winner !== undefined && more.length === 0);
      const { a } = await bench.contents();
      for (const result of results) {
        if (result.committed) continue;
        assert.equal(result.current[0]?.revision, winner.revision);
        assert.equal(result.current[0]?.value.toString(), a);
      }
    });

    test("loses no increment of several writers, and gives each its own revision", async (t) => {
      const bench = await openBench(t, open);
      await bench.put("counter", "0");
      const revisions = await Promise.all(numbers(writers).map(() => increment(bench, 8)));
      assert.deepEqual(await bench.contents(), { counter: `${writers * 8}` });
      assert.equal(new Set(revisions.flat()).size, writers * 8);
    });

    test("is visible to every read that starts after it was answered", async (t) => {
      const bench = await openBench(t, open);
      await Promise.all(
        numbers(writers).map(async (i) => {
          for (const round of numbers(4)) {
            const revision = await bench.put(`${i}`, `${round}`);
            const [read, current] = await Promise.all([bench.contents(), bench.storage.currentRevision()]);
            assert.equal(read[`${i}`], `${round}`);
            assert.ok(current >= revision);
          }
        }),
      );
    });

    test("writes nothing where its signal has aborted", async (t) => {
      const bench = await openBench(t, open);
      const reason = new Error("The client went away");
      const commit = bench.storage.commit([bench.write("a", "1")], { signal: AbortSignal.abort(reason) });
      await assert.rejects(commit, reason);
      assert.deepEqual(await bench.contents(), {});
    });

    test("writes all or nothing where its signal aborts on the way", async (t) => {
      const bench = await openBench(t, open);
      const controller = new AbortController();
      const reason = new Error("The client went away");
      const commits = numbers(writers).map((i) => {
        const writes = [bench.write(`${i}/a`, "1", 0), bench.write(`${i}/b`, "1", 0)];
        return bench.storage.commit(writes, { signal: controller.signal }).catch((error: unknown) => error);
      });
      setImmediate(() => controller.abort(reason));
      const results = await Promise.all(commits);
      const contents = await bench.contents();
      for (const [i, result] of results.entries()) {
        assert.equal(contents[`${i}/a`], contents[`${i}/b`]);
        if (result !== reason) assert.equal(contents[`${i}/a`], "1");
      }
    });
  });
}

/** Adds one to the counter `times` times, as often as it takes; answers the revisions. */
async function increment(bench: Bench, times: number): Promise<number[]> {
  const revisions: number[] = [];
  while (revisions.length < times) {
    const { entries } = await bench.range();
    const [counter] = entries;
    assert.ok(counter !== undefined);
    const result = await bench.commit("counter", `${Number(counter.value) + 1}`, counter.revision);
    if (result.committed) revisions.push(result.revision);
  }
  return revisions;
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
