// The garbage collector of a control plane in this process: https://kubernetes.io/docs/concepts/architecture/garbage-collection/

import assert from "node:assert/strict";
import { test } from "node:test";
import { type ApiObject, StatusError } from "../../src/api/door.ts";
import type { ResourceClient } from "../../src/client/door.ts";
import { type ControlPlane, startControlPlane } from "../../src/control-plane/door.ts";
import { eventually } from "../support/control-plane.ts";
import { widgets } from "../support/widgets.ts";

const namespace = "default";

function resourcesOf({ client }: ControlPlane) {
  const core = (resource: string, isNamespaced = true) =>
    client.resource({ group: "", version: "v1", resource, isNamespaced });
  return {
    configMaps: core("configmaps"),
    secrets: core("secrets"),
    namespaces: core("namespaces", false),
    events: core("events"),
    widgets: client.resource({ group: "test.example.com", version: "v1", resource: "widgets", isNamespaced: true }),
  };
}

interface Options {
  readonly owners?: readonly ApiObject[];
  readonly finalizers?: string[];
  readonly blocks?: boolean;
}

function anObject(kind: string, name: string, { owners = [], finalizers, blocks = false }: Options = {}): ApiObject {
  return {
    apiVersion: kind === "Widget" ? "test.example.com/v1" : "v1",
    kind,
    metadata: {
      name,
      ...(kind === "Namespace" ? {} : { namespace }),
      ...(finalizers === undefined ? {} : { finalizers }),
      ownerReferences: owners.map((owner) => ({
        apiVersion: owner.apiVersion,
        kind: owner.kind,
        name: owner.metadata.name ?? "",
        uid: owner.metadata.uid ?? "",
        ...(blocks ? { blockOwnerDeletion: true } : {}),
      })),
    },
  };
}

async function exists(resource: ResourceClient<ApiObject>, name: string): Promise<boolean> {
  try {
    await resource.get(name, { namespace });
    return true;
  } catch (error) {
    if (error instanceof StatusError && error.code === 404) return false;
    throw error;
  }
}

const isGone = (resource: ResourceClient<ApiObject>, name: string) =>
  eventually(`${name} is gone`, async () => !(await exists(resource, name)));

test("what an object owned goes after it, and what that owned in turn", async () => {
  await using plane = await startControlPlane();
  const { configMaps, secrets } = resourcesOf(plane);
  const owner = await configMaps.create(anObject("ConfigMap", "owner"));
  const child = await secrets.create(anObject("Secret", "child", { owners: [owner] }));
  await configMaps.create(anObject("ConfigMap", "grandchild", { owners: [child] }));
  await configMaps.create(anObject("ConfigMap", "stranger"));

  await configMaps.delete("owner", { namespace });
  await isGone(secrets, "child");
  await isGone(configMaps, "grandchild");
  assert.ok(await exists(configMaps, "stranger"));
});

test("an object that names an owner that was never there goes, and one whose owner's kind nobody serves stays", async () => {
  await using plane = await startControlPlane();
  const { configMaps } = resourcesOf(plane);
  const absent = { apiVersion: "v1", kind: "Secret", metadata: { name: "absent", uid: "no-such-uid" } };
  const unheard = { apiVersion: "nobody.example.com/v1", kind: "Thing", metadata: { name: "x", uid: "some-uid" } };
  const namesake = await configMaps.create(anObject("ConfigMap", "namesake"));
  const old = { ...namesake, metadata: { ...namesake.metadata, uid: "an-older-uid" } };
  await configMaps.create(anObject("ConfigMap", "unheard", { owners: [unheard] }));
  await configMaps.create(anObject("ConfigMap", "orphaned", { owners: [absent] }));
  await configMaps.create(anObject("ConfigMap", "replaced", { owners: [old] }));

  await isGone(configMaps, "orphaned");
  await isGone(configMaps, "replaced");
  assert.ok(await exists(configMaps, "unheard"));
});

