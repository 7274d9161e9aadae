import assert from "node:assert/strict";
import { test } from "node:test";
import { scaleIntOrString } from "./int-or-string.ts";

test("scaleIntOrString() takes a count as it is, and a share of the total rounded down, or up where that is asked for", () => {
  assert.equal(scaleIntOrString(3, { total: 10 }), 3);
  assert.equal(scaleIntOrString("25%", { total: 10 }), 2);
  assert.equal(scaleIntOrString("25%", { total: 10, roundUp: true }), 3);
  assert.equal(scaleIntOrString("150%", { total: 10 }), 15);
});

test("scaleIntOrString() knows no other texts", () => {
  for (const text of ["", "%", "25", "-5%", "2.5%", " 25%", "25 %", "9999999999%"])
    assert.equal(scaleIntOrString(text, { total: 10 }), undefined, text);
});
