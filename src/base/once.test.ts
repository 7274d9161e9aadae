import assert from "node:assert/strict";
import { test } from "node:test";
import { once } from "./once.ts";

test("once() makes its value at the first call, undefined included, and again only where that failed", () => {
  let made = 0;
  const nothing = once(() => {
    made++;
    if (made === 1) throw new RangeError("not yet");
    return undefined;
  });
  assert.equal(made, 0);
  assert.throws(nothing, RangeError);
  assert.equal(nothing(), undefined);
  assert.equal(nothing(), undefined);
  assert.equal(made, 2);
});
