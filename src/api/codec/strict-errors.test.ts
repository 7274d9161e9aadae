import { strict as assert } from "node:assert";
import { test } from "node:test";
import { objectSchema } from "../schema/object-schema.ts";
import { flunder, gadget } from "../testing/kinds.ts";
import { parseDocument, patchedDocument } from "./document.ts";
import { strictErrors } from "./strict-errors.ts";

const alpha = objectSchema(flunder, "v1alpha1");
const errorsOf = (text: string, format: "json" | "yaml" = "json") =>
  strictErrors(parseDocument(Buffer.from(text), format), alpha);

test("strictErrors() has nothing to say about an object that is as it should be", () => {
  const object = {
    kind: "Flunder",
    metadata: { name: "a", labels: { "x.y/z": "1" }, managedFields: [{ fieldsV1: { "f:a": {} } }] },
  };
  assert.deepEqual(errorsOf(JSON.stringify(object)), []);
  assert.deepEqual(errorsOf("null"), []);
});

test("strictErrors() names unknown and duplicate fields in document order, with their paths", () => {
  const text = `{"Kind":"x","spec":{"b":1,"reference":"1","a":{"b":{}},"reference":"2"},"metadata":{"labels":{"l":"1","l":"2"},
    "ownerReferences":[{"extra":1}]},"status":{"x":1},"spec":{}}`;
  assert.deepEqual(errorsOf(text), [
    'unknown field "Kind"',
    'unknown field "spec.b"',
    'unknown field "spec.a"',
    'duplicate field "spec.reference"',
    'duplicate field "metadata.labels.l"',
    'unknown field "metadata.ownerReferences[0].extra"',
    'unknown field "status.x"',
    'duplicate field "spec"',
  ]);
});

test("strictErrors() tells an unknown field that stands twice once, and looks at nothing below it", () => {
  assert.deepEqual(errorsOf('{"x":{"y":1,"y":2},"x":3}'), ['unknown field "x"']);
});

test("strictErrors() takes keys that objects inherit for unknown fields", () => {
  assert.deepEqual(errorsOf('{"spec":{"__proto__":{"reference":"x"},"constructor":1},"toString":1}'), [
    'unknown field "spec.__proto__"',
    'unknown field "spec.constructor"',
    'unknown field "toString"',
  ]);
});

test("strictErrors() tells the first 100 of many", () => {
  const many = Object.fromEntries(Array.from({ length: 120 }, (_, index) => [`u${index}`, 1]));
  const errors = errorsOf(JSON.stringify(many));
  assert.equal(errors.length, 100);
  assert.equal(errors.at(-1), 'unknown field "u99"');
});

test("strictErrors() of YAML tells lines of keys that stand twice first, and then unknown fields in the order of the alphabet", () => {
  assert.deepEqual(errorsOf("z: 1\nspec:\n  x: 1\nkind: a\nkind: Flunder\na: 1\n", "yaml"), [
    'line 5: key "kind" already set in map',
    'unknown field "a"',
    'unknown field "spec.x"',
    'unknown field "z"',
  ]);
});

test("strictErrors() of a patched object tells what stood twice in the patch first", () => {
  const document = patchedDocument({ spec: { unknown: "x" }, other: 1 }, ['duplicate field "spec.reference"']);
  assert.deepEqual(strictErrors(document, alpha), [
    'duplicate field "spec.reference"',
    'unknown field "spec.unknown"',
    'unknown field "other"',
  ]);
});

test("strictErrors() finds unknown fields in lists and maps of objects, and none in free values", () => {
  const spec = { limits: { "a.b": { max: 1, x: 1 } }, parts: [{ name: "a" }, { nam: "b" }], anything: { x: { y: 1 } } };
  const document = parseDocument(Buffer.from(JSON.stringify({ spec })), "json");
  assert.deepEqual(strictErrors(document, objectSchema(gadget, "v1")), [
    'unknown field "spec.limits.a.b.x"',
    'unknown field "spec.parts[1].nam"',
  ]);
});
