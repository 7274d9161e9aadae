import assert from "node:assert/strict";
import { test } from "node:test";
import { Type } from "typebox";
import { defineKind } from "../../api/door.ts";
import { defineResource } from "../resource.ts";
import { definitionsOf } from "./definitions.ts";

test("definitionsOf() requires of clients what has no default, at every depth", () => {
  const color = Type.String({ default: "blue" });
  const spec = Type.Object({ size: Type.Integer(), color }, { $id: "GadgetSpec", default: {} });
  const status = Type.Object({}, { default: {} });
  const kind = defineKind({
    group: "gadgets.example.com",
    kind: "Gadget",
    scope: "Namespaced",
    definitionPrefix: "com.example",
    versions: { v1: { schema: Type.Object({ spec, status }) } },
  });
  const definitions = definitionsOf([defineResource(kind)], () => true);
  assert.equal(definitions["com.example.v1.Gadget"]?.required, undefined);
  assert.deepEqual(definitions["com.example.v1.GadgetSpec"]?.required, ["size"]);
});
