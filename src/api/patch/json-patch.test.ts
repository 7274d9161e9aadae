import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { StatusError } from "../status-error.ts";
import { propertyRuns } from "../testing/property-runs.ts";
import { applyJsonPatch } from "./json-patch.ts";

const document = { a: { b: "c", "d/e~f": 1 }, list: [1, 2, 3], nothing: null };

const results: readonly (readonly [string, readonly object[], object])[] = [
  [
    "adds and replaces a member",
    [
      { op: "add", path: "/a/x", value: 1 },
      { op: "replace", path: "/a/b", value: 2 },
    ],
    { a: { b: 2, "d/e~f": 1, x: 1 } },
  ],
  ["removes a member", [{ op: "remove", path: "/a/b" }], { a: { "d/e~f": 1 } }],
  ["knows ~0 and ~1", [{ op: "replace", path: "/a/d~1e~0f", value: 2 }], { a: { b: "c", "d/e~f": 2 } }],
  ["inserts into a list", [{ op: "add", path: "/list/1", value: 9 }], { list: [1, 9, 2, 3] }],
  [
    "appends with - and with -1",
    [
      { op: "add", path: "/list/-", value: 4 },
      { op: "add", path: "/list/-1", value: 5 },
    ],
    { list: [1, 2, 3, 4, 5] },
  ],
  [
    "counts from the end below zero",
    [
      { op: "remove", path: "/list/-1" },
      { op: "replace", path: "/list/-2", value: 0 },
    ],
    { list: [0, 2] },
  ],
  ["moves", [{ op: "move", from: "/a/b", path: "/list/0" }], { a: { "d/e~f": 1 }, list: ["c", 1, 2, 3] }],
  [
    "copies, and keeps both apart",
    [
      { op: "copy", from: "/a", path: "/z" },
      { op: "remove", path: "/a/b" },
    ],
    { a: { "d/e~f": 1 }, z: { b: "c", "d/e~f": 1 } },
  ],
  [
    "tests a missing member equal to null",
    [
      { op: "test", path: "/a/none", value: null },
      { op: "test", path: "/nothing", value: null },
      { op: "test", path: "/a/none" },
    ],
    {},
  ],
  ["skips what stands before the first slash", [{ op: "add", path: "a/x", value: 1 }], { x: 1 }],
  [
    "takes no scalar for a document",
    [
      { op: "replace", path: "", value: "text" },
      { op: "replace", path: "", value: null },
    ],
    {},
  ],
];
for (const [name, patch, changed] of results)
  test(`applyJsonPatch() ${name}`, () => {
    const before = structuredClone(document);
    assert.deepEqual(applyJsonPatch(document, patch), { ...document, ...changed });
    assert.deepEqual(document, before);
  });

test("applyJsonPatch() replaces the whole document by an object or list", () => {
  assert.deepEqual(applyJsonPatch(document, [{ op: "replace", path: "", value: { x: 1 } }]), { x: 1 });
  assert.deepEqual(applyJsonPatch(document, [{ op: "replace", path: "", value: [] }]), []);
});

test("applyJsonPatch() takes null for a patch that changes nothing", () => {
  assert.equal(applyJsonPatch(document, null), document);
});

const failing: readonly object[] = [
  { op: "test", path: "/a/b", value: "other" },
  { op: "test", path: "/a/b" },
  { op: "test", path: "", value: {} },
  { op: "test", path: "/list/7", value: null },
  { op: "replace", path: "/a/none", value: 1 },
  { op: "remove", path: "/a/none" },
  { op: "remove", path: "" },
  { op: "add", path: "", value: {} },
  { op: "add", path: "/none/x", value: 1 },
  { op: "add", path: "/a/b/x", value: 1 },
  { op: "add", path: "/nothing/x", value: 1 },
  { op: "add", path: "/list/4", value: 1 },
  { op: "add", path: "/list/-5", value: 1 },
  { op: "add", path: "/list/x", value: 1 },
  { op: "replace", path: "/list/-", value: 1 },
  { op: "copy", from: "/none", path: "/x" },
  { op: "move", from: "/a", path: "/a/b/c" },
];
for (const operation of failing)
  test(`applyJsonPatch() fails as a whole with ${JSON.stringify(operation)}`, () => {
    const error = refusal([{ op: "add", path: "/x", value: 1 }, operation]);
    assert.equal(error.code, 422);
    assert.equal(error.message, "the server rejected our request due to an error in our request");
    assert.deepEqual(error.details, {});
  });

