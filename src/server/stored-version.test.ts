// A kind whose server once stored another version: what lies in storage says by itself which one it is.

import assert from "node:assert/strict";
import { test } from "node:test";
import { serveForTest, type TestResource } from "../../test/support/verbs.ts";
import { type ApiObject, defineKind, Type } from "../api/door.ts";
import { openMemoryStorage } from "../storage/memory/memory-storage.ts";
import type { Storage } from "../storage/storage.ts";
import { defineResource, type Resource } from "./resource.ts";
import { create } from "./verbs/create.ts";
import { deleteObject } from "./verbs/delete.ts";
import { get } from "./verbs/get.ts";
import { list } from "./verbs/list.ts";
import { patch } from "./verbs/patch.ts";
import { update } from "./verbs/update.ts";

/** The same kind as an older and a newer server declare it. */
function boats(stored: "v1" | "v2"): Resource {
  const kind = defineKind({
    group: "test.example.com",
    kind: "Boat",
    scope: "Namespaced",
    hub: "v2",
    stored,
    versions: {
      v1: {
        schema: Type.Object({ spec: Type.Object({ mast: Type.String() }) }),
        toHub: ({ spec }) => ({ spec: { masts: [spec.mast] } }),
        fromHub: ({ spec }) => ({ spec: { mast: spec.masts[0] ?? "" } }),
      },
      v2: { schema: Type.Object({ spec: Type.Object({ masts: Type.Array(Type.String()) }) }) },
    },
  });
  return defineResource(kind, { selectableFields: { "spec.first": ({ spec }) => spec.masts[0] ?? "" } });
}

const aBoat = (masts: readonly string[], meta: Record<string, unknown> = {}) => ({
  apiVersion: "test.example.com/v2",
  kind: "Boat",
  metadata: { name: "b", labels: { a: "1" }, ...meta },
  spec: { masts },
});

async function storedVersion(storage: Storage): Promise<string | undefined> {
  const { entries } = await storage.range({ start: "/", end: "0" });
  return entries[0] === undefined ? undefined : JSON.parse(entries[0].value.toString()).apiVersion;
}

/** What a server that stores v1 has left. */
async function leftByAnOldServer(): Promise<Storage> {
  const storage = openMemoryStorage();
  const old = await serveForTest(boats("v1"), { storage });
  assert.equal((await old.ask(create, { body: aBoat(["main"]) })).status, 201);
  await old.served.cache.close();
  return storage;
}

async function specsIn(resource: TestResource, version: string): Promise<unknown[]> {
  const { body: single } = await resource.ask(get, { name: "b", version });
  const { body } = await resource.ask(list, { version, query: "fieldSelector=spec.first%3Dmain" });
  const { body: labelled } = await resource.ask(list, { version, query: "labelSelector=a%3D1" });
  const specOf = ({ apiVersion, spec }: Partial<ApiObject>) => JSON.stringify([apiVersion, spec]);
  return [
    specOf(single),
    ...[...(body.items ?? []), ...(labelled.items ?? [])].map(({ spec }) => JSON.stringify(spec)),
  ];
}

test("an object that lies there in an earlier stored version is read in every version", async () => {
  await using resource = await serveForTest(boats("v2"), { storage: await leftByAnOldServer() });
  const inV1 = '{"mast":"main"}';
  const inV2 = '{"masts":["main"]}';
  assert.deepEqual(await specsIn(resource, "v2"), [`["test.example.com/v2",${inV2}]`, inV2, inV2]);
  assert.deepEqual(await specsIn(resource, "v1"), [`["test.example.com/v1",${inV1}]`, inV1, inV1]);
});

test("a change stores such an object in the version of today", async () => {
  const storage = await leftByAnOldServer();
  await using resource = await serveForTest(boats("v2"), { storage });
  assert.equal(await storedVersion(storage), "test.example.com/v1");
  const { status, body } = await resource.ask(patch, {
    name: "b",
    headers: { "content-type": "application/merge-patch+json" },
    body: { spec: { masts: ["main", "fore"] } },
  });
  assert.deepEqual([status, body.spec], [200, { masts: ["main", "fore"] }]);
  assert.equal(await storedVersion(storage), "test.example.com/v2");
  assert.deepEqual((await resource.ask(get, { name: "b", version: "v1" })).body.spec, { mast: "main" });
});

test("an update without a change migrates such an object, which is how operators do it", async () => {
  const storage = await leftByAnOldServer();
  await using resource = await serveForTest(boats("v2"), { storage });
  await resource.ask(list);
  const { body } = await resource.ask(get, { name: "b" });
  const { status, body: written } = await resource.ask(update, { name: "b", body });
  assert.equal(status, 200);
  assert.equal(await storedVersion(storage), "test.example.com/v2");
  assert.notEqual(written.metadata.resourceVersion, body.metadata.resourceVersion);
});

test("an older server reads what a newer one has stored, and deletes it", async () => {
  const storage = openMemoryStorage();
  const newer = await serveForTest(boats("v2"), { storage });
  await newer.ask(create, { body: aBoat(["main", "fore"]) });
  await newer.served.cache.close();
  await using resource = await serveForTest(boats("v1"), { storage });
  assert.deepEqual((await resource.ask(get, { name: "b", version: "v1" })).body.spec, { mast: "main" });
  assert.deepEqual((await resource.ask(get, { name: "b", version: "v2" })).body.spec, { masts: ["main", "fore"] });
  assert.equal((await resource.ask(deleteObject, { name: "b" })).status, 200);
  assert.equal(await storedVersion(storage), undefined);
});
