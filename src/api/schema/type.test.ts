import assert from "node:assert/strict";
import { test } from "node:test";
import { Type as TypeBox } from "typebox";
import { Type } from "./type.ts";

function schemasOf(type: typeof Type) {
  return [
    type.Any(),
    type.Array(type.String(), { maxItems: 3 }),
    type.Boolean({ default: true }),
    type.Integer({ format: "int32" }),
    type.Literal("a"),
    type.Literal(3),
    type.Literal(true),
    type.Null(),
    type.Number({ minimum: 1 }),
    type.Object({ a: type.Optional(type.Integer()), b: type.String() }, { $id: "X", description: "x" }),
    type.Object({ a: type.Optional(type.Object({})) }),
    type.Optional(type.String({ description: "x" })),
    type.Record(type.String(), type.Array(type.Integer()), { description: "d" }),
    type.Union([type.Literal("a"), type.Null()], { description: "d" }),
    type.Unsafe<string>({ type: "string", format: "x" }),
  ];
}

test("Type builds what TypeBox builds", () => {
  assert.deepEqual(JSON.parse(JSON.stringify(schemasOf(Type))), JSON.parse(JSON.stringify(schemasOf(TypeBox))));
});

test("Type and TypeBox take each other's schemas, optional ones included", () => {
  const ours = Type.Object({ a: TypeBox.Optional(TypeBox.String()), b: TypeBox.String() });
  const theirs = TypeBox.Object({ a: Type.Optional(Type.String()), b: Type.String() });
  assert.deepEqual(ours.required, ["b"]);
  assert.deepEqual(theirs.required, ["b"]);
});

test("Type leaves the schema as it was that it makes optional", () => {
  const text = Type.String();
  Type.Optional(text);
  assert.deepEqual(Type.Object({ text }).required, ["text"]);
});
