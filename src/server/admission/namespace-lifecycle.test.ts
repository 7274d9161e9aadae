import assert from "node:assert/strict";
import { test } from "node:test";
import { admin } from "../../../test/support/request.ts";
import { widget } from "../../../test/support/widgets.ts";
import { defineKind, StatusError } from "../../api/door.ts";
import type { AdmissionRequest } from "./admission.ts";
import { namespaceLifecycle } from "./namespace-lifecycle.ts";

const phases: Readonly<Record<string, string>> = { there: "Active", going: "Terminating" };
const plugin = namespaceLifecycle({ namespaces: { phaseOf: (name) => phases[name] } });

function aRequest(overrides: Partial<AdmissionRequest>): AdmissionRequest {
  return {
    operation: "CREATE",
    kind: widget,
    resource: "widgets",
    subresource: "",
    namespace: "there",
    name: "w",
    user: admin,
    dryRun: false,
    object: undefined,
    oldObject: undefined,
    signal: new AbortController().signal,
    warn() {},
    ...overrides,
  };
}

/** What the plug-in throws, or undefined. */
async function refusal(overrides: Partial<AdmissionRequest>): Promise<StatusError | undefined> {
  const request = aRequest(overrides);
  try {
    if (plugin.handles(request)) await plugin.mutate?.(request);
    return undefined;
  } catch (error) {
    assert.ok(error instanceof StatusError);
    return error;
  }
}

test("namespaceLifecycle() lets objects into a namespace that is there", async () => {
  assert.equal(await refusal({}), undefined);
  assert.equal(await refusal({ namespace: "" }), undefined);
});

test("namespaceLifecycle() answers 404 for a namespace that is not there", async () => {
  const error = await refusal({ namespace: "nowhere" });
  assert.equal(error?.code, 404);
  assert.equal(error?.message, 'namespaces "nowhere" not found');
  assert.equal(error?.details, undefined);
});

test("namespaceLifecycle() makes nothing new in a namespace that is going away, and says why", async () => {
  const error = await refusal({ namespace: "going" });
  assert.equal(error?.code, 403);
  assert.deepEqual(error?.details?.causes, [
    { reason: "NamespaceTerminating", message: "namespace going is being terminated", field: "metadata.namespace" },
  ]);
});

test("namespaceLifecycle() leaves updates and deletes alone wherever they are", async () => {
  assert.equal(await refusal({ operation: "UPDATE", namespace: "going" }), undefined);
  assert.equal(await refusal({ operation: "DELETE", namespace: "nowhere" }), undefined);
});

test("namespaceLifecycle() keeps the namespaces that every cluster has", async () => {
  const kind = defineKind({
    group: "",
    kind: "Namespace",
    scope: "Cluster",
    versions: { v1: { schema: widget.versions.v1.schema } },
  });
  const own = { operation: "DELETE", kind, resource: "namespaces", namespace: "" } as const;
  const error = await refusal({ ...own, name: "kube-system" });
  assert.equal(error?.message, 'namespaces "kube-system" is forbidden: this namespace may not be deleted');
  assert.equal(await refusal({ ...own, name: "mine" }), undefined);
});
