import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { StatusError } from "../status-error.ts";
import { propertyRuns } from "../testing/property-runs.ts";
import { applyMergePatch } from "./merge-patch.ts";

// The examples of RFC 7386, appendix A, that have an object for a patch.
const examples: readonly (readonly [unknown, unknown, unknown])[] = [
  [{ a: "b" }, { a: "c" }, { a: "c" }],
  [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
  [{ a: "b" }, { a: null }, {}],
  [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
  [{ a: ["b"] }, { a: "c" }, { a: "c" }],
  [{ a: "c" }, { a: ["b"] }, { a: ["b"] }],
  [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
  [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: "b", c: null }, { a: "b" }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
];
for (const [target, patch, result] of examples)
  test(`applyMergePatch() of ${JSON.stringify(patch)} on ${JSON.stringify(target)}`, () => {
    assert.deepEqual(applyMergePatch(target, patch), result);
  });

for (const patch of [null, [], "text", 5])
  test(`applyMergePatch() refuses ${JSON.stringify(patch)}`, () => {
    assert.throws(
      () => applyMergePatch({}, patch),
      (error) => error instanceof StatusError && error.code === 400,
    );
  });

test("applyMergePatch() takes __proto__ for a key like another", () => {
  const patched = applyMergePatch({ a: 1 }, JSON.parse('{"__proto__":{"polluted":true}}'));
  assert.equal(JSON.stringify(patched), '{"a":1,"__proto__":{"polluted":true}}');
  assert.equal(Reflect.get({}, "polluted"), undefined);
});

test("a merge patch applied twice is a merge patch applied once, and changes neither target nor patch", () => {
  const object = fc.dictionary(fc.constantFrom("a", "b", "__proto__"), fc.jsonValue({ maxDepth: 3 }));
  fc.assert(
    fc.property(object, object, (target, patch) => {
      const before = JSON.stringify([target, patch]);
      const once = applyMergePatch(target, patch);
      assert.equal(JSON.stringify(applyMergePatch(once, patch)), JSON.stringify(once));
      assert.equal(JSON.stringify([target, patch]), before);
    }),
    propertyRuns(200),
  );
});
