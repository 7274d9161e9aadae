import assert from "node:assert/strict";
import { test } from "node:test";
import { serveForTest } from "../../../test/support/verbs.ts";
import { aWidget, widget, widgets } from "../../../test/support/widgets.ts";
import { defineResource } from "../resource.ts";
import { create } from "./create.ts";
import { deleteObject } from "./delete.ts";
import { get } from "./get.ts";

test("deleteObject() removes the object and tells its uid", async () => {
  await using resource = await serveForTest(widgets);
  const { body: object } = await resource.ask(create, { body: aWidget() });
  const { status, body } = await resource.ask(deleteObject, { name: "w" });
  assert.equal(status, 200);
  assert.deepEqual(body, {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Success",
    details: { name: "w", group: "test.example.com", kind: "widgets", uid: object.metadata.uid },
  });
  assert.equal((await resource.ask(deleteObject, { name: "w" })).status, 404);
});

test("deleteObject() marks an object that has finalizers, once", async () => {
  await using resource = await serveForTest(widgets);
  await resource.ask(create, { body: aWidget({ finalizers: ["test.example.com/hold"] }) });
  const first = await resource.ask(deleteObject, { name: "w" });
  assert.equal(first.status, 200);
  assert.equal(first.body.metadata.deletionGracePeriodSeconds, 0);
  assert.equal(first.body.metadata.generation, 2);
  const second = await resource.ask(deleteObject, { name: "w" });
  assert.deepEqual(second.body, first.body);
});

test("deleteObject() leaves the dependents to the garbage collector's finalizers as the options ask", async () => {
  await using resource = await serveForTest(widgets);
  for (const [query, finalizers] of [
    ["propagationPolicy=Orphan", ["orphan"]],
    ["propagationPolicy=Foreground", ["foregroundDeletion"]],
    ["orphanDependents=true", ["orphan"]],
  ] as const) {
    await resource.ask(create, { body: aWidget() });
    const { body } = await resource.ask(deleteObject, { name: "w", query });
    assert.deepEqual(body.metadata.finalizers, finalizers);
    // A later word of the client takes them off again.
    const done = await resource.ask(deleteObject, { name: "w", query: "propagationPolicy=Background" });
    assert.equal(done.body.kind, "Status");
  }
});

test("deleteObject() orphans by default where the resource does", async () => {
  await using resource = await serveForTest(defineResource(widget, { defaultPropagation: "orphan" }));
  await resource.ask(create, { body: aWidget() });
  const { body } = await resource.ask(deleteObject, { name: "w" });
  assert.deepEqual(body.metadata.finalizers, ["orphan"]);
});

test("deleteObject() answers 202 where the object stays though its dependents were to go", async () => {
  await using resource = await serveForTest(widgets);
  await resource.ask(create, { body: aWidget({ finalizers: ["test.example.com/hold"] }) });
  assert.equal((await resource.ask(deleteObject, { name: "w", query: "orphanDependents=false" })).status, 202);
});

test("deleteObject() holds the client's preconditions against the object, and names its kind in the 409", async () => {
  await using resource = await serveForTest(widgets);
  const { body: object } = await resource.ask(create, { body: aWidget() });
  const wrong = await resource.ask(deleteObject, { name: "w", body: { preconditions: { uid: "other" } } });
  assert.equal(wrong.status, 409);
  assert.equal(wrong.body.details?.kind, "Widget");
  const empty = await resource.ask(deleteObject, { name: "w", body: { preconditions: { resourceVersion: "" } } });
  assert.equal(empty.status, 409);
  const { uid = "" } = object.metadata;
  assert.equal((await resource.ask(deleteObject, { name: "w", query: `uid=${uid}` })).status, 200);
});

test("deleteObject() reads no options from the query where there is a body, however empty", async () => {
  await using resource = await serveForTest(widgets);
  await resource.ask(create, { body: aWidget() });
  const { body } = await resource.ask(deleteObject, { name: "w", query: "propagationPolicy=Orphan", body: {} });
  assert.equal(body.kind, "Status");
});

test("deleteObject() tells what is wrong with the options", async () => {
  await using resource = await serveForTest(widgets);
  const policy = await resource.ask(deleteObject, { name: "w", query: "propagationPolicy=Bogus" });
  assert.equal(
    policy.body.message,
    'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "Bogus": supported values: "Foreground", "Background", "Orphan", "nil"',
  );
  const kind = await resource.ask(deleteObject, { name: "w", body: { kind: "Pod" } });
  assert.equal(kind.status, 400);
  // The kind is looked up without regard to case.
  const odd = await resource.ask(deleteObject, { name: "w", body: { Kind: "Pod" } });
  assert.equal(odd.status, 400);
  for (const options of [
    '{"gracePeriodSeconds":"soon"}',
    '{"gracePeriodSeconds":12345678901234567890}',
    '{"ignoreStoreReadErrorWithClusterBreakingPotential":1}',
  ])
    assert.equal((await resource.ask(deleteObject, { name: "w", body: options })).status, 400, options);
  const none = await resource.ask(deleteObject, { name: "w", body: { dryRun: [null] } });
  assert.equal(none.status, 422);
  const media = await resource.ask(deleteObject, { name: "w", headers: { "content-type": "text/plain" }, body: "x" });
  assert.equal(media.status, 415);
});

test("deleteObject() takes a grace period of 64 bits", async () => {
  await using resource = await serveForTest(widgets);
  await resource.ask(create, { body: aWidget() });
  const { status } = await resource.ask(deleteObject, {
    name: "w",
    body: '{"gracePeriodSeconds":9007199254740993}',
  });
  assert.equal(status, 200);
});

test("deleteObject() removes nothing on a dry run", async () => {
  await using resource = await serveForTest(widgets);
  await resource.ask(create, { body: aWidget() });
  assert.equal((await resource.ask(deleteObject, { name: "w", query: "dryRun=All" })).body.status, "Success");
  assert.equal((await resource.ask(get, { name: "w" })).status, 200);
});

test("deleteObject() keeps what the resource wants to keep for now", async () => {
  await using resource = await serveForTest(
    defineResource(widget, {
      beginDelete(object) {
        object.status = { phase: "Terminating" };
        return "keep";
      },
    }),
  );
  await resource.ask(create, { body: aWidget() });
  const { body } = await resource.ask(deleteObject, { name: "w" });
  assert.deepEqual(body.status, { phase: "Terminating" });
  assert.notEqual(body.metadata.deletionTimestamp, undefined);
});