const malformed: readonly (readonly [unknown, RegExp])[] = [
  [
    { value: 1, path: "/a", op: "frob" },
    /^invalid operation \{"op":"frob","path":"\/a","value":1\}: unsupported operation$/,
  ],
  [{}, /^invalid operation \{\}: unsupported operation$/],
  [null, /^invalid operation null: unsupported operation$/],
  [{ op: "add", path: "/a" }, /: failed to decode 'value': operation, missing value field: missing value$/],
  [{ op: "move", path: "/a" }, /: failed to decode 'from': operation, missing from field: missing value$/],
  [{ op: "remove" }, /: failed to decode 'path': operation missing path field: missing value$/],
  [{ op: 5, path: "/a" }, /cannot unmarshal number/],
  [5, /cannot unmarshal number/],
];
for (const [operation, words] of malformed)
  test(`applyJsonPatch() refuses the operation ${JSON.stringify(operation)}`, () => {
    const error = refusal([operation]);
    assert.equal(error.code, 400);
    assert.match(error.message, words);
  });

test("applyJsonPatch() takes 10,000 operations and no more", () => {
  const patch = Array.from({ length: 10_000 }, () => ({ op: "test", path: "/a/b", value: "c" }));
  assert.deepEqual(applyJsonPatch(document, patch), document);
  assert.equal(refusal([...patch, patch[0]]).code, 413);
});

test("applyJsonPatch() bounds what copies of copies take and how deep they nest", () => {
  const doubling = Array.from({ length: 60 }, (_, index) => ({ op: "copy", from: "/a", path: `/a/${index}` }));
  assert.equal(refusal(doubling).code, 422);
  const nesting = Array.from({ length: 2_000 }, () => ({ op: "copy", from: "/a", path: "/a/b" }));
  assert.equal(refusal(nesting).code, 422);
});

test("applyJsonPatch() refuses a patch that nests without end", () => {
  const deep: unknown = JSON.parse(`${"[".repeat(5_000)}${"]".repeat(5_000)}`);
  assert.equal(refusal([{ op: "add", path: "/x", value: deep }]).code, 400);
});

const step = fc.constantFrom("", "a", "b", "list", "0", "-1", "-", "2", "__proto__", "constructor", "toString", "x");
const pointer = fc.array(step, { maxLength: 3 }).map((steps) => steps.map((one) => `/${one}`).join(""));
const operation = fc.record(
  {
    op: fc.constantFrom("add", "remove", "replace", "move", "copy", "test"),
    path: pointer,
    from: pointer,
    value: fc.jsonValue({ maxDepth: 2 }),
  },
  { requiredKeys: ["op", "path"] },
);

test("a random patch gives a document or a 4xx, and never pollutes a prototype", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 3 }), fc.array(operation, { maxLength: 6 }), (target, patch) => {
      const [targetBefore, patchBefore] = [JSON.stringify(target), JSON.stringify(patch)];
      try {
        JSON.stringify(applyJsonPatch(target, patch));
      } catch (error) {
        if (!(error instanceof StatusError) || error.code >= 500) throw error;
      }
      assert.deepEqual([JSON.stringify(target), JSON.stringify(patch)], [targetBefore, patchBefore]);
      assert.deepEqual(Object.keys(Object.prototype), []);
      assert.equal(Reflect.get({}, "x"), undefined);
    }),
    propertyRuns(300),
  );
});

function refusal(patch: unknown): StatusError {
  try {
    applyJsonPatch(document, patch);
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
  throw new Error("Nothing was refused");
}
