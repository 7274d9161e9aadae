import { strict as assert } from "node:assert";
import { test } from "node:test";
import { decodeVersioned, fromHub, toHub, viewIn } from "./conversion.ts";
import { flunder } from "./testing/kinds.ts";

const body = { metadata: { name: "a", labels: { x: "1" }, finalizers: ["f"] }, spec: { reference: "other" } };

test("decodeVersioned() applies the version's default after decoding", () => {
  assert.deepEqual(decodeVersioned(flunder, "v1alpha1", body).spec, { reference: "other", referenceType: "Flunder" });
});

test("toHub() and fromHub() lead from one version to the other and back", () => {
  const hub = toHub(flunder, decodeVersioned(flunder, "v1alpha1", body), "v1alpha1");
  assert.equal(hub.apiVersion, "wardle.example.com/v1beta1");
  assert.deepEqual(hub.spec, { flunderReference: "other", referenceType: "Flunder" });
  const alpha = fromHub(flunder, hub, "v1alpha1");
  assert.equal(alpha.apiVersion, "wardle.example.com/v1alpha1");
  assert.deepEqual(alpha.spec, { reference: "other", referenceType: "Flunder" });
  assert.deepEqual(fromHub(flunder, hub, "v1beta1"), hub);
});

test("toHub() and fromHub() give metadata and a body that may be changed without changing the source", () => {
  const hub = toHub(
    flunder,
    decodeVersioned(flunder, "v1beta1", { ...body, spec: { flunderReference: "x" } }),
    "v1beta1",
  );
  const before = JSON.stringify(hub);
  for (const copy of [
    fromHub(flunder, hub, "v1beta1"),
    toHub(flunder, hub, "v1beta1"),
    fromHub(flunder, hub, "v1alpha1"),
  ]) {
    copy.metadata.labels = { ...copy.metadata.labels, y: "2" };
    copy.metadata.finalizers?.push("g");
    Object.assign(copy.spec ?? {}, { referenceType: "Changed" });
  }
  assert.equal(JSON.stringify(hub), before);
});

test("viewIn() leaves out what a conversion left empty", () => {
  const hub = toHub(flunder, decodeVersioned(flunder, "v1alpha1", { metadata: { name: "a" } }), "v1alpha1");
  assert.deepEqual(hub.spec, { referenceType: "" });
  assert.deepEqual(viewIn(flunder, hub, "v1beta1").spec, {});
});
