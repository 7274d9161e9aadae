import assert from "node:assert/strict";
import { test } from "node:test";
import type { FieldError } from "../field-error.ts";
import type { ObjectMeta } from "../object-meta.ts";
import { pathSegmentFaults } from "./names.ts";
import { fieldManagerErrors, validateObjectMeta, validateObjectMetaUpdate } from "./object-meta.ts";

const rules = { isNamespaced: true, nameFaults: pathSegmentFaults };

function faults(meta: ObjectMeta): string[] {
  return validateObjectMeta({ name: "a", namespace: "ns", ...meta }, rules).map(told);
}

function told({ field, message }: FieldError): string {
  return `${field}: ${message}`;
}

test("validateObjectMeta() finds nothing wrong with ordinary metadata", () => {
  const meta = {
    labels: { app: "x", "example.com/tier": "" },
    annotations: { "UPPER.example/Key": "anything goes" },
    finalizers: ["example.com/hold", "noslash"],
    ownerReferences: [{ apiVersion: "v1", kind: "ConfigMap", name: "c", uid: "u", controller: true }],
    managedFields: [{ manager: "m", operation: "Update", fieldsType: "FieldsV1" }],
    generation: 3,
  };
  assert.deepEqual(faults(meta), []);
});

test("validateObjectMeta() goes through the fields in Kubernetes' order", () => {
  const errors = validateObjectMeta(
    {
      generateName: "a/",
      name: "a/b",
      namespace: "NS",
      generation: -1,
      labels: { "-": "x" },
      annotations: { "-": "x" },
      ownerReferences: [{ apiVersion: "v1", kind: "", name: "n", uid: "u" }],
      finalizers: ["-"],
      managedFields: [{ operation: "Bogus" }],
    },
    rules,
  );
  assert.deepEqual(
    errors.map(({ field }) => field),
    [
      "metadata.generateName",
      "metadata.name",
      "metadata.namespace",
      "metadata.generation",
      "metadata.labels",
      "metadata.annotations",
      "metadata.ownerReferences.kind",
      "metadata.finalizers",
      "metadata.managedFields[0].operation",
    ],
  );
});

test("validateObjectMeta() wants a name, and a namespace exactly where there is one", () => {
  assert.deepEqual(validateObjectMeta({ namespace: "ns" }, rules).map(told), [
    "metadata.name: Required value: name or generateName is required",
  ]);
  assert.deepEqual(validateObjectMeta({ name: "a" }, rules).map(told), ["metadata.namespace: Required value"]);
  assert.deepEqual(validateObjectMeta({ name: "a", namespace: "x" }, { ...rules, isNamespaced: false }).map(told), [
    "metadata.namespace: Forbidden: not allowed on this type",
  ]);
});

test("validateObjectMeta() holds all annotations together to 256 KiB", () => {
  assert.deepEqual(faults({ annotations: { pad: "x".repeat(262_144 - 3) } }), []);
  assert.deepEqual(faults({ annotations: { pad: "x".repeat(262_144 - 2) } }), [
    "metadata.annotations: Too long: may not be more than 262144 bytes",
  ]);
});

test("validateObjectMeta() wants every part of an owner, one controller, and no Event", () => {
  const owner = { apiVersion: "v1", kind: "Pod", name: "p", uid: "1" };
  assert.deepEqual(faults({ ownerReferences: [{ apiVersion: "a/b/c", kind: "", name: "", uid: "" }] }), [
    'metadata.ownerReferences.apiVersion: Invalid value: "a/b/c": version must not be empty',
    'metadata.ownerReferences.kind: Invalid value: "": must not be empty',
    'metadata.ownerReferences.name: Invalid value: "": must not be empty',
    'metadata.ownerReferences.uid: Invalid value: "": must not be empty',
  ]);
  const [two] = faults({
    ownerReferences: [
      { ...owner, controller: true },
      { ...owner, name: "q", controller: true },
    ],
  });
  assert.match(
    two ?? "",
    /Only one reference can have Controller set to true. Found "true" in references for Pod\/p and Pod\/q$/,
  );
  assert.match(faults({ ownerReferences: [{ ...owner, kind: "Event" }] })[0] ?? "", /\/v1, Kind=Event is disallowed/);
});

test("validateObjectMeta() takes either of the garbage collector's finalizers, not both", () => {
  assert.deepEqual(faults({ finalizers: ["orphan"] }), []);
  assert.deepEqual(faults({ finalizers: ["orphan", "foregroundDeletion"] }), [
    'metadata.finalizers: Invalid value: ["orphan","foregroundDeletion"]: finalizer orphan and foregroundDeletion cannot be both set',
  ]);
});

test("validateObjectMetaUpdate() keeps what identifies an object", () => {
  const old = { name: "a", namespace: "ns", uid: "u", creationTimestamp: "2026-11-23T11:26:36Z" };
  assert.deepEqual(validateObjectMetaUpdate(old, old), []);
  assert.deepEqual(validateObjectMetaUpdate({ ...old, uid: "v", deletionGracePeriodSeconds: 0 }, old).map(told), [
    'metadata.uid: Invalid value: "v": field is immutable',
    "metadata.deletionGracePeriodSeconds: Invalid value: 0: field is immutable",
  ]);
});

test("validateObjectMetaUpdate() lets an object that is being deleted lose finalizers and gain none", () => {
  const old = { deletionTimestamp: "2026-11-23T11:26:36Z", finalizers: ["example.com/b", "example.com/a"] };
  assert.deepEqual(validateObjectMetaUpdate({ ...old, finalizers: ["example.com/a"] }, old), []);
  const more = { ...old, finalizers: [...old.finalizers, "z", "y"] };
  assert.deepEqual(validateObjectMetaUpdate(more, old).map(told), [
    'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"y", "z"}',
  ]);
});

test("fieldManagerErrors() wants a manager that can be printed, of at most 128 bytes", () => {
  assert.deepEqual(fieldManagerErrors("é".repeat(64), "m"), []);
  assert.deepEqual(fieldManagerErrors("é".repeat(65), "m").map(told), ["m: Too long: may not be more than 128 bytes"]);
  assert.deepEqual(fieldManagerErrors("aé\n", "m").map(told), [
    'm: Invalid value: "aé\\n": invalid character U+000A (at position 3)',
  ]);
});
