import assert from "node:assert/strict";
import { test } from "node:test";
import { isRecord, recordOf, recordsOf } from "./record.ts";

test("isRecord() knows an object with fields from null, lists, texts and boxed numbers", () => {
  assert.ok(isRecord({}));
  assert.ok(isRecord(Object.create(null)));
  for (const value of [null, undefined, [], "a", 1, new Number(1)]) assert.ok(!isRecord(value));
});

test("recordOf() copies the fields, `__proto__` like any other", () => {
  const value: unknown = JSON.parse('{"__proto__":{"a":1},"b":2}');
  const copy = recordOf(value);
  assert.deepEqual(Object.keys(copy), ["__proto__", "b"]);
  assert.notEqual(copy, value);
  assert.deepEqual(recordOf(["a"]), {});
});

test("recordsOf() leaves out what is no object", () => {
  assert.deepEqual(recordsOf([{ a: 1 }, null, [], "b", { c: 2 }]), [{ a: 1 }, { c: 2 }]);
  assert.deepEqual(recordsOf({ 0: {} }), []);
});