test("an object with a living owner only loses the dead ones", async () => {
  await using plane = await startControlPlane();
  const { configMaps, secrets } = resourcesOf(plane);
  const one = await configMaps.create(anObject("ConfigMap", "one"));
  const two = await configMaps.create(anObject("ConfigMap", "two"));
  await secrets.create(anObject("Secret", "child", { owners: [one, two] }));

  await configMaps.delete("one", { namespace });
  const owners = async () => (await secrets.get("child", { namespace })).metadata.ownerReferences ?? [];
  await eventually("one owner is left", async () => (await owners()).length === 1);
  assert.equal((await owners())[0]?.name, "two");
});

test("a foreground deletion waits for what blocks it, and for that alone", async () => {
  await using plane = await startControlPlane();
  const { configMaps, secrets } = resourcesOf(plane);
  const owner = await configMaps.create(anObject("ConfigMap", "owner"));
  const finalizers = ["example.com/hold"];
  await secrets.create(anObject("Secret", "blocking", { owners: [owner], blocks: true, finalizers }));
  await secrets.create(anObject("Secret", "free", { owners: [owner], finalizers }));

  await configMaps.delete("owner", { namespace, propagationPolicy: "Foreground" });
  const isDeleting = async (name: string) =>
    (await secrets.get(name, { namespace })).metadata.deletionTimestamp !== undefined;
  await eventually(
    "both dependents are being deleted",
    async () => (await isDeleting("blocking")) && (await isDeleting("free")),
  );
  assert.ok(await exists(configMaps, "owner"));

  const release = { metadata: { finalizers: null } };
  await secrets.patch("blocking", release, { type: "merge", namespace });
  await isGone(configMaps, "owner");
  assert.ok(await exists(secrets, "free"));
});

test("two objects that own each other go together when one is deleted in the foreground", async () => {
  await using plane = await startControlPlane();
  const { configMaps } = resourcesOf(plane);
  const hen = await configMaps.create(anObject("ConfigMap", "hen"));
  const egg = await configMaps.create(anObject("ConfigMap", "egg", { owners: [hen], blocks: true }));
  const [owner] = anObject("ConfigMap", "hen", { owners: [egg], blocks: true }).metadata.ownerReferences ?? [];
  await configMaps.patch("hen", { metadata: { ownerReferences: [owner] } }, { type: "merge", namespace });

  await configMaps.delete("hen", { namespace, propagationPolicy: "Foreground" });
  await isGone(configMaps, "hen");
  await isGone(configMaps, "egg");
});

test("a deletion that orphans leaves dependents that name no owner", async () => {
  await using plane = await startControlPlane();
  const { configMaps, secrets } = resourcesOf(plane);
  const owner = await configMaps.create(anObject("ConfigMap", "owner"));
  await secrets.create(anObject("Secret", "child", { owners: [owner] }));

  await configMaps.delete("owner", { namespace, propagationPolicy: "Orphan" });
  await isGone(configMaps, "owner");
  assert.deepEqual((await secrets.get("child", { namespace })).metadata.ownerReferences ?? [], []);
});

test("an object of the cluster cannot belong to one of a namespace: it stays, and an event says why", async () => {
  await using plane = await startControlPlane();
  const { configMaps, namespaces, events } = resourcesOf(plane);
  const owner = await configMaps.create(anObject("ConfigMap", "owner"));
  await namespaces.create(anObject("Namespace", "odd", { owners: [owner] }));

  await eventually("there is an event", async () => (await events.list({ namespace })).items.length > 0);
  const [event] = (await events.list({ namespace })).items;
  assert.equal(event?.reason, "OwnerRefInvalidNamespace");
  assert.ok(await exists(namespaces, "odd"));
});

test("owners and dependents may be behind any extension server", async () => {
  await using plane = await startControlPlane({ extensions: [{ name: "widgets", resources: [widgets] }] });
  const { configMaps, widgets: aggregated } = resourcesOf(plane);
  const widget = await aggregated.create(anObject("Widget", "owner"));
  await configMaps.create(anObject("ConfigMap", "of-a-widget", { owners: [widget], blocks: true }));
  const map = await configMaps.create(anObject("ConfigMap", "owner"));
  await aggregated.create(anObject("Widget", "of-a-map", { owners: [map] }));

  await aggregated.delete("owner", { namespace, propagationPolicy: "Foreground" });
  await isGone(aggregated, "owner");
  await isGone(configMaps, "of-a-widget");
  await configMaps.delete("owner", { namespace });
  await isGone(aggregated, "of-a-map");
});
