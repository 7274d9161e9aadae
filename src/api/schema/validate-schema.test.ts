import { strict as assert } from "node:assert";
import { test } from "node:test";
import { decodeVersioned } from "../conversion.ts";
import { gadget } from "../testing/kinds.ts";
import { validateSchema } from "./validate-schema.ts";

const faultsOf = (spec: Record<string, unknown>) =>
  validateSchema(gadget, "v1", decodeVersioned(gadget, "v1", { spec })).map(
    ({ field, message }) => `${field}: ${message}`,
  );

test("validateSchema() finds nothing in an object that keeps to its schema", () => {
  assert.deepEqual(
    faultsOf({ replicas: 3, color: "red", code: "abc", tags: ["a", "b"], parts: [{ name: "a" }, { name: "b" }] }),
    [],
  );
});

test("validateSchema() words faults as Kubernetes' structural schemas do", () => {
  assert.deepEqual(faultsOf({ replicas: -1 }), [
    "spec.replicas: Invalid value: -1: spec.replicas in body should be greater than or equal to 0",
  ]);
  assert.deepEqual(faultsOf({ replicas: 11 }), [
    "spec.replicas: Invalid value: 11: spec.replicas in body should be less than or equal to 10",
  ]);
  assert.deepEqual(faultsOf({ weight: 0 }), [
    "spec.weight: Invalid value: 0: spec.weight in body should be greater than 0",
  ]);
  assert.deepEqual(faultsOf({ color: "green" }), [
    'spec.color: Unsupported value: "green": supported values: "red", "blue"',
  ]);
  assert.deepEqual(faultsOf({ code: "A" }), [
    'spec.code: Invalid value: "A": spec.code in body should be at least 2 chars long',
    "spec.code: Invalid value: \"A\": spec.code in body should match '^[a-z]+$'",
  ]);
  assert.deepEqual(faultsOf({ code: "abcde" }), ["spec.code: Too long: may not be more than 4 bytes"]);
  assert.deepEqual(faultsOf({ address: "x" }), [
    'spec.address: Invalid value: "x": spec.address in body must be of type ipv4: "x"',
  ]);
  assert.deepEqual(faultsOf({ tags: [] }), [
    "spec.tags: Invalid value: 0: spec.tags in body should have at least 1 items",
  ]);
  assert.deepEqual(faultsOf({ tags: ["a", "b", "c", "d"] }), ["spec.tags: Too many: 4: must have at most 3 items"]);
});

test("validateSchema() finds items of sets and maps that stand twice, and required fields that are missing", () => {
  assert.deepEqual(faultsOf({ tags: ["a", "a"] }), ['spec.tags[1]: Duplicate value: "a"']);
  assert.deepEqual(faultsOf({ parts: [{ name: "a" }, { name: "a" }, {}] }), [
    'spec.parts[1]: Duplicate value: {"name":"a"}',
    "spec.parts[2].name: Required value",
  ]);
  assert.deepEqual(
    validateSchema(gadget, "v1", { apiVersion: "example.com/v1", kind: "Gadget", metadata: {} }).map(
      ({ field }) => field,
    ),
    ["spec"],
  );
});
