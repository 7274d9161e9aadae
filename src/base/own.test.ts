import assert from "node:assert/strict";
import { test } from "node:test";
import { getOwn, setOwn } from "./own.ts";

test("setOwn() makes __proto__ a key like any other", () => {
  const target: Record<string, unknown> = {};
  setOwn(target, "__proto__", { polluted: true });
  setOwn(target, "a", 1);
  assert.deepEqual(Object.keys(target), ["__proto__", "a"]);
  assert.equal(Object.getPrototypeOf(target), Object.prototype);
  assert.equal(target.polluted, undefined);
  assert.equal(JSON.stringify(target), '{"__proto__":{"polluted":true},"a":1}');
});

test("setOwn() replaces what it set before, __proto__ included", () => {
  const target: Record<string, number> = {};
  for (const key of ["__proto__", "a"]) {
    setOwn(target, key, 1);
    setOwn(target, key, 2);
    assert.equal(getOwn(target, key), 2);
  }
});

test("getOwn() knows no inherited property", () => {
  const source: Record<string, unknown> = { a: 1 };
  assert.equal(getOwn(source, "a"), 1);
  for (const key of ["constructor", "toString", "__proto__", "hasOwnProperty", "b"])
    assert.equal(getOwn(source, key), undefined, key);
});
