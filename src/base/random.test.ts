import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "./random.ts";

test("seededRandom() draws the same numbers for the same seed and others for another", () => {
  const draw = (seed: number) => Array.from({ length: 5 }, seededRandom(seed).next);
  assert.deepEqual(draw(7), draw(7));
  assert.notDeepEqual(draw(7), draw(8));
});

test("seededRandom().below() stays under its limit and reaches every number", () => {
  const random = seededRandom(1);
  const seen = new Set(Array.from({ length: 200 }, () => random.below(6)));
  assert.deepEqual([...seen].sort(), [0, 1, 2, 3, 4, 5]);
});
