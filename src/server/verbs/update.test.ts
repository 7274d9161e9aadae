import assert from "node:assert/strict";
import { test } from "node:test";
import { serveForTest, type TestResource } from "../../../test/support/verbs.ts";
import { aWidget, widget, widgets } from "../../../test/support/widgets.ts";
import { flunder } from "../../api/testing/kinds.ts";
import { defineResource } from "../resource.ts";
import { create } from "./create.ts";
import { deleteObject } from "./delete.ts";
import { get } from "./get.ts";
import { update } from "./update.ts";

/** Stores a widget and says at which resourceVersion. */
async function stored(resource: TestResource, body: Record<string, unknown> = aWidget()): Promise<string> {
  const { body: object } = await resource.ask(create, { body });
  return object.metadata.resourceVersion ?? "";
}

test("update() replaces the object and counts up its generation", async () => {
  await using resource = await serveForTest(widgets);
  const resourceVersion = await stored(resource);
  const { status, body } = await resource.ask(update, {
    name: "w",
    body: aWidget({ resourceVersion, spec: { color: "blue" } }),
  });
  assert.equal(status, 200);
  assert.deepEqual(body.spec, { color: "blue" });
  assert.equal(body.metadata.generation, 2);
  assert.notEqual(body.metadata.resourceVersion, resourceVersion);
});

test("update() leaves resourceVersion and generation alone where nothing changes, whoever asks", async () => {
  await using resource = await serveForTest(widgets);
  const resourceVersion = await stored(resource, aWidget({ labels: { a: "b" } }));
  for (const query of ["", "fieldManager=other"]) {
    const { body } = await resource.ask(update, {
      name: "w",
      query,
      body: aWidget({ resourceVersion, labels: { a: "b" } }),
    });
    assert.equal(body.metadata.resourceVersion, resourceVersion);
    assert.equal(body.metadata.generation, 1);
  }
});

test("update() answers 409 for a stale resourceVersion and 422 for none", async () => {
  await using resource = await serveForTest(widgets);
  await stored(resource);
  const stale = await resource.ask(update, { name: "w", body: aWidget({ resourceVersion: "1000000" }) });
  assert.equal(stale.status, 409);
  assert.equal(stale.body.reason, "Conflict");
  const missing = await resource.ask(update, { name: "w", body: aWidget() });
  assert.equal(missing.status, 422);
  assert.equal(
    missing.body.message,
    'widgets.test.example.com "w" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update',
  );
});

test("update() takes no resourceVersion as the newest where the resource allows that", async () => {
  await using resource = await serveForTest(defineResource(widget, { allowUnconditionalUpdate: true }));
  await stored(resource);
  const { status, body } = await resource.ask(update, { name: "w", body: aWidget({ labels: { a: "b" } }) });
  assert.equal(status, 200);
  assert.deepEqual(body.metadata.labels, { a: "b" });
});

test("update() answers 409 for another uid before it looks at the resourceVersion", async () => {
  await using resource = await serveForTest(widgets);
  await stored(resource);
  const { status, body } = await resource.ask(update, { name: "w", body: aWidget({ uid: "other" }) });
  assert.equal(status, 409);
  assert.match(body.message ?? "", /Precondition failed: UID in precondition: other/);
});

test("update() does not create, unless the resource says so", async () => {
  await using resource = await serveForTest(widgets);
  assert.equal((await resource.ask(update, { name: "w", body: aWidget() })).status, 404);
  await using lenient = await serveForTest(defineResource(widget, { allowCreateOnUpdate: true }));
  assert.equal((await lenient.ask(update, { name: "w", body: aWidget() })).status, 201);
});

test("update() that would create asks whether the user may create", async () => {
  const asked: string[] = [];
  const authorizer = {
    authorize: ({ verb }: { readonly verb: string }) => {
      asked.push(verb);
      return { verdict: "deny", reason: "no" } as const;
    },
  };
  await using resource = await serveForTest(defineResource(widget, { allowCreateOnUpdate: true }), { authorizer });
  const { status } = await resource.ask(update, { name: "w", body: aWidget() });
  assert.equal(status, 403);
  assert.deepEqual(asked, ["create"]);
});

test("update() keeps the status, and on the status everything else", async () => {
  await using resource = await serveForTest(widgets);
  const first = await stored(resource, aWidget({ spec: { color: "white" } }));
  const main = await resource.ask(update, {
    name: "w",
    body: aWidget({ resourceVersion: first, spec: { color: "blue" }, status: { phase: "Hacked" } }),
  });
  assert.deepEqual(main.body.status, { phase: "New" });
  const status = await resource.ask(update, {
    name: "w",
    subresource: "status",
    body: aWidget({
      resourceVersion: main.body.metadata.resourceVersion ?? "",
      labels: { hacked: "yes" },
      spec: { color: "green" },
      status: { phase: "Ready" },
    }),
  });
  assert.deepEqual(status.body.status, { phase: "Ready" });
  assert.deepEqual(status.body.spec, { color: "blue" });
  assert.equal(status.body.metadata.labels, undefined);
  assert.equal(status.body.metadata.generation, 2);
  const owner = status.body.metadata.managedFields?.find(({ subresource }) => subresource === "status");
  assert.deepEqual(owner?.fieldsV1, { "f:status": { "f:phase": {} } });
});

