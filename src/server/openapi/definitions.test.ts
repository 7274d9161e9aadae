import assert from "node:assert/strict";
import { test } from "node:test";
import { Type } from "typebox";
import { defineKind } from "../../api/door.ts";
import { defineResource } from "../resource.ts";
import { definitionsOf } from "./definitions.ts";

test("a field with a default is not required of clients", () => {
  const kind = defineKind({
    group: "test.example.com",
    kind: "Widget",
    scope: "Namespaced",
    hub: "v1",
    stored: "v1",
    versions: {
      v1: {
        schema: Type.Object({
          spec: Type.Object({ size: Type.Integer(), colour: Type.String({ default: "red" }) }, { default: {} }),
        }),
      },
    },
  });
  const [definition] = Object.entries(definitionsOf([defineResource(kind)], () => true)).flatMap(([name, schema]) =>
    name.endsWith(".Widget") ? [schema] : [],
  );
  assert.ok(definition !== undefined);
  assert.equal(definition.required, undefined);
  assert.deepEqual(Reflect.get(Object(definition.properties), "spec").required, ["size"]);
});
