import assert from "node:assert/strict";
import { test } from "node:test";
import { serveForTest } from "../../../test/support/verbs.ts";
import { aWidget, widgets } from "../../../test/support/widgets.ts";
import { create } from "./create.ts";
import { get } from "./get.ts";
import { patch } from "./patch.ts";

const json = { "content-type": "application/json-patch+json" };
const merge = { "content-type": "application/merge-patch+json" };
const strategic = { "content-type": "application/strategic-merge-patch+json" };
const apply = { "content-type": "application/apply-patch+yaml" };

test("patch() changes an object in each of its forms", async () => {
  await using resource = await serveForTest(widgets);
  await resource.ask(create, { body: aWidget({ labels: { a: "1" } }) });
  const changes = [
    { headers: json, body: [{ op: "add", path: "/metadata/labels/b", value: "2" }] },
    { headers: merge, body: { metadata: { labels: { c: "3" } } } },
    { headers: strategic, body: { metadata: { labels: { d: "4" } } } },
    { headers: apply, query: "fieldManager=m", body: aWidget({ labels: { e: "5" } }) },
  ];
  for (const change of changes) assert.equal((await resource.ask(patch, { name: "w", ...change })).status, 200);
  const { body } = await resource.ask(get, { name: "w" });
  assert.deepEqual(body.metadata.labels, { a: "1", b: "2", c: "3", d: "4", e: "5" });
});

test("patch() answers 404 where nothing is there, and creates only by apply", async () => {
  await using resource = await serveForTest(widgets);
  assert.equal((await resource.ask(patch, { name: "w", headers: merge, body: {} })).status, 404);
  const applied = await resource.ask(patch, { name: "w", headers: apply, query: "fieldManager=m", body: aWidget() });
  assert.equal(applied.status, 201);
  assert.deepEqual(applied.body.status, { phase: "New" });
});

test("patch() by apply asks whether the user may create what is not there", async () => {
  const authorizer = { authorize: () => ({ verdict: "no opinion", reason: "no rule" }) as const };
  await using resource = await serveForTest(widgets, { authorizer });
  const { status } = await resource.ask(patch, {
    name: "w",
    headers: apply,
    query: "fieldManager=m",
    body: aWidget(),
  });
  assert.equal(status, 403);
  assert.equal((await resource.ask(get, { name: "w" })).status, 404);
});

test("patch() refuses content types that are no patch, in two ways", async () => {
  await using resource = await serveForTest(widgets);
  const unknown = await resource.ask(patch, { name: "w", headers: { "content-type": "application/json" }, body: {} });
  assert.equal(unknown.status, 415);
  assert.equal(unknown.body.message, "415: Unsupported Media Type");
  const near = await resource.ask(patch, {
    name: "w",
    headers: { "content-type": "application/merge-patch+json ; charset=utf-8" },
    body: {},
  });
  assert.match(near.body.message ?? "", /accepted media types include: application\/json-patch\+json, /);
});

