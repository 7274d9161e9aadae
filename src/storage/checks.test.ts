import assert from "node:assert/strict";
import { test } from "node:test";
import { checkRangeQuery, checkWrites, sizeOfWrites } from "./checks.ts";

const sizeMaxBytes = 1.5 * 1024 * 1024;
const aWrite = (key: string, sizeBytes = 0) => ({ key, value: Buffer.alloc(sizeBytes), expected: undefined });

test("checkWrites() takes one and a half MiB of keys and values together, and not a byte more", () => {
  const writes = [aWrite("/a", 1024 * 1024), aWrite("/b", 512 * 1024 - 4)];
  assert.equal(sizeOfWrites(writes), sizeMaxBytes);
  checkWrites(writes);
  assert.throws(() => checkWrites([...writes, aWrite("c")]), { code: "TOO_LARGE" });
});

test("checkWrites() counts a key in bytes of UTF-8, 1,900 at most, and takes no empty one", () => {
  checkWrites([aWrite("k".repeat(1_900)), aWrite("é".repeat(950))]);
  for (const key of ["k".repeat(1_901), "é".repeat(951)])
    assert.throws(() => checkWrites([aWrite(key)]), { code: "TOO_LARGE" });
  assert.throws(() => checkWrites([aWrite("")]), RangeError);
});

test("checkRangeQuery() takes revisions and limits from 1, and whole numbers alone", () => {
  checkRangeQuery({ start: "", end: "", revision: 1, limit: 1 });
  checkRangeQuery({ start: "", end: "" });
  for (const value of [0, -1, 1.5, Number.NaN, 2 ** 53]) {
    assert.throws(() => checkRangeQuery({ start: "", end: "", revision: value }), RangeError);
    assert.throws(() => checkRangeQuery({ start: "", end: "", limit: value }), RangeError);
  }
});
