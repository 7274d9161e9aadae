import assert from "node:assert/strict";
import { test } from "node:test";
import { Type } from "typebox";
import { defineKind } from "../api/door.ts";
import { decodeStored, encodeStored, itemOfStored, withRevision } from "./stored-object.ts";

const flunder = defineKind({
  group: "wardle.example.com",
  kind: "Flunder",
  scope: "Namespaced",
  hub: "v1beta1",
  stored: "v1alpha1",
  emptyValues: "omit",
  versions: {
    v1alpha1: {
      schema: Type.Object({
        spec: Type.Object({ reference: Type.Optional(Type.String()) }, { default: {} }),
        status: Type.Object({}, { default: {} }),
      }),
      toHub: ({ spec, status }) => ({ spec: { flunderReference: spec.reference ?? "" }, status }),
      fromHub: (object) => ({ spec: { reference: referenceOf(object.spec) }, status: {} }),
    },
    v1beta1: {
      schema: Type.Object({
        spec: Type.Object({ flunderReference: Type.Optional(Type.String()) }, { default: {} }),
        status: Type.Object({}, { default: {} }),
      }),
    },
  },
});

function referenceOf(spec: unknown): string {
  const isSpec = typeof spec === "object" && spec !== null && "flunderReference" in spec;
  return isSpec ? String(spec.flunderReference ?? "") : "";
}

/** As sample-apiserver v0.36.3 wrote it to etcd. */
const written = String.raw`{"kind":"Flunder","apiVersion":"wardle.example.com/v1alpha1","metadata":{"name":"labelled","namespace":"reference","uid":"c352c402-c871-4b0d-9aa8-d08fbf6bb243","creationTimestamp":"2026-11-23T11:26:36Z","labels":{"a":"1","example.com/b":"2"},"annotations":{"note":"ünïcode 🐟 \"quoted\" \u003ctag\u003e \u0026 more"},"managedFields":[{"manager":"example","operation":"Update","apiVersion":"wardle.example.com/v1alpha1","time":"2026-11-23T11:26:36Z","fieldsType":"FieldsV1","fieldsV1":{"f:metadata":{"f:annotations":{".":{},"f:note":{}}}}}]},"spec":{"reference":"x"},"status":{}}
`;

test("encodeStored() writes the bytes that the reference writes", () => {
  const object = decodeStored(flunder, Buffer.from(written), 7);
  assert.equal(object.apiVersion, "wardle.example.com/v1beta1");
  assert.deepEqual(object.spec, { flunderReference: "x" });
  assert.equal(object.metadata.resourceVersion, "7");
  assert.equal(encodeStored(flunder, object).toString(), written);
});

test("decodeStored() reads JSON of any form", () => {
  const value = Buffer.from(`{"spec": {}, "metadata": {"name": "a"}, "apiVersion": "x", "kind": "y"}`);
  const object = decodeStored(flunder, value, 3);
  assert.deepEqual(object.metadata, { name: "a", resourceVersion: "3" });
  const item = itemOfStored(flunder, value, 3).toString();
  assert.deepEqual(JSON.parse(item), { metadata: { name: "a", resourceVersion: "3" }, spec: {}, status: {} });
});

test("itemOfStored() splices the resourceVersion in and leaves kind and apiVersion out", () => {
  const { kind: _kind, apiVersion: _apiVersion, metadata, ...rest } = JSON.parse(written);
  const item = itemOfStored(flunder, Buffer.from(written), 42);
  assert.deepEqual(JSON.parse(item.toString()), { metadata: { ...metadata, resourceVersion: "42" }, ...rest });
});

test("withRevision() changes the resourceVersion of an item alone", () => {
  const item = itemOfStored(flunder, Buffer.from(written), 99);
  const later = withRevision(item, { from: 99, to: 100 });
  assert.equal(later?.toString(), itemOfStored(flunder, Buffer.from(written), 100).toString());
  assert.equal(withRevision(Buffer.from("{}"), { from: 99, to: 100 }), undefined);
});
