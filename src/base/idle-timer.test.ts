import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../test/support/manual-clock.ts";
import { IdleTimer } from "./idle-timer.ts";

test("an IdleTimer fires once nothing was under way for its time, and never while something is", () => {
  const clock = new ManualClock();
  let idle = 0;
  const timer = new IdleTimer(100, () => idle++, clock);
  clock.advance(50);
  timer.begin();
  timer.begin();
  timer.end();
  assert.equal(timer.underWay, 1);
  clock.advance(1_000);
  assert.equal(idle, 0);
  timer.end();
  clock.advance(99);
  assert.equal(idle, 0);
  clock.advance(1);
  assert.equal(idle, 1);
  clock.advance(1_000);
  assert.equal(idle, 1);
});

test("an IdleTimer that was stopped says nothing", () => {
  const clock = new ManualClock();
  new IdleTimer(100, () => assert.fail("it was stopped"), clock).stop();
  clock.advance(1_000);
});
