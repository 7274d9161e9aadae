// The Kubernetes project's client for JavaScript, and an informer whose server crashes meanwhile.

import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import {
  CustomObjectsApi,
  KubeConfig,
  type KubernetesListObject,
  type KubernetesObject,
  KubernetesObjectApi,
  makeInformer,
  PatchStrategy,
  setHeaderOptions,
} from "@kubernetes/client-node";
import { temporaryDirectory } from "../support/annex.ts";
import { startWardle } from "../support/wardle.ts";
import { writeWardleKubeconfig } from "../support/wardle-kubeconfig.ts";

interface Flunder extends KubernetesObject {
  readonly spec?: { readonly flunderReference?: string; readonly referenceType?: string };
}

const storage = (directory: string) => ["--data-dir", `${directory}/data`];
const flunders = { group: "wardle.example.com", version: "v1beta1", namespace: "default", plural: "flunders" };
const path = "/apis/wardle.example.com/v1beta1/namespaces/default/flunders";

function aFlunder(name: string, flunderReference: string): Flunder {
  return {
    apiVersion: "wardle.example.com/v1beta1",
    kind: "Flunder",
    metadata: { name },
    spec: { flunderReference, referenceType: "Flunder" },
  };
}

function configOf(directory: string, port: number): KubeConfig {
  const config = new KubeConfig();
  config.loadFromFile(writeWardleKubeconfig(directory, port));
  return config;
}

test("CustomObjectsApi creates, patches, replaces, lists and deletes flunders", async (t) => {
  const directory = temporaryDirectory(t);
  await using wardle = await startWardle({ storage, directory });
  const api = configOf(directory, wardle.port).makeApiClient(CustomObjectsApi);

  const created: Flunder = await api.createNamespacedCustomObject({ ...flunders, body: aFlunder("a", "one") });
  assert.deepEqual(created.spec, { flunderReference: "one", referenceType: "Flunder" });
  await assert.rejects(api.createNamespacedCustomObject({ ...flunders, body: aFlunder("a", "one") }), {
    code: 409,
    message: /"reason\\":\\"AlreadyExists\\"/,
  });

  const merged: Flunder = await api.patchNamespacedCustomObject(
    { ...flunders, name: "a", body: { metadata: { labels: { color: "blue" } } } },
    setHeaderOptions("Content-Type", PatchStrategy.MergePatch),
  );
  assert.deepEqual(merged.metadata?.labels, { color: "blue" });
  const patched: Flunder = await api.patchNamespacedCustomObject(
    { ...flunders, name: "a", body: [{ op: "replace", path: "/spec/flunderReference", value: "two" }] },
    setHeaderOptions("Content-Type", PatchStrategy.JsonPatch),
  );
  assert.equal(patched.spec?.flunderReference, "two");
  const applied: Flunder = await api.patchNamespacedCustomObject(
    { ...flunders, name: "b", body: aFlunder("b", "three"), fieldManager: "test", force: true },
    setHeaderOptions("Content-Type", PatchStrategy.ServerSideApply),
  );
  assert.equal(applied.metadata?.managedFields?.[0]?.operation, "Apply");
  await assert.rejects(api.replaceNamespacedCustomObject({ ...flunders, name: "a", body: merged }), { code: 409 });

  const blue: KubernetesListObject<Flunder> = await api.listNamespacedCustomObject({
    ...flunders,
    labelSelector: "color=blue",
  });
  assert.deepEqual(
    blue.items.map(({ metadata }) => metadata?.name),
    ["a"],
  );
  const page: KubernetesListObject<Flunder> = await api.listNamespacedCustomObject({ ...flunders, limit: 1 });
  assert.equal(page.items.length, 1);
  assert.equal(page.metadata?.remainingItemCount, 1);

  const { status }: { status: string } = await api.deleteNamespacedCustomObject({ ...flunders, name: "a" });
  assert.equal(status, "Success");
  await assert.rejects(api.getNamespacedCustomObject({ ...flunders, name: "a" }), { code: 404 });
});

test("KubernetesObjectApi finds flunders by their kind", async (t) => {
  const directory = temporaryDirectory(t);
  await using wardle = await startWardle({ storage, directory });
  const api = KubernetesObjectApi.makeApiClient(configOf(directory, wardle.port));
  const { apiVersion = "", kind = "", ...sample } = aFlunder("sample", "one");
  const metadata = { name: "sample", namespace: "default" };

  await api.create<Flunder>({ ...sample, apiVersion, kind, metadata });
  const labelled = { ...metadata, labels: { color: "blue" } };
  for (const strategy of [PatchStrategy.StrategicMergePatch, PatchStrategy.MergePatch])
    await api.patch({ apiVersion, kind, metadata: labelled }, undefined, undefined, undefined, undefined, strategy);
  const read = await api.read<Flunder>({ apiVersion, kind, metadata });
  assert.deepEqual([read.spec?.flunderReference, read.metadata?.labels], ["one", { color: "blue" }]);
  assert.ok(read.metadata?.creationTimestamp instanceof Date);
  const listed = await api.list<Flunder>(apiVersion, kind, "default");
  assert.equal(listed.items.length, 1);
  await api.delete({ apiVersion, kind, metadata });
  await assert.rejects(api.read({ apiVersion, kind, metadata }), { code: 404 });
});

test("an informer goes on where it was when its server comes back from a crash", async (t) => {
  const directory = temporaryDirectory(t);
  const first = await startWardle({ storage, directory });
  const { port } = first;
  const config = configOf(directory, port);
  const api = config.makeApiClient(CustomObjectsApi);
  const create = (name: string) => api.createNamespacedCustomObject({ ...flunders, body: aFlunder(name, "one") });
  const change = (name: string, color: string) =>
    api.patchNamespacedCustomObject(
      { ...flunders, name, body: { metadata: { labels: { color } } } },
      setHeaderOptions("Content-Type", PatchStrategy.MergePatch),
    );
  const remove = (name: string) => api.deleteNamespacedCustomObject({ ...flunders, name });
  for (const name of ["kept", "changed", "deleted"]) await create(name);

  const told: string[] = [];
  const arrivals = new EventTarget();
  let lists = 0;
  const informer = makeInformer<Flunder>(config, path, () => {
    lists++;
    return api.listNamespacedCustomObject(flunders);
  });
  for (const verb of ["add", "update", "delete"] as const) {
    informer.on(verb, ({ metadata }) => {
      told.push(`${verb} ${metadata?.name} ${metadata?.labels?.color ?? ""}`.trimEnd());
      arrivals.dispatchEvent(new Event(`${verb} ${metadata?.name}`));
    });
  }
  await informer.start();
  const heard = once(arrivals, "add before");
  await create("before");
  await change("changed", "blue");
  await heard;

  const failed = new Promise<void>((resolve) => informer.on("error", () => resolve()));
  await first.kill();
  await failed;
  await using _second = await startWardle({ storage, directory, port });
  await change("changed", "red");
  await remove("deleted");
  const arrived = once(arrivals, "add after");
  await create("after");
  await informer.start();
  await arrived;
  await informer.stop();

  assert.equal(lists, 1);
  assert.deepEqual(told, [
    "add changed",
    "add deleted",
    "add kept",
    "add before",
    "update changed blue",
    "update changed red",
    "delete deleted",
    "add after",
  ]);
  const stored: KubernetesListObject<Flunder> = await api.listNamespacedCustomObject(flunders);
  const states = (items: readonly Flunder[]) =>
    items.map(({ metadata }) => `${metadata?.name} ${metadata?.resourceVersion}`).sort();
  assert.deepEqual(states(informer.list()), states(stored.items));
});
