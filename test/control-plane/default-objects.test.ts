// What every namespace has, on a control plane in this process: its service account, and the authority of the API server.

import assert from "node:assert/strict";
import { test } from "node:test";
import { startControlPlane } from "../../src/control-plane/door.ts";
import { eventually } from "../support/control-plane.ts";

test("a new namespace gets its default objects, and they come back when they are deleted or changed", async () => {
  await using plane = await startControlPlane();
  const core = (resource: string, isNamespaced = true) =>
    plane.client.resource({ group: "", version: "v1", resource, isNamespaced });
  const namespace = "fresh";
  await core("namespaces", false).create({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
  const names = async (resource: string) =>
    (await core(resource).list({ namespace })).items.map(({ metadata }) => metadata.name).join();
  const areThere = async () =>
    (await names("serviceaccounts")) === "default" && (await names("configmaps")) === "kube-root-ca.crt";
  await eventually("both are there", areThere);
  const { data } = await core("configmaps").get("kube-root-ca.crt", { namespace });
  assert.match(JSON.stringify(data), /^\{"ca\.crt":"-----BEGIN CERTIFICATE-----/);

  await core("serviceaccounts").delete("default", { namespace });
  await core("configmaps").delete("kube-root-ca.crt", { namespace });
  await eventually("both are there again", areThere);
  await core("configmaps").patch("kube-root-ca.crt", { data: { "ca.crt": "nonsense" } }, { type: "merge", namespace });
  await eventually("the authority is there again", async () => {
    const now = await core("configmaps").get("kube-root-ca.crt", { namespace });
    return JSON.stringify(now.data) === JSON.stringify(data);
  });
});
