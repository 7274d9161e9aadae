import assert from "node:assert/strict";
import { test } from "node:test";
import { backOff } from "./backoff.ts";
import type { Clock } from "./clock.ts";

test("backOff() waits twice as long each time up to its maximum, and begins anew after a reset", async () => {
  const delaysMs: number[] = [];
  const clock: Clock = {
    nowMs: () => 0,
    after(delayMs, wake) {
      delaysMs.push(delayMs);
      queueMicrotask(wake);
      return () => {};
    },
  };
  const pause = backOff({ clock, signal: new AbortController().signal, minMs: 10, maxMs: 50 });
  for (let i = 0; i < 5; i++) await pause.wait();
  pause.reset();
  await pause.wait();
  assert.deepEqual(delaysMs, [10, 20, 40, 50, 50, 10]);
});

test("backOff() waits no longer once its signal aborts, and leaves no timer behind", async () => {
  const timers = new Set<() => void>();
  const clock: Clock = {
    nowMs: () => 0,
    after(_delayMs, wake) {
      timers.add(wake);
      return () => timers.delete(wake);
    },
  };
  const controller = new AbortController();
  const pause = backOff({ clock, signal: controller.signal });
  const waiting = pause.wait();
  assert.equal(timers.size, 1);
  controller.abort();
  await waiting;
  assert.equal(timers.size, 0);
  await pause.wait();
  assert.equal(timers.size, 0);
});