test("update() validates what the resource says of itself and of its metadata", async () => {
  await using resource = await serveForTest(widgets);
  const resourceVersion = await stored(resource);
  const { status, body } = await resource.ask(update, {
    name: "w",
    body: aWidget({ resourceVersion, labels: { "-": "x" }, spec: { color: "red" } }),
  });
  assert.equal(status, 422);
  assert.deepEqual(
    body.details?.causes?.map(({ field }) => field),
    ["metadata.labels", "spec.color"],
  );
});

test("update() changes no time of deletion", async () => {
  await using resource = await serveForTest(widgets);
  const resourceVersion = await stored(resource);
  const { status, body } = await resource.ask(update, {
    name: "w",
    body: aWidget({ resourceVersion, deletionTimestamp: "2001-01-01T00:00:00Z", deletionGracePeriodSeconds: 5 }),
  });
  assert.equal(status, 422);
  assert.match(body.message ?? "", /metadata.deletionTimestamp: Invalid value: ".*": field is immutable/);
});

test("update() that takes the last finalizer ends the deletion and answers with the object once more", async () => {
  await using resource = await serveForTest(widgets);
  await stored(resource, aWidget({ finalizers: ["test.example.com/hold"] }));
  const marked = await resource.ask(deleteObject, { name: "w" });
  const { resourceVersion = "" } = marked.body.metadata;
  const { status, body } = await resource.ask(update, { name: "w", body: aWidget({ resourceVersion }) });
  assert.equal(status, 200);
  assert.equal(body.metadata.resourceVersion, resourceVersion);
  assert.equal(body.metadata.finalizers, undefined);
  assert.equal((await resource.ask(get, { name: "w" })).status, 404);
});

test("update() that takes the last finalizer leaves an object whose time to end is not over", async () => {
  await using resource = await serveForTest(widgets);
  const metadata = {
    name: "w",
    namespace: "default",
    uid: "u",
    deletionTimestamp: "2026-11-23T11:26:36Z",
    deletionGracePeriodSeconds: 30,
    finalizers: ["test.example.com/hold"],
  };
  // As another server, which ends such objects by itself, left it.
  const value = Buffer.from(JSON.stringify({ kind: "Widget", apiVersion: "test.example.com/v1", metadata }));
  const key = `${resource.served.keyPrefix}default/w`;
  const { revision } = await resource.storage.commit([{ key, value, expected: 0 }]);
  const { status } = await resource.ask(update, { name: "w", body: aWidget({ resourceVersion: `${revision}` }) });
  assert.equal(status, 200);
  const { body } = await resource.ask(get, { name: "w" });
  assert.equal(body.metadata.deletionGracePeriodSeconds, 30);
  assert.equal(body.metadata.finalizers, undefined);
});

test("update() adds no finalizers to an object that is being deleted", async () => {
  await using resource = await serveForTest(widgets);
  await stored(resource, aWidget({ finalizers: ["test.example.com/hold"] }));
  const marked = await resource.ask(deleteObject, { name: "w" });
  const { resourceVersion = "" } = marked.body.metadata;
  const finalizers = ["test.example.com/hold", "test.example.com/more"];
  const { status, body } = await resource.ask(update, { name: "w", body: aWidget({ resourceVersion, finalizers }) });
  assert.equal(status, 422);
  assert.match(body.message ?? "", /found new finalizers \[\]string\{"test.example.com\/more"\}$/);
});

test("update() checks the namespace, then the name, before it looks for the object", async () => {
  await using resource = await serveForTest(widgets);
  const namespace = await resource.ask(update, { name: "w", body: aWidget({ name: "x", namespace: "other" }) });
  assert.match(namespace.body.message ?? "", /^the namespace of the provided object/);
  const name = await resource.ask(update, { name: "w", body: aWidget({ name: "x" }) });
  assert.equal(name.body.message, "the name of the object (x) does not match the name on the URL (w)");
});

test("update() on a dry run answers as if and stores nothing", async () => {
  await using resource = await serveForTest(widgets);
  const resourceVersion = await stored(resource);
  const { body } = await resource.ask(update, {
    name: "w",
    query: "dryRun=All",
    body: aWidget({ resourceVersion, spec: { color: "blue" } }),
  });
  assert.deepEqual(body.spec, { color: "blue" });
  assert.equal((await resource.ask(get, { name: "w" })).body.spec, undefined);
});

test("update() shows what storage would lose once the last finalizer goes, and on a dry run does not", async () => {
  await using resource = await serveForTest(defineResource(flunder));
  const both = { flunderReference: "x", fischerReference: "y", referenceType: "Flunder" };
  const one = { flunderReference: "x", referenceType: "Flunder" };
  const aFlunder = (meta: object) => ({ metadata: { name: "w", ...meta }, spec: both });
  const { body: created } = await resource.ask(create, { body: aFlunder({ finalizers: ["a.b/c"] }) });
  assert.deepEqual(created.spec, one);
  const { resourceVersion } = created.metadata;
  const body = aFlunder({ resourceVersion, selfLink: "/x" });
  const tried = await resource.ask(update, { name: "w", query: "dryRun=All", body });
  assert.deepEqual([tried.body.spec, tried.body.metadata.selfLink], [one, "/x"]);
  const { body: marked } = await resource.ask(deleteObject, { name: "w" });
  const last = await resource.ask(update, {
    name: "w",
    body: aFlunder({ resourceVersion: marked.metadata.resourceVersion }),
  });
  assert.deepEqual(last.body.spec, both);
  assert.equal(last.body.metadata.resourceVersion, marked.metadata.resourceVersion);
  assert.equal((await resource.ask(get, { name: "w" })).status, 404);
});
