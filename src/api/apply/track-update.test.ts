import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApiObject, FieldsV1, ManagedFieldsEntry } from "../object-meta.ts";
import { flunder } from "../testing/kinds.ts";
import { trackUpdate } from "./track-update.ts";

const alpha = "wardle.example.com/v1alpha1";
const now = "2026-11-23T15:00:00Z";

interface Write {
  readonly manager?: string;
  readonly subresource?: string;
  readonly now?: string;
  readonly managedFields?: ManagedFieldsEntry[];
}

function aFlunder(labels: Record<string, string>, spec: object = {}): ApiObject {
  return { apiVersion: alpha, kind: "Flunder", metadata: { name: "a", labels }, spec, status: {} };
}

function write(live: ApiObject | undefined, updated: ApiObject, { managedFields, ...options }: Write = {}): ApiObject {
  const theirs = managedFields ?? live?.metadata.managedFields;
  const metadata = { ...updated.metadata, ...(theirs === undefined ? {} : { managedFields: theirs }) };
  const tracked = trackUpdate({
    kind: flunder,
    version: "v1alpha1",
    live,
    updated: { ...updated, metadata },
    manager: "u1",
    subresource: "",
    now,
    ...options,
  });
  return { ...updated, metadata: { ...updated.metadata, ...(tracked && { managedFields: tracked }) } };
}

test("trackUpdate() gives a new object's fields to its creator, but not what the system sets nor empty structs", () => {
  const created = write(undefined, aFlunder({ app: "x" }, { reference: "r" }));
  assert.deepEqual(created.metadata.managedFields, [
    {
      manager: "u1",
      operation: "Update",
      apiVersion: alpha,
      time: now,
      fieldsType: "FieldsV1",
      fieldsV1: { "f:metadata": { "f:labels": { ".": {}, "f:app": {} } }, "f:spec": { "f:reference": {} } },
    },
  ]);
});

test("trackUpdate() lets managed fields that come with a new object own what it does not bring", () => {
  const theirs = (labels: FieldsV1) => ({
    manager: "them",
    operation: "Apply",
    apiVersion: alpha,
    fieldsType: "FieldsV1",
    fieldsV1: { "f:metadata": { "f:labels": labels } },
  });
  const created = write(undefined, aFlunder({ app: "x" }), {
    managedFields: [theirs({ "f:app": {}, "f:tier": {} })],
  });
  assert.deepEqual(
    created.metadata.managedFields?.map(({ manager, fieldsV1 }) => [manager, fieldsV1]),
    [
      ["them", { "f:metadata": { "f:labels": { "f:tier": {} } } }],
      ["u1", { "f:metadata": { "f:labels": { ".": {}, "f:app": {} } } }],
    ],
  );
});

test("trackUpdate() goes on where the client leaves no owner but of a version that nobody knows", () => {
  const created = write(undefined, aFlunder({ app: "x" }));
  const [entry] = created.metadata.managedFields ?? [];
  assert.ok(entry);
  const changed = write(created, aFlunder({ app: "y" }), { managedFields: [{ ...entry, apiVersion: "v9" }] });
  assert.deepEqual(
    changed.metadata.managedFields?.map(({ apiVersion, fieldsV1 }) => [apiVersion, fieldsV1]),
    [[alpha, { "f:metadata": { "f:labels": { "f:app": {} } } }]],
  );
});

test("trackUpdate() ends tracking where the client leaves an owner whose version cannot be read", () => {
  const created = write(undefined, aFlunder({ app: "x" }));
  const [entry] = created.metadata.managedFields ?? [];
  assert.ok(entry);
  const managedFields = [{ ...entry, apiVersion: "a/b/c" }];
  assert.equal(write(created, aFlunder({ app: "y" }), { managedFields }).metadata.managedFields, undefined);
});

test("trackUpdate() ends tracking where a finalizer stands twice that another version's owner would have to tell apart", () => {
  const twice = aFlunder({ app: "x" });
  twice.metadata.finalizers = ["a.b/c", "a.b/c"];
  const created = write(undefined, twice);
  assert.equal(created.metadata.managedFields?.length, 1);
  const [entry] = created.metadata.managedFields ?? [];
  assert.ok(entry);
  const managedFields = [{ ...entry, apiVersion: "wardle.example.com/v1beta1" }];
  assert.equal(write(created, twice, { managedFields }).metadata.managedFields, undefined);
});

