import { strict as assert } from "node:assert";
import { test } from "node:test";
import { exactInteger, incrementInt64 } from "./int64.ts";

test("exactInteger() gives a number where that is exact, and a bigint that JSON can be made of beyond", () => {
  assert.equal(exactInteger(9_007_199_254_740_991n), 9_007_199_254_740_991);
  assert.equal(exactInteger(9_007_199_254_740_993n), 9_007_199_254_740_993n);
  assert.equal(exactInteger(2n ** 63n), 2 ** 63);
  assert.equal(JSON.stringify({ at: exactInteger(-(2n ** 63n)) }), '{"at":-9223372036854775808}');
});

test("incrementInt64() counts beyond the safe numbers, and stops at the greatest int64", () => {
  assert.equal(incrementInt64(undefined), 1);
  assert.equal(incrementInt64(41), 42);
  assert.equal(incrementInt64(Number.MAX_SAFE_INTEGER), 9_007_199_254_740_992n);
  assert.equal(incrementInt64(2n ** 63n - 1n), 2n ** 63n - 1n);
});
