import assert from "node:assert/strict";
import { test } from "node:test";
import { serveForTest } from "../../../test/support/verbs.ts";
import { aWidget, widgets } from "../../../test/support/widgets.ts";
import { create } from "./create.ts";
import { patch } from "./patch.ts";
import { update } from "./update.ts";

/** Labels of about 850 kB, whose managed fields have as much again: together more than storage takes. */
const labels = Object.fromEntries(Array.from({ length: 13_000 }, (_, at) => [`k${String(at).padStart(59, "0")}`, ""]));
const values = Object.fromEntries(Object.keys(labels).map((key) => [key, key]));

test("an object that is too large with its managed fields is stored without them", async () => {
  await using resource = await serveForTest(widgets);
  const created = await resource.ask(create, { body: aWidget({ name: "a", labels }) });
  assert.deepEqual([created.status, created.body.metadata.managedFields], [201, undefined]);

  const small = await resource.ask(create, { body: aWidget({ name: "b", spec: { color: "blue" } }) });
  assert.equal(small.body.metadata.managedFields?.length, 1);
  const merge = { "content-type": "application/merge-patch+json" };
  const patched = await resource.ask(patch, { name: "b", headers: merge, body: { metadata: { labels } } });
  assert.deepEqual([patched.status, patched.body.metadata.managedFields], [200, undefined]);

  await resource.ask(create, { body: aWidget({ name: "c", spec: { color: "blue" } }) });
  const { resourceVersion = "" } = (await resource.ask(patch, { name: "c", headers: merge, body: {} })).body.metadata;
  const replaced = await resource.ask(update, { name: "c", body: aWidget({ name: "c", labels, resourceVersion }) });
  assert.deepEqual([replaced.status, replaced.body.metadata.managedFields], [200, undefined]);
});

test("an object that is too large without its managed fields is refused", async () => {
  await using resource = await serveForTest(widgets);
  assert.equal((await resource.ask(create, { body: aWidget({ labels: values }) })).status, 413);
});