test("trackUpdate() moves a changed field to whoever changed it, and forgets a removed one", () => {
  const created = write(undefined, aFlunder({ app: "x", tier: "one" }));
  const changed = write(created, aFlunder({ app: "y" }), { manager: "u2" });
  assert.deepEqual(
    changed.metadata.managedFields?.map(({ manager, fieldsV1 }) => [manager, fieldsV1]),
    [
      ["u1", { "f:metadata": { "f:labels": {} } }],
      ["u2", { "f:metadata": { "f:labels": { "f:app": {} } } }],
    ],
  );
});

test("trackUpdate() leaves all as it was where nothing changed", () => {
  const created = write(undefined, aFlunder({ app: "x" }));
  const same = write(created, aFlunder({ app: "x" }), { manager: "u2", now: "2027-01-01T00:00:00Z" });
  assert.deepEqual(same.metadata.managedFields, created.metadata.managedFields);
});

test("trackUpdate() forgets all owners where the client asks for it, and tracks nothing from then on", () => {
  const created = write(undefined, aFlunder({ app: "x" }));
  for (const managedFields of [[], [{}]]) {
    const reset = write(created, aFlunder({ app: "x" }), { managedFields });
    assert.equal(reset.metadata.managedFields, undefined);
    assert.equal(write(reset, aFlunder({ app: "y" })).metadata.managedFields, undefined);
  }
});

test("trackUpdate() takes owners that the client sends, but not such as nobody could have written, nor any through a subresource", () => {
  const created = write(undefined, aFlunder({ app: "x" }));
  const entry = {
    manager: "x",
    operation: "Update",
    apiVersion: alpha,
    fieldsType: "FieldsV1",
    fieldsV1: { "f:spec": { "f:reference": {} } },
  };
  const managersAfter = (managedFields: ManagedFieldsEntry[], subresource = "") =>
    write(created, aFlunder({ app: "x" }), { managedFields, subresource }).metadata.managedFields?.map(
      ({ manager }) => manager,
    );
  assert.deepEqual(managersAfter([entry]), ["x"]);
  assert.deepEqual(managersAfter([entry], "status"), ["u1"]);
  for (const wrong of [
    { operation: "Bogus" },
    { apiVersion: "" },
    { fieldsType: "FieldsV2" },
    { fieldsType: "" },
    { fieldsV1: { bad: {} } },
  ])
    assert.deepEqual(managersAfter([{ ...entry, ...wrong }]), ["u1"]);
  assert.equal(managersAfter([{ ...entry, fieldsV1: { "q:later": {} } }]), undefined);
  assert.equal(managersAfter([{ ...entry, apiVersion: "example.com/v1alpha1" }]), undefined);
});

test("trackUpdate() names a subresource's writer apart from the object's", () => {
  const created = write(undefined, aFlunder({ app: "x" }));
  const written = write(created, aFlunder({ app: "y" }), { subresource: "status" });
  assert.deepEqual(
    written.metadata.managedFields?.map(({ manager, subresource }) => [manager, subresource]),
    [
      ["u1", undefined],
      ["u1", "status"],
    ],
  );
});

test("trackUpdate() merges the oldest of more than ten updaters into ancient-changes", () => {
  let object = write(undefined, aFlunder({ first: "1" }), { manager: "u00" });
  for (let writer = 1; writer <= 12; writer++) {
    const labels = { ...object.metadata.labels, [`k${writer}`]: "1" };
    object = write(object, aFlunder(labels), { manager: `u${String(writer).padStart(2, "0")}` });
  }
  const managers = object.metadata.managedFields?.map(({ manager }) => manager);
  assert.deepEqual(managers?.slice(0, 2), ["ancient-changes", "u04"]);
  assert.equal(managers?.length, 10);
  assert.deepEqual(Object.keys(object.metadata.managedFields?.[0]?.fieldsV1?.["f:metadata"]?.["f:labels"] ?? {}), [
    ".",
    "f:first",
    "f:k1",
    "f:k2",
    "f:k3",
  ]);
});

test("trackUpdate() names nobody `unknown`", () => {
  assert.equal(write(undefined, aFlunder({ a: "1" }), { manager: "" }).metadata.managedFields?.[0]?.manager, "unknown");
});
