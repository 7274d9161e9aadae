import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Type } from "typebox";
import { compileSchema } from "../schema/schema-node.ts";
import { StatusError } from "../status-error.ts";
import { propertyRuns } from "../testing/property-runs.ts";
import { applyStrategicMergePatch } from "./strategic-merge-patch.ts";

const merge = { "x-kubernetes-patch-strategy": "merge" };
const root = compileSchema(
  Type.Object({
    names: Type.Array(Type.String(), merge),
    plain: Type.Array(Type.String()),
    parts: Type.Array(
      Type.Object({ name: Type.String(), size: Type.Integer(), tags: Type.Array(Type.String(), merge) }),
      {
        "x-kubernetes-patch-strategy": "merge,retainKeys",
        "x-kubernetes-patch-merge-key": "name",
      },
    ),
    keyless: Type.Array(Type.Object({ a: Type.Integer() }), merge),
    whole: Type.Object({ a: Type.Integer(), b: Type.Integer() }, { "x-kubernetes-patch-strategy": "replace" }),
    map: Type.Record(Type.String(), Type.String()),
  }),
);
const apply = (target: unknown, patch: unknown) => applyStrategicMergePatch(target, patch, root);

const results: readonly (readonly [string, object, unknown, object])[] = [
  [
    "merges maps, and null removes",
    { map: { a: "1", b: "2" } },
    { map: { a: null, c: "3" } },
    { map: { b: "2", c: "3" } },
  ],
  ["changes nothing for null", { map: { a: "1" } }, null, { map: { a: "1" } }],
  ["replaces lists without a strategy", { plain: ["a"] }, { plain: ["b"] }, { plain: ["b"] }],
  ["puts new texts in front of the old", { names: ["a", "b"] }, { names: ["c"] }, { names: ["c", "a", "b"] }],
  [
    "keeps the place of a text that is there",
    { names: ["a", "b", "c"] },
    { names: ["c", "d"] },
    { names: ["a", "b", "c", "d"] },
  ],
  ["takes texts out", { names: ["a", "b"] }, { "$deleteFromPrimitiveList/names": ["a", "x"] }, { names: ["b"] }],
  [
    "takes texts out of a list without a strategy",
    { plain: ["a", "b"] },
    { "$deleteFromPrimitiveList/plain": ["a"] },
    { plain: ["b"] },
  ],
  [
    "lets be what is no list",
    { map: { a: "1" } },
    { "$deleteFromPrimitiveList/map": ["a"], "$deleteFromPrimitiveList/no": ["a"] },
    { map: { a: "1" } },
  ],
  ["orders texts", { names: ["a", "b", "c"] }, { "$setElementOrder/names": ["c", "a"] }, { names: ["b", "c", "a"] }],
  [
    "adds and orders texts at once",
    { names: ["a", "b", "c"] },
    { "$setElementOrder/names": ["b", "n", "a"], names: ["n"] },
    { names: ["b", "n", "a", "c"] },
  ],
  [
    "merges items by their key",
    { parts: [{ name: "p", size: 1 }, { name: "q" }] },
    { parts: [{ name: "p", tags: ["t"] }] },
    { parts: [{ name: "p", size: 1, tags: ["t"] }, { name: "q" }] },
  ],
  [
    "deletes items",
    { parts: [{ name: "p" }, { name: "q" }] },
    { parts: [{ $patch: "delete", name: "p" }] },
    { parts: [{ name: "q" }] },
  ],
  [
    "replaces a list by a directive",
    { parts: [{ name: "p" }] },
    { parts: [{ $patch: "replace" }, { name: "r" }] },
    { parts: [{ name: "r" }] },
  ],
  ["replaces a map by a directive", { map: { a: "1" } }, { map: { $patch: "replace", b: "2" } }, { map: { b: "2" } }],
  ["empties a map by a directive", { map: { a: "1" } }, { map: { $patch: "delete" } }, { map: {} }],
  ["replaces a map whose strategy says so", { whole: { a: 1 } }, { whole: { b: 2 } }, { whole: { b: 2 } }],
  [
    "retains the named keys",
    { whole: { a: 1 }, map: { a: "1", b: "2" } },
    { map: { $retainKeys: ["b", "c"], c: "3" } },
    { whole: { a: 1 }, map: { b: "2", c: "3" } },
  ],
  [
    "takes what is new without its nulls and directives",
    {},
    { map: { a: null, b: "1" }, parts: [{ $patch: "delete", name: "x" }, { name: "p" }] },
    { map: { b: "1" }, parts: [{ name: "p" }] },
  ],
  ["takes a value of another type as it is", { map: { a: "1" } }, { map: "text" }, { map: "text" }],
];
for (const [name, target, patch, result] of results)
  test(`applyStrategicMergePatch() ${name}`, () => {
    const before = JSON.stringify([target, patch]);
    assert.deepEqual(apply(target, patch), result);
    assert.equal(JSON.stringify([target, patch]), before);
  });

