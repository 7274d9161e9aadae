import assert from "node:assert/strict";
import { test } from "node:test";
import { capUpdaters } from "./cap-updaters.ts";
import { FieldSet } from "./field-set.ts";
import { type Owner, ownerKey } from "./managers.ts";

/** Owns the field that is called like it. Its time is in minutes. */
function anOwner(manager: string, minute: number, more: Partial<Owner> = {}): Owner {
  return {
    manager,
    operation: "Update",
    apiVersion: "v1",
    subresource: "",
    time: `2026-11-23T11:${String(minute).padStart(2, "0")}:00Z`,
    fields: FieldSet.of([`f:${manager}`]),
    ...more,
  };
}

/** The owners after the cut, with their fields. */
function capped(owners: readonly Owner[]): Record<string, string[]> {
  const map = new Map(owners.map((owner) => [ownerKey(owner), owner]));
  capUpdaters(map);
  return Object.fromEntries(
    [...map.values()].map(({ manager, apiVersion, fields }) => [
      `${manager} ${apiVersion}`,
      Object.keys(fields.encode()).sort(),
    ]),
  );
}

const ten = Array.from({ length: 10 }, (_, at) => anOwner(`m${at}`, 10 + at));

test("capUpdaters() leaves ten updaters, and any number of appliers, as they are", () => {
  const appliers = Array.from({ length: 5 }, (_, at) => anOwner(`a${at}`, at, { operation: "Apply" }));
  assert.equal(Object.keys(capped([...ten, ...appliers])).length, 15);
});

test("capUpdaters() merges the oldest two into one that owns what both did", () => {
  const owners = capped([anOwner("old", 1), ...ten]);
  assert.equal(Object.keys(owners).length, 10);
  assert.deepEqual(owners["ancient-changes v1"], ["f:m0", "f:old"]);
});

test("capUpdaters() keeps what earlier ancient changes own, also where these are newer than the updaters that are merged", () => {
  const owners = capped([anOwner("old", 1), anOwner("ancient-changes", 5), ...ten.slice(1)]);
  assert.equal(Object.keys(owners).length, 10);
  assert.deepEqual(owners["ancient-changes v1"], ["f:ancient-changes", "f:old"]);

  const late = capped([anOwner("old", 1), anOwner("older", 2), anOwner("ancient-changes", 59), ...ten.slice(2)]);
  assert.deepEqual(late["ancient-changes v1"], ["f:ancient-changes", "f:old", "f:older"]);
});

test("capUpdaters() merges within a version alone", () => {
  const owners = capped([anOwner("a", 1), anOwner("b", 2, { apiVersion: "v2" }), anOwner("c", 3), ...ten.slice(2)]);
  assert.deepEqual(owners["ancient-changes v1"], ["f:a", "f:c"]);
  assert.deepEqual(owners["b v2"], ["f:b"]);
});
