import assert from "node:assert/strict";
import { test } from "node:test";
import { type ApiObject, decodeVersioned, fromHub, toHub } from "annex/api";
import { anonymous } from "annex/server";
import { flunder, flunders } from "./flunder.ts";

function decode(version: string, spec: Record<string, unknown>): ApiObject {
  return decodeVersioned(flunder, version, { metadata: { name: "a" }, spec });
}

function faults(version: string, spec: Record<string, unknown>): string[] {
  const hub = toHub(flunder, decode(version, spec), version);
  const errors = flunders.validate?.(hub, { user: anonymous, subresource: "" }) ?? [];
  return errors.map(({ field, message }) => `${field}: ${message}`);
}

test("A v1alpha1 reference is one to a flunder, unless it says otherwise", () => {
  assert.deepEqual(decode("v1alpha1", { reference: "x" }).spec, { reference: "x", referenceType: "Flunder" });
  assert.deepEqual(decode("v1alpha1", { reference: "x", referenceType: "Fischer" }).spec, {
    reference: "x",
    referenceType: "Fischer",
  });
  assert.deepEqual(decode("v1alpha1", {}).spec, {});
  assert.deepEqual(decode("v1beta1", { flunderReference: "x" }).spec, { flunderReference: "x" });
});

test("A flunder goes from v1alpha1 to v1beta1 and back as it was", () => {
  for (const spec of [{}, { reference: "x", referenceType: "Flunder" }, { reference: "y", referenceType: "Fischer" }]) {
    const hub = toHub(flunder, decode("v1alpha1", spec), "v1alpha1");
    assert.deepEqual(fromHub(flunder, hub, "v1alpha1").spec, spec);
  }
});

test("A reference of an unknown type is lost on its way through v1alpha1", () => {
  const hub = toHub(flunder, decode("v1alpha1", { reference: "x", referenceType: "Bogus" }), "v1alpha1");
  assert.deepEqual(hub.spec, {});
});

test("A flunder has one reference at most, and the type that goes with it", () => {
  assert.deepEqual(faults("v1beta1", { flunderReference: "x", fischerReference: "y", referenceType: "Bogus" }), [
    'spec.fischerReference: Invalid value: "y": cannot be set with flunderReference at the same time',
    'spec.referenceType: Invalid value: "Bogus": must be Flunder or Fischer',
  ]);
  assert.deepEqual(faults("v1beta1", { flunderReference: "x" }), [
    'spec.flunderReference: Invalid value: "x": cannot be set if referenceType is not Flunder',
  ]);
  assert.deepEqual(faults("v1beta1", { fischerReference: "y", referenceType: "Flunder" }), [
    'spec.fischerReference: Invalid value: "y": cannot be set if referenceType is not Fischer',
  ]);
  assert.deepEqual(faults("v1alpha1", { referenceType: "Fischer" }), [
    'spec.fischerReference: Invalid value: "": cannot be empty if referenceType is Fischer',
  ]);
  assert.deepEqual(faults("v1alpha1", { reference: "x" }), []);
});
