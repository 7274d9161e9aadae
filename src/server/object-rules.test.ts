import assert from "node:assert/strict";
import { test } from "node:test";
import { admin } from "../../test/support/request.ts";
import { widget, widgets } from "../../test/support/widgets.ts";
import { type ApiObject, type ObjectMeta, StatusError } from "../api/door.ts";
import { systemClock } from "../base/clock.ts";
import { isUnnamed, prepareChangedObject, prepareNewObject } from "./object-rules.ts";
import { defineResource } from "./resource.ts";

const who = { user: admin, subresource: "" };
const onCreate = { ...who, clock: systemClock };

function anObject(spec: Record<string, unknown> = {}, metadata: ObjectMeta = {}): ApiObject {
  return {
    apiVersion: "test.example.com/v1",
    kind: "Widget",
    metadata: { name: "w", namespace: "default", uid: "u", resourceVersion: "1", ...metadata },
    spec,
  };
}

test("prepareNewObject() lets a resource without a rule for names hide faults of the metadata behind its own", () => {
  const hiding = defineResource(widget, { nameRule: "path-segment", validate: widgets.validate ?? (() => []) });
  const object = () => anObject({ color: "red" }, { labels: { "-": "x" } });
  const fieldsOf = (action: () => void) => {
    try {
      action();
    } catch (error) {
      if (error instanceof StatusError) return error.details?.causes?.map(({ field }) => field);
    }
    return undefined;
  };
  assert.deepEqual(
    fieldsOf(() => prepareNewObject(hiding, object(), onCreate)),
    ["spec.color"],
  );
  assert.deepEqual(
    fieldsOf(() => prepareNewObject(widgets, object(), onCreate)),
    ["metadata.labels", "spec.color"],
  );
});

test("prepareNewObject() begins with the status that the resource gives, whatever the client sent, where it is written by itself", () => {
  const object = () => ({ ...anObject(), status: { phase: "Made up" } });
  const withStatus = defineResource(widget, { status: true });
  const made = object();
  prepareNewObject(withStatus, made, onCreate);
  assert.ok(!("status" in made));
  const whole = object();
  prepareNewObject(defineResource(widget), whole, onCreate);
  assert.deepEqual(whole.status, { phase: "Made up" });
});

test("prepareChangedObject() counts up the generation with the spec alone, whatever the order of its fields", () => {
  const old = anObject({ color: "blue", replicas: 1 }, { generation: 4 });
  const generationOf = (object: ApiObject, subresource = "") => {
    prepareChangedObject(widgets, object, { ...who, subresource, old });
    return object.metadata.generation;
  };
  assert.equal(generationOf(anObject({ replicas: 1, color: "blue" })), 4);
  assert.equal(generationOf(anObject({ color: "blue", replicas: 1 }, { labels: { a: "b" }, generation: 99 })), 4);
  assert.equal(generationOf(anObject({ color: "green", replicas: 1 })), 5);
  assert.equal(generationOf(anObject({ color: "green", replicas: 1 }), "status"), 4);
});

test("prepareChangedObject() takes back new times of managed fields where nothing else changed", () => {
  const entry = { manager: "m", operation: "Update", apiVersion: "test.example.com/v1", fieldsType: "FieldsV1" };
  const at = (time: string) => ({ managedFields: [{ ...entry, time, fieldsV1: { "f:spec": {} } }] });
  const old = anObject({ color: "blue" }, at("2026-11-23T11:26:36Z"));
  const same = anObject({ color: "blue" }, at("2026-11-23T12:00:00Z"));
  prepareChangedObject(widgets, same, { ...who, old });
  assert.equal(same.metadata.managedFields?.[0]?.time, "2026-11-23T11:26:36Z");
  const other = anObject({ color: "green" }, at("2026-11-23T12:00:00Z"));
  prepareChangedObject(widgets, other, { ...who, old });
  assert.equal(other.metadata.managedFields?.[0]?.time, "2026-11-23T12:00:00Z");
});

test("prepareChangedObject() does not ask a resource that validates no updates", () => {
  const lenient = defineResource(widget, { validatesUpdates: false, validate: widgets.validate ?? (() => []) });
  const old = anObject();
  assert.doesNotThrow(() => prepareChangedObject(lenient, anObject({ color: "red" }), { ...who, old }));
  assert.throws(() => prepareChangedObject(widgets, anObject({ color: "red" }), { ...who, old }), { code: 422 });
});

test("isUnnamed() is true while the server still has to make the name", () => {
  assert.equal(isUnnamed({ generateName: "gen-" }), true);
  assert.equal(isUnnamed({ generateName: "gen-", name: "w" }), false);
  assert.equal(isUnnamed({}), false);
});
