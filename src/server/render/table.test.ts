import assert from "node:assert/strict";
import { test } from "node:test";
import { Type } from "typebox";
import { defineKind } from "../../api/door.ts";
import { defineResource } from "../resource.ts";
import { columnsOf } from "./table.ts";

const kind = defineKind({
  group: "test.example.com",
  kind: "Widget",
  scope: "Namespaced",
  versions: { v1: { schema: Type.Object({ spec: Type.Object({ size: Type.Integer() }) }) } },
});
const namesOf = (resource: Parameters<typeof columnsOf>[0]) => columnsOf(resource).map(({ name }) => name);

test("columnsOf() puts the name first, unless a resource places it itself", () => {
  const size = { name: "Size", type: "integer", cell: ({ spec }: { spec: { size: number } }) => spec.size } as const;
  const name = { name: "Name", type: "string", priority: 1, cell: () => "" } as const;
  assert.deepEqual(namesOf(defineResource(kind)), ["Name", "Created At"]);
  assert.deepEqual(namesOf(defineResource(kind, { columns: [size] })), ["Name", "Size"]);
  assert.deepEqual(namesOf(defineResource(kind, { columns: [size, name] })), ["Size", "Name"]);
});
