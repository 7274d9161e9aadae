import assert from "node:assert/strict";
import { test } from "node:test";
import { timestamp } from "./timestamp.ts";

test("timestamp() writes whole seconds in UTC, newly each second", () => {
  let nowMs = Date.UTC(2026, 10, 23, 11, 26, 36, 999);
  const clock = { nowMs: () => nowMs, after: () => () => {} };
  assert.equal(timestamp(clock), "2026-11-23T11:26:36Z");
  nowMs += 1;
  assert.equal(timestamp(clock), "2026-11-23T11:26:37Z");
});
