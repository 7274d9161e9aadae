import assert from "node:assert/strict";
import { test } from "node:test";
import { serveForTest } from "../../../test/support/verbs.ts";
import { aWidget, widgets } from "../../../test/support/widgets.ts";
import { create } from "./create.ts";
import { deleteCollection } from "./delete-collection.ts";
import { list } from "./list.ts";

test("deleteCollection() deletes what the selector matches and answers with the list as it was", async () => {
  await using resource = await serveForTest(widgets);
  for (let at = 0; at < 40; at++)
    await resource.ask(create, { body: aWidget({ name: `w${at}`, labels: { half: String(at % 2) } }) });
  const { status, body } = await resource.ask(deleteCollection, { query: "labelSelector=half%3D1" });
  assert.equal(status, 200);
  assert.equal(body.kind, "WidgetList");
  assert.equal(body.items?.length, 20);
  assert.equal((await resource.ask(list)).body.items?.length, 20);
});

test("deleteCollection() stays in its namespace", async () => {
  await using resource = await serveForTest(widgets);
  for (const namespace of ["one", "two"]) await resource.ask(create, { namespace, body: aWidget() });
  await resource.ask(deleteCollection, { namespace: "one" });
  assert.equal((await resource.ask(list, { namespace: "one" })).body.items?.length, 0);
  assert.equal((await resource.ask(list, { namespace: "two" })).body.items?.length, 1);
});

test("deleteCollection() answers with the first failure", async () => {
  await using resource = await serveForTest(widgets);
  await resource.ask(create, { body: aWidget() });
  const { status } = await resource.ask(deleteCollection, { body: { preconditions: { uid: "other" } } });
  assert.equal(status, 409);
});

test("deleteCollection() reads a resourceVersion as that exact moment, and as a precondition on each object", async () => {
  await using resource = await serveForTest(widgets);
  const { body } = await resource.ask(create, { body: aWidget({ name: "a" }) });
  await resource.ask(create, { body: aWidget({ name: "b" }) });
  const query = `resourceVersion=${body.metadata.resourceVersion}`;
  assert.equal((await resource.ask(deleteCollection, { query })).status, 200);
  assert.deepEqual(
    (await resource.ask(list)).body.items?.map(({ metadata }) => metadata.name),
    ["b"],
  );
});

test("deleteCollection() deletes nothing across namespaces, where a path names an empty one", async () => {
  await using resource = await serveForTest(widgets);
  await resource.ask(create, { namespace: "one", body: aWidget() });
  assert.equal((await resource.ask(deleteCollection, { namespace: "" })).status, 400);
  assert.equal((await resource.ask(list, { namespace: "one" })).body.items?.length, 1);
});
