import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { compareKeys, prefixEnd } from "./storage.ts";

/** Around every border of UTF-8 and UTF-16. */
const letter = fc.constantFrom(
  "a",
  "z",
  "/",
  "é",
  "\u07ff",
  "\ud7ff",
  "\ue000",
  "\uffff",
  "\u{10000}",
  "\u{10ffff}",
  "中",
);
const key = fc.array(letter, { maxLength: 5 }).map((letters) => letters.join(""));

test("compareKeys() orders keys by their UTF-8 bytes", () => {
  fc.assert(
    fc.property(key, key, (a, b) => Math.sign(compareKeys(a, b)) === Buffer.compare(Buffer.from(a), Buffer.from(b))),
    { numRuns: 2_000 },
  );
});

test("prefixEnd() ends the range of all keys with a prefix", () => {
  fc.assert(
    fc.property(key, (rest) => {
      const end = prefixEnd("/registry/");
      assert.ok(compareKeys(`/registry/${rest}`, end) < 0);
      assert.ok(compareKeys(end, "/registry/") > 0);
    }),
  );
});
