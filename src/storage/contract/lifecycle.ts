// The current revision, health, and the end.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { OpenStorage } from "../contract.ts";
import { assertFails, openBench } from "./bench.ts";

export function describeLifecycle(open: OpenStorage): void {
  describe("currentRevision()", () => {
    test("is at least that of every commit that was answered, and never runs backwards", async (t) => {
      const bench = await openBench(t, open);
      let last = await bench.storage.currentRevision();
      for (let i = 0; i < 20; i++) {
        const revision = await bench.put("a", `${i}`);
        assert.ok(revision > last);
        last = await bench.storage.currentRevision();
        assert.ok(last >= revision);
      }
    });

    test("answers callers that ask at the same moment", async (t) => {
      const bench = await openBench(t, open);
      const revision = await bench.put("a", "1");
      const answers = await Promise.all(Array.from({ length: 100 }, () => bench.storage.currentRevision()));
      assert.ok(answers.every((answer) => answer >= revision));
    });
  });

  describe("check()", () => {
    test("passes where the engine can answer", async (t) => {
      const bench = await openBench(t, open);
      await bench.storage.check({ signal: new AbortController().signal });
    });
  });

  describe("a closed storage", () => {
    test("fails every call with CLOSED", async (t) => {
      const { storage, ...bench } = await openBench(t, open);
      await storage[Symbol.asyncDispose]();
      const { signal } = new AbortController();
      await assertFails(storage.range({ start: "/a", end: "/b" }), "CLOSED");
      await assertFails(storage.commit([{ key: `${bench.prefix}a`, value: undefined, expected: 0 }]), "CLOSED");
      await assertFails((async () => storage.currentRevision())(), "CLOSED");
      await assertFails(storage.compact(1), "CLOSED");
      await assertFails(storage.check({ signal }), "CLOSED");
      storage.requestProgress();
    });

    test("has ended its watches in silence and starts no other", async (t) => {
      const bench = await openBench(t, open);
      const revision = await bench.put("a", "1");
      const waiting = bench.watch(revision).next();
      await bench.storage[Symbol.asyncDispose]();
      assert.equal((await waiting).done, true);
      assert.equal((await bench.watch(revision).next()).done, true);
    });

    test("can be closed again", async (t) => {
      const bench = await openBench(t, open);
      await bench.storage[Symbol.asyncDispose]();
      await bench.storage[Symbol.asyncDispose]();
    });
  });
}