const refused: readonly (readonly [unknown, RegExp])[] = [
  [[], /cannot unmarshal array/],
  ["text", /cannot unmarshal string/],
  [{ map: { $patch: "frob" } }, /unknown patch type: "frob"/],
  [{ parts: [{ $patch: "frob", name: "p" }] }, /unknown patch type/],
  [{ parts: [{ size: 1 }] }, /does not contain declared merge key: name/],
  [{ keyless: [{ a: 1 }] }, /cannot merge lists without merge key for keyless/],
  [{ names: [5] }, /list element types are not identical/],
  [{ names: [["a"]] }, /the server rejected our request/],
  [{ "$setElementOrder/names": "x" }, /invalid patch format of setElementOrder list/],
  [{ "$setElementOrder/names": ["a"], names: ["b"] }, /The order in patch list:/],
  [
    { "$setElementOrder/parts": [{ name: "p" }], parts: [{ name: "p" }, { $patch: "replace" }] },
    /The order in patch list:/,
  ],
  [{ $setElementOrder: ["a"] }, /invalid patch format of setElementOrder list/],
  [{ "$setElementOrder/others": ["a"] }, /unable to find the field "others"/],
  [{ "$setElementOrder/parts": ["p"] }, /must be a list of maps with the key name/],
  [{ "$setElementOrder/parts": [{ size: 1 }] }, /must be a list of maps with the key name/],
  [{ "$setElementOrder/plain": ["a"], plain: [] }, /no elements in any of the given slices/],
  [{ $deleteFromPrimitiveList: ["a"] }, /invalid patch format of primitive list/],
  [{ map: { $retainKeys: ["a"], b: "1" } }, /invalid patch format of retainKeys/],
  [{ map: { $retainKeys: "a" } }, /invalid patch format of retainKeys/],
];
for (const [patch, words] of refused)
  test(`applyStrategicMergePatch() refuses ${JSON.stringify(patch)}`, () => {
    const target = { names: ["a"], parts: [{ name: "p" }], keyless: [{ a: 1 }], map: { a: "1" } };
    assert.throws(
      () => apply(target, patch),
      (error) => {
        assert.ok(error instanceof StatusError && error.code < 500);
        assert.match(error.message, words);
        return true;
      },
    );
  });

test("a random patch gives an object or a 4xx, and never pollutes a prototype", () => {
  const key = fc.constantFrom(
    "names",
    "plain",
    "parts",
    "map",
    "whole",
    "$patch",
    "$retainKeys",
    "$setElementOrder/names",
    "$deleteFromPrimitiveList/names",
    "name",
    "__proto__",
  );
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom("delete", "replace", "p", "names", 1, null),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(key, tie("value"), { maxKeys: 4 }),
    ),
  }));
  fc.assert(
    fc.property(fc.dictionary(key, value), fc.dictionary(key, value), (target, patch) => {
      const before = JSON.stringify([target, patch]);
      try {
        apply(target, patch);
      } catch (error) {
        if (!(error instanceof StatusError) || error.code >= 500) throw error;
      }
      assert.equal(JSON.stringify([target, patch]), before);
      assert.deepEqual(Object.keys(Object.prototype), []);
    }),
    propertyRuns(300),
  );
});
