import assert from "node:assert/strict";
import { test } from "node:test";
import { definitionsToV2, definitionsToV3 } from "./to-v3.ts";

const time = "#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.Time";
const owner = {
  type: "object",
  required: ["uid"],
  properties: {
    uid: { type: "string" },
    name: { type: "string" },
    at: { $ref: time, description: "When." },
    tags: { type: "array", items: { type: "string" } },
    owners: { type: "array", items: { $ref: "#/definitions/io.k8s.apimachinery.Owner" } },
    size: { type: "integer", default: 3 },
  },
};

test("definitionsToV3() says what stands for nothing, and lets nothing stand beside a reference", () => {
  const { "io.k8s.apimachinery.Owner": own, "com.example.Owner": other } = definitionsToV3({
    "io.k8s.apimachinery.Owner": owner,
    "com.example.Owner": { type: "object", required: ["uid"], properties: { uid: { type: "string" } } },
  });
  assert.deepEqual(own?.properties, {
    uid: { type: "string", default: "" },
    name: { type: "string" },
    at: { description: "When.", allOf: [{ $ref: "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.Time" }] },
    tags: { type: "array", items: { type: "string", default: "" } },
    owners: {
      type: "array",
      items: { default: {}, allOf: [{ $ref: "#/components/schemas/io.k8s.apimachinery.Owner" }] },
    },
    size: { type: "integer", default: 3 },
  });
  assert.deepEqual(other?.properties, { uid: { type: "string" } });
});

test("definitionsToV2() has no defaults", () => {
  const { Owner } = definitionsToV2({ Owner: owner });
  assert.deepEqual(Owner?.properties, { ...owner.properties, size: { type: "integer" } });
});
