import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { serveForTest, type TestResource } from "../../../test/support/verbs.ts";
import { aWidget, widgets } from "../../../test/support/widgets.ts";
import { create } from "./create.ts";
import { deleteObject } from "./delete.ts";
import { patch } from "./patch.ts";
import { patchScale, updateScale } from "./scale.ts";
import { update } from "./update.ts";
import type { Verb } from "./verb.ts";

const keys = fc.constantFrom(
  "apiVersion",
  "kind",
  "metadata",
  "spec",
  "status",
  "name",
  "generateName",
  "namespace",
  "labels",
  "annotations",
  "finalizers",
  "ownerReferences",
  "managedFields",
  "fieldsV1",
  "resourceVersion",
  "uid",
  "generation",
  "deletionTimestamp",
  "color",
  "replicas",
  "tags",
  "preconditions",
  "propagationPolicy",
  "$patch",
  "$setElementOrder/finalizers",
  "$deleteFromPrimitiveList/finalizers",
  "op",
  "path",
  "value",
  "from",
  "__proto__",
  "constructor",
);

/** JSON that is like a widget here and there, so that it gets further than the first check. */
const nearlyWidgets = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom(null, true, 0, -1, 1.5, 1e300, "", "x", "1", "2001-01-01T00:00:00Z", "__proto__"),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(keys, tie("value"), { maxKeys: 4 }),
  ),
})).value;

interface Attack {
  readonly verb: Verb;
  readonly contentType: string;
  readonly name: string;
  readonly subresource?: string;
  readonly query?: string;
}

const attacks: readonly Attack[] = [
  { verb: create, contentType: "application/json", name: "" },
  { verb: update, contentType: "application/json", name: "w" },
  { verb: update, contentType: "application/json", name: "w", subresource: "status" },
  { verb: deleteObject, contentType: "application/json", name: "w", query: "dryRun=All" },
  { verb: patch, contentType: "application/json-patch+json", name: "w" },
  { verb: patch, contentType: "application/merge-patch+json", name: "w" },
  { verb: patch, contentType: "application/strategic-merge-patch+json", name: "w" },
  { verb: patch, contentType: "application/apply-patch+yaml", name: "w", query: "fieldManager=m" },
  {
    verb: patch,
    contentType: "application/apply-patch+yaml",
    name: "w",
    subresource: "status",
    query: "fieldManager=m",
  },
  { verb: updateScale, contentType: "application/json", name: "w", subresource: "scale" },
  { verb: patchScale, contentType: "application/merge-patch+json", name: "w", subresource: "scale" },
];

/** What is like a widget, as it is, as a widget's part, and as the values of a patch's operations. */
const bodies = fc.oneof(
  nearlyWidgets,
  fc.record({ metadata: nearlyWidgets, spec: nearlyWidgets }).map((parts) => ({ ...aWidget(), ...parts })),
  fc.dictionary(keys, nearlyWidgets).map((meta) => ({ ...aWidget(), metadata: { name: "w", ...meta } })),
  fc.array(
    fc.record({
      op: fc.constantFrom("add", "remove", "replace", "move", "copy", "test"),
      path: fc.constantFrom(
        "",
        "/",
        "/metadata",
        "/metadata/labels/a",
        "/spec/tags/-",
        "/spec/tags/-1",
        "/__proto__/a",
      ),
      from: fc.constantFrom("", "/spec", "/metadata/labels"),
      value: nearlyWidgets,
    }),
    { maxLength: 4 },
  ),
);

test("No body whatever makes a writing verb fail as if the fault were ours", async () => {
  await using resource = await serveForTest(widgets);
  await resource.ask(create, { body: aWidget({ labels: { a: "b" }, spec: { tags: ["x"], replicas: 1 } }) });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...attacks), bodies, async (attack, body) => {
      const status = await statusOf(resource, attack, body);
      assert.ok(status < 500, `answered ${status}`);
    }),
    { numRuns: 1_000 },
  );
});

async function statusOf(
  resource: TestResource,
  { verb, contentType, ...rest }: Attack,
  body: unknown,
): Promise<number> {
  const { status } = await resource.ask(verb, {
    ...rest,
    headers: { "content-type": contentType },
    body: JSON.stringify(body),
  });
  return status;
}
