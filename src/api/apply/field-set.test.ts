import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { propertyRuns } from "../testing/property-runs.ts";
import { decodeFieldSet, FieldSet } from "./field-set.ts";
import { formatPath } from "./path-element.ts";

const element = fc.constantFrom(
  "f:a",
  "f:b",
  "f:__proto__",
  'k:{"name":"x"}',
  'k:{"name":"y"}',
  'v:"z"',
  "v:1",
  "i:0",
  "i:10",
);
const path = fc.array(element, { minLength: 1, maxLength: 4 });
const set = fc.array(path, { maxLength: 12 }).map((paths) => FieldSet.of(...paths));

test("encode() writes what decodeFieldSet() reads, and says `.` only where longer paths are there, too", () => {
  const wire = {
    "f:metadata": { "f:labels": { ".": {}, "f:app": {} } },
    "f:spec": { "f:parts": { 'k:{"name":"a"}': { ".": {}, "f:size": {} } }, "f:tags": {} },
  };
  assert.deepEqual(decodeFieldSet(wire).encode(), wire);
});

test("encode() orders fields before items, and items by numbers as numbers", () => {
  const wire = decodeFieldSet({ 'k:{"port":80}': {}, 'k:{"port":443}': {}, 'k:{"port":8}': {}, "f:z": {} }).encode();
  assert.deepEqual(Object.keys(wire), ["f:z", 'k:{"port":8}', 'k:{"port":80}', 'k:{"port":443}']);
});

test("decodeFieldSet() takes an item's keys in any order for the same item, and skips kinds of elements of a later time", () => {
  const read = decodeFieldSet({ 'k:{"b":1, "a":2}': { "q:new": {} }, "x:other": { "f:a": {} } });
  assert.deepEqual(read.encode(), { 'k:{"a":2,"b":1}': {} });
});

for (const wrong of [
  null,
  [],
  "text",
  { f: {} },
  { "f:a": 5 },
  { "v:{": {} },
  { "i:x": {} },
  { "k:5": {} },
  { 'v:{"a":1}': {} },
])
  test(`decodeFieldSet() refuses ${JSON.stringify(wrong)}`, () => {
    assert.throws(() => decodeFieldSet(wrong), /Cannot read a set of fields|JSON/);
  });

test("formatPath() shows fields, items and places as the reference does", () => {
  assert.equal(
    formatPath(["f:spec", "f:parts", 'k:{"name":"a","port":1}', "f:size"]),
    '.spec.parts[name="a",port=1].size',
  );
  assert.equal(formatPath(["f:metadata", "f:finalizers", 'v:"x/y"']), '.metadata.finalizers[="x/y"]');
  assert.equal(formatPath(["f:list", "i:3"]), ".list[3]");
});

test("paths() tells at each height first the paths that end there", () => {
  const paths = [...FieldSet.of(["f:b"], ["f:a", "f:x"], ["f:c", "f:y"], ["f:c"]).paths()].map(formatPath);
  assert.deepEqual(paths, [".b", ".c", ".a.x", ".c.y"]);
});

test("the algebra of sets holds, and no operation changes its operands", () => {
  fc.assert(
    fc.property(set, set, set, (a, b, c) => {
      const before = [a, b, c].map(String);
      assert.ok(a.union(b).equals(b.union(a)));
      assert.ok(
        a
          .union(b)
          .union(c)
          .equals(a.union(b.union(c))),
      );
      assert.ok(a.intersection(b).equals(b.intersection(a)));
      assert.ok(a.intersection(b.union(c)).equals(a.intersection(b).union(a.intersection(c))));
      assert.ok(a.difference(b).intersection(b).isEmpty);
      assert.ok(a.difference(b).union(a.intersection(b)).equals(a));
      assert.ok(a.difference(a).isEmpty);
      assert.deepEqual([a, b, c].map(String), before);
    }),
    propertyRuns(100),
  );
});

test("a set goes over the wire and comes back", () => {
  fc.assert(
    fc.property(set, (a) => {
      assert.ok(decodeFieldSet(JSON.parse(JSON.stringify(a.encode()))).equals(a));
    }),
    propertyRuns(100),
  );
});
