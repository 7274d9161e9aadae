import assert from "node:assert/strict";
import { test } from "node:test";
import type { Clock } from "../base/clock.ts";
import { WorkQueue } from "./work-queue.ts";

/** Time stands still until somebody wakes the next who waits. */
function aClock(): Clock & { readonly delaysMs: number[]; wakeNext(): void } {
  const waiting: { delayMs: number; wake: () => void }[] = [];
  const delaysMs: number[] = [];
  return {
    delaysMs,
    nowMs: () => 0,
    after(delayMs, wake) {
      const entry = { delayMs, wake };
      waiting.push(entry);
      delaysMs.push(delayMs);
      return () => void waiting.splice(waiting.indexOf(entry), 1);
    },
    wakeNext: () => waiting.shift()?.wake(),
  };
}

test("a key that is added many times before a worker is free is worked on once", async () => {
  const worked: string[] = [];
  const gate = Promise.withResolvers<void>();
  const queue = new WorkQueue({
    async work(key) {
      worked.push(key);
      await gate.promise;
    },
  });
  queue.add("a");
  for (let index = 0; index < 5; index++) queue.add("b");
  gate.resolve();
  await queue.idle();
  assert.deepEqual(worked, ["a", "b"]);
});

test("a key that is added while it is worked on is worked on again, never twice at once", async () => {
  let active = 0;
  let runs = 0;
  const queue = new WorkQueue({
    workers: 4,
    async work(key) {
      active++;
      assert.equal(active, 1);
      if (++runs === 1) queue.add(key);
      await Promise.resolve();
      active--;
    },
  });
  queue.add("a");
  await queue.idle();
  assert.equal(runs, 2);
});

test("a failure comes back after a pause that doubles, and a success forgets it", async () => {
  const clock = aClock();
  let failures = 3;
  const queue = new WorkQueue({
    clock,
    delayMinMs: 5,
    delayMaxMs: 12,
    async work() {
      if (failures-- > 0) throw new Error("not yet");
    },
  });
  queue.add("a");
  for (let round = 0; round < 3; round++) {
    await queue.idle();
    clock.wakeNext();
  }
  await queue.idle();
  assert.deepEqual(clock.delaysMs, [5, 10, 12]);
  failures = 1;
  queue.add("a");
  await queue.idle();
  assert.deepEqual(clock.delaysMs, [5, 10, 12, 5]);
});

test("close() tells workers to give up and waits for them", async () => {
  let wasAborted = false;
  const queue = new WorkQueue({
    work: (_key, signal) =>
      new Promise((resolve) =>
        signal.addEventListener("abort", () => {
          wasAborted = true;
          resolve();
        }),
      ),
  });
  queue.add("a");
  queue.add("b");
  await queue.close();
  queue.add("c");
  assert.ok(wasAborted);
});