test("patch() tells a result that is no widget as 422 with the whole patched text", async () => {
  await using resource = await serveForTest(widgets);
  await resource.ask(create, { body: aWidget() });
  const { status, body } = await resource.ask(patch, { name: "w", headers: merge, body: { spec: { color: 5 } } });
  assert.equal(status, 422);
  assert.match(body.message ?? "", /^ "" is invalid: patch: Invalid value: "\{\\"kind\\":\\"Widget\\"/);
  assert.equal(body.details?.causes?.[0]?.field, "patch");
  const list = await resource.ask(patch, { name: "w", headers: json, body: '[{"op":"replace","path":"","value":[]}]' });
  assert.equal(list.status, 422);
  const noVersion = await resource.ask(patch, { name: "w", headers: merge, body: { apiVersion: "", kind: "Other" } });
  assert.equal(noVersion.status, 422);
  const groupAlone = await resource.ask(patch, {
    name: "w",
    headers: merge,
    body: { apiVersion: "test.example.com/" },
  });
  assert.equal(groupAlone.status, 400);
  // The kind is looked up without regard to case.
  const kind = await resource.ask(patch, { name: "w", headers: merge, body: { Kind: 5 } });
  assert.equal(kind.status, 422);
});

test("patch() warns of fields that are unknown, in the patch's operations as in its result", async () => {
  await using resource = await serveForTest(widgets);
  await resource.ask(create, { body: aWidget({ labels: { a: "1" } }) });
  const { warnings } = await resource.ask(patch, {
    name: "w",
    headers: json,
    body: '[{"op":"add","op":"add","path":"/other","value":1,"why":"so"}]',
  });
  assert.deepEqual(warnings, [
    'json patch duplicate field "[0].op"',
    'json patch unknown field "[0].why"',
    'unknown field "other"',
  ]);
});

test("patch() without a change writes nothing", async () => {
  await using resource = await serveForTest(widgets);
  const { body: before } = await resource.ask(create, { body: aWidget({ labels: { a: "1" } }) });
  const { body } = await resource.ask(patch, {
    name: "w",
    headers: merge,
    query: "fieldManager=other",
    body: { metadata: { labels: { a: "1" } } },
  });
  assert.deepEqual(body, before);
});

test("patch() cannot rename, and cannot take the resourceVersion away", async () => {
  await using resource = await serveForTest(widgets);
  await resource.ask(create, { body: aWidget() });
  const renamed = await resource.ask(patch, { name: "w", headers: merge, body: { metadata: { name: "x" } } });
  assert.equal(renamed.body.message, "the name of the object (x) does not match the name on the URL (w)");
  const unversioned = await resource.ask(patch, {
    name: "w",
    headers: merge,
    body: { metadata: { resourceVersion: null } },
  });
  assert.equal(unversioned.status, 422);
  const foreign = await resource.ask(patch, { name: "w", headers: merge, body: { metadata: { uid: "x" } } });
  assert.match(foreign.body.message ?? "", /metadata.uid: Invalid value: "x": field is immutable/);
});

test("patch() on the status leaves the rest alone, by merge and by apply", async () => {
  await using resource = await serveForTest(widgets);
  await resource.ask(create, { body: aWidget({ spec: { color: "blue" } }) });
  const change = { spec: { color: "green" }, status: { phase: "Ready" } };
  const merged = await resource.ask(patch, { name: "w", subresource: "status", headers: merge, body: change });
  assert.deepEqual([merged.body.spec, merged.body.status], [{ color: "blue" }, { phase: "Ready" }]);
  const applied = await resource.ask(patch, {
    name: "w",
    subresource: "status",
    headers: apply,
    query: "fieldManager=m&force=true",
    body: aWidget({ spec: { color: "green" }, status: { phase: "Done" } }),
  });
  assert.deepEqual([applied.body.spec, applied.body.status], [{ color: "blue" }, { phase: "Done" }]);
});

test("patch() by apply says what it applies, or is refused", async () => {
  await using resource = await serveForTest(widgets);
  const ask = (body: unknown) => resource.ask(patch, { name: "w", headers: apply, query: "fieldManager=m", body });
  assert.equal((await ask("")).body.message, "invalid object type: /, Kind=");
  assert.equal(
    (await ask({ apiVersion: "apps/v1", kind: "Deployment" })).body.message,
    "invalid object type: apps/v1, Kind=Deployment",
  );
  assert.equal(
    (await ask({ apiVersion: "test.example.com/v1", kind: "Widget" })).body.message,
    "the name of the object (w based on URL) was undeterminable: name must be provided",
  );
  assert.equal((await ask(aWidget({ uid: "x" }))).status, 409);
});

test("patch() by apply says that there is no object before it says that the body cannot be read", async () => {
  await using resource = await serveForTest(widgets);
  const ask = (subresource: string) =>
    resource.ask(patch, { name: "w", subresource, headers: apply, query: "fieldManager=m", body: "a: [" });
  assert.equal((await ask("status")).status, 404);
  assert.equal((await ask("")).status, 400);
});

test("patch() by apply owns nothing of a status that it cannot write, and still counts as a change of it", async () => {
  await using resource = await serveForTest(widgets);
  const ask = (manager: string, more: object, subresource = "") =>
    resource.ask(patch, {
      name: "w",
      subresource,
      headers: apply,
      query: `fieldManager=${manager}&force=true`,
      body: aWidget({ spec: { color: "blue" }, ...more }),
    });
  const created = await ask("one", { status: { phase: "Mine" } });
  assert.deepEqual(created.body.status, { phase: "New" });
  const entries = async (answer: ReturnType<typeof ask>) =>
    (await answer).body.metadata.managedFields?.map(({ manager, time, fieldsV1 }) => [
      manager,
      time !== undefined,
      fieldsV1,
    ]);
  const spec = { "f:spec": { "f:color": {} } };
  assert.deepEqual(await entries(ask("two", { status: { phase: "Mine" } })), [
    ["one", true, spec],
    ["two", true, spec],
  ]);
  assert.deepEqual(await entries(ask("three", {})), [
    ["three", false, spec],
    ["one", true, spec],
    ["two", true, spec],
  ]);
  const status = await ask("four", { status: { phase: "Mine" }, labels: { a: "b" } }, "status");
  assert.deepEqual(status.body.status, { phase: "Mine" });
  assert.equal(status.body.metadata.labels, undefined);
  const four = status.body.metadata.managedFields?.find(({ manager }) => manager === "four");
  assert.deepEqual(four?.fieldsV1, { "f:status": { "f:phase": {} } });
});

test("patch() by apply makes an object whatever resourceVersion it names, where that is one", async () => {
  await using resource = await serveForTest(widgets);
  const ask = (name: string, resourceVersion: string) =>
    resource.ask(patch, { name, headers: apply, query: "fieldManager=m", body: aWidget({ name, resourceVersion }) });
  assert.equal((await ask("a", "1")).status, 201);
  assert.equal((await ask("b", "abc")).status, 422);
});
