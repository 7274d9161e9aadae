import assert from "node:assert/strict";
import { test } from "node:test";
import { serveForTest } from "../../../test/support/verbs.ts";
import { aWidget, widgets } from "../../../test/support/widgets.ts";
import { create } from "./create.ts";
import { get } from "./get.ts";
import { getScale, patchScale, updateScale } from "./scale.ts";
import { update } from "./update.ts";

const scale = (replicas: number, meta: Record<string, unknown> = {}) => ({
  apiVersion: "autoscaling/v1",
  kind: "Scale",
  metadata: { name: "w", ...meta },
  spec: { replicas },
});

test("getScale() shows how many replicas an object wants and has", async () => {
  await using resource = await serveForTest(widgets);
  const { body: made } = await resource.ask(create, { body: aWidget({ spec: { replicas: 3 } }) });
  await resource.ask(update, {
    name: "w",
    subresource: "status",
    body: aWidget({
      resourceVersion: made.metadata.resourceVersion ?? "",
      status: { replicas: 2, selector: "app=w" },
    }),
  });
  const { body } = await resource.ask(getScale, { name: "w", subresource: "scale" });
  assert.equal(body.kind, "Scale");
  assert.equal(body.apiVersion, "autoscaling/v1");
  assert.deepEqual(body.spec, { replicas: 3 });
  assert.deepEqual(body.status, { replicas: 2, selector: "app=w" });
});

test("updateScale() changes the replicas and nothing else", async () => {
  await using resource = await serveForTest(widgets);
  await resource.ask(create, { body: aWidget({ spec: { color: "blue", replicas: 1 } }) });
  const { status, body } = await resource.ask(updateScale, { name: "w", subresource: "scale", body: scale(5) });
  assert.equal(status, 200);
  assert.deepEqual(body.spec, { replicas: 5 });
  const { body: object } = await resource.ask(get, { name: "w" });
  assert.deepEqual(object.spec, { color: "blue", replicas: 5 });
  assert.equal(object.metadata.generation, 2);
});

test("updateScale() holds a resourceVersion that the client names against the object's", async () => {
  await using resource = await serveForTest(widgets);
  await resource.ask(create, { body: aWidget({ spec: { replicas: 1 } }) });
  const { status } = await resource.ask(updateScale, {
    name: "w",
    subresource: "scale",
    body: scale(5, { resourceVersion: "1000000" }),
  });
  assert.equal(status, 409);
});

test("updateScale() is for the object that the client has seen: another uid is a conflict", async () => {
  await using resource = await serveForTest(widgets);
  const { body: made } = await resource.ask(create, { body: aWidget({ spec: { replicas: 1 } }) });
  const ask = (uid: string) => resource.ask(updateScale, { name: "w", subresource: "scale", body: scale(5, { uid }) });
  assert.equal((await ask("another")).status, 409);
  assert.equal((await ask(made.metadata.uid ?? "")).status, 200);
});

test("updateScale() gives the replicas to its manager, through the scale, and takes them from the one before", async () => {
  await using resource = await serveForTest(widgets);
  await resource.ask(create, {
    query: "fieldManager=author",
    body: aWidget({ spec: { color: "blue", replicas: 1 } }),
  });
  await resource.ask(updateScale, {
    name: "w",
    subresource: "scale",
    query: "fieldManager=autoscaler",
    body: scale(5),
  });
  const { body } = await resource.ask(get, { name: "w" });
  const owners = (body.metadata.managedFields ?? []).map(({ manager, operation, subresource = "", fieldsV1 }) => [
    `${operation} by ${manager} ${subresource}`,
    fieldsV1,
  ]);
  assert.deepEqual(owners, [
    ["Update by author ", { "f:spec": { ".": {}, "f:color": {} } }],
    ["Update by autoscaler scale", { "f:spec": { "f:replicas": {} } }],
  ]);
});

test("patchScale() takes the patches that have a result", async () => {
  await using resource = await serveForTest(widgets);
  await resource.ask(create, { body: aWidget({ spec: { replicas: 1 } }) });
  const merged = await resource.ask(patchScale, {
    name: "w",
    subresource: "scale",
    headers: { "content-type": "application/merge-patch+json" },
    body: { spec: { replicas: 7 } },
  });
  assert.deepEqual(merged.body.spec, { replicas: 7 });
  const wrong = await resource.ask(patchScale, {
    name: "w",
    subresource: "scale",
    headers: { "content-type": "application/merge-patch+json" },
    body: { spec: { replicas: "many" } },
  });
  assert.equal(wrong.status, 422);
});
