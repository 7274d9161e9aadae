// What every verb that writes owes its plug-ins: to be asked, both times, and to be obeyed.

import assert from "node:assert/strict";
import { test } from "node:test";
import { type Answer, serveForTest, type TestResource } from "../../../test/support/verbs.ts";
import { aWidget, widgets } from "../../../test/support/widgets.ts";
import { StatusError } from "../../api/door.ts";
import type { AdmissionPlugin } from "../admission/admission.ts";
import { create } from "./create.ts";
import { deleteObject } from "./delete.ts";
import { deleteCollection } from "./delete-collection.ts";
import { patch } from "./patch.ts";
import { patchScale, updateScale } from "./scale.ts";
import { update } from "./update.ts";

const merge = { "content-type": "application/merge-patch+json" };
const apply = { "content-type": "application/apply-patch+yaml" };
const scale = { apiVersion: "autoscaling/v1", kind: "Scale", metadata: { name: "w" }, spec: { replicas: 7 } };

/** How each of them is asked about the widget "w", and what plug-ins are told of it. */
const writes: Readonly<
  Record<string, { readonly ask: (resource: TestResource) => Promise<Answer>; readonly operation: string }>
> = {
  create: {
    operation: "CREATE new ",
    ask: (resource) => resource.ask(create, { body: aWidget({ name: "new" }) }),
  },
  update: {
    operation: "UPDATE w ",
    ask: (resource) =>
      resource.ask(update, { name: "w", body: aWidget({ resourceVersion: "2", spec: { color: "green" } }) }),
  },
  "update of the status": {
    operation: "UPDATE w status",
    ask: (resource) =>
      resource.ask(update, {
        name: "w",
        subresource: "status",
        body: aWidget({ resourceVersion: "2", status: { phase: "Old" } }),
      }),
  },
  patch: {
    operation: "UPDATE w ",
    ask: (resource) => resource.ask(patch, { name: "w", headers: merge, body: { spec: { color: "green" } } }),
  },
  "apply that changes": {
    operation: "UPDATE w ",
    ask: (resource) =>
      resource.ask(patch, {
        name: "w",
        headers: apply,
        query: "fieldManager=m&force=true",
        body: aWidget({ spec: { color: "green" } }),
      }),
  },
  "apply that creates": {
    operation: "CREATE new ",
    ask: (resource) =>
      resource.ask(patch, { name: "new", headers: apply, query: "fieldManager=m", body: aWidget({ name: "new" }) }),
  },
  "update of the scale": {
    operation: "UPDATE w scale",
    ask: (resource) => resource.ask(updateScale, { name: "w", subresource: "scale", body: scale }),
  },
  "patch of the scale": {
    operation: "UPDATE w scale",
    ask: (resource) =>
      resource.ask(patchScale, { name: "w", subresource: "scale", headers: merge, body: { spec: { replicas: 7 } } }),
  },
  delete: {
    operation: "DELETE w ",
    ask: (resource) => resource.ask(deleteObject, { name: "w" }),
  },
  "delete of the collection": {
    operation: "DELETE w ",
    ask: (resource) => resource.ask(deleteCollection),
  },
};

for (const [name, { ask, operation }] of Object.entries(writes)) {
  test(`${name}: plug-ins are asked to mutate and then to validate`, async () => {
    const asked: string[] = [];
    await using resource = await withPlugin({
      mutate: (request) => void asked.push(`mutate ${request.operation} ${request.name} ${request.subresource}`),
      validate: (request) => void asked.push(`validate ${request.operation} ${request.name} ${request.subresource}`),
    });
    asked.length = 0;
    const { status } = await ask(resource);
    assert.ok(status < 300, `answered ${status}`);
    assert.deepEqual([...new Set(asked)], [`mutate ${operation}`, `validate ${operation}`]);
  });

  for (const step of ["mutate", "validate"] as const)
    test(`${name}: what a plug-in refuses when it is asked to ${step} is not done`, async () => {
      let isClosed = false;
      const refuse = () => {
        if (isClosed) throw new StatusError("Forbidden", "not today");
      };
      await using resource = await withPlugin({ [step]: refuse });
      isClosed = true;
      const revision = await resource.storage.currentRevision();
      const { status, body } = await ask(resource);
      assert.deepEqual([status, body.message], [403, "not today"]);
      assert.equal(await resource.storage.currentRevision(), revision);
    });
}

/** A server with the widget "w", at resourceVersion 2. */
async function withPlugin(steps: Pick<AdmissionPlugin, "mutate" | "validate">): Promise<TestResource> {
  const resource = await serveForTest(widgets, { admission: [{ name: "Test", handles: () => true, ...steps }] });
  const { body } = await resource.ask(create, { body: aWidget({ spec: { color: "blue" } }) });
  assert.equal(body.metadata.resourceVersion, "2");
  return resource;
}
