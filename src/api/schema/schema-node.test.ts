import { strict as assert } from "node:assert";
import { test } from "node:test";
import { Type } from "typebox";
import { compileSchema } from "./schema-node.ts";

test("compileSchema() reads unions as Kubernetes can hold them", () => {
  const color = compileSchema(Type.Union([Type.Literal("red"), Type.Literal("blue")], { description: "A color." }));
  assert.deepEqual(color, {
    type: "scalar",
    scalar: "string",
    schema: { description: "A color.", type: "string", enum: ["red", "blue"] },
  });
  const maybe = compileSchema(Type.Union([Type.Integer(), Type.Null()]));
  assert(maybe.type === "scalar" && maybe.scalar === "integer" && maybe.schema.nullable === true);
  const port = compileSchema(Type.Union([Type.Integer(), Type.String()]));
  assert(port.type === "scalar" && port.scalar === "int-or-string");
  assert.equal(port.schema["x-kubernetes-int-or-string"], true);
  assert.equal(compileSchema(Type.Union([Type.Boolean(), Type.String()])).type, "free");
  const listed = compileSchema(Type.Enum(["a", "b"]));
  assert(listed.type === "scalar" && listed.scalar === "string");
});

test("compileSchema() tells structs, maps, lists and free values apart", () => {
  assert.equal(compileSchema(Type.Object({})).type, "object");
  assert.equal(compileSchema(Type.Record(Type.String(), Type.Integer())).type, "map");
  assert.equal(compileSchema({ type: "object", additionalProperties: { type: "string" } }).type, "map");
  assert.equal(compileSchema({ type: "object", "x-kubernetes-preserve-unknown-fields": true }).type, "free");
  const list = compileSchema(Type.Array(Type.String()));
  assert(list.type === "list" && list.listType === "atomic");
});

test("compileSchema() keeps the order of fields, and says which are always there", () => {
  const node = compileSchema(
    Type.Object({
      spec: Type.Object({ a: Type.Optional(Type.String()) }, { default: {} }),
      pointer: Type.Optional(Type.Object({})),
      count: Type.Optional(Type.Integer({ default: 3 })),
    }),
  );
  assert(node.type === "object");
  assert.deepEqual(
    node.fieldList.map(({ name, isAlwaysPresent, keepsEmpty, defaultValue }) => [
      name,
      isAlwaysPresent,
      keepsEmpty,
      defaultValue,
    ]),
    [
      ["spec", true, true, undefined],
      ["pointer", false, true, undefined],
      ["count", false, false, 3],
    ],
  );
});

test("compileSchema() refuses a list of type map without keys or objects", () => {
  const options = { "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"] };
  assert.throws(
    () => compileSchema(Type.Array(Type.Object({}), { "x-kubernetes-list-type": "map" }), ".parts"),
    TypeError,
  );
  assert.throws(() => compileSchema(Type.Array(Type.String(), options), ".parts"), TypeError);
});
