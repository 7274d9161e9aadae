// What Kubernetes' own sample-apiserver left in etcd, served by wardle; and what wardle leaves there, as the other would have written it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import type { Client } from "annex/client";
import { openEtcdStorage, type Storage } from "annex/storage";
import { startEtcd } from "../support/etcd.ts";
import { adminOf } from "../support/flunder-traffic.ts";
import { startWardle, type WardleProcess } from "../support/wardle.ts";

interface Entry {
  readonly key: string;
  readonly value: string;
  readonly version: number;
  readonly read: {
    readonly kind: string;
    readonly metadata: Record<string, unknown>;
    readonly spec?: Record<string, string>;
  };
}

const fixture = new URL("fixtures/reference-etcd.json", import.meta.url);
const { entries }: { entries: Entry[] } = JSON.parse(readFileSync(fixture, "utf8"));

describe("what the reference keeps in etcd", () => {
  const starting = startEtcd({ after });
  let storage: Storage;
  let wardle: WardleProcess;
  let client: Client;

  before(async () => {
    const endpoint = await starting;
    storage = await openEtcdStorage({ endpoints: [endpoint] });
    for (const { key, value } of entries) await storage.commit([{ key, value: Buffer.from(value), expected: 0 }]);
    wardle = await startWardle({ storage: () => ["--etcd-servers", endpoint] });
    client = adminOf(wardle.port);
  });
  after(async () => {
    client.close();
    await wardle[Symbol.asyncDispose]();
    await storage[Symbol.asyncDispose]();
  });

  for (const entry of entries) {
    test(`${nameOf(entry)} is read as the reference reads it, in every version and form`, async () => {
      const stored = await storedAt(storage, entry.key);
      const resourceVersion = String(stored.revision);
      const expected = { ...entry.read, metadata: { ...entry.read.metadata, resourceVersion } };
      assert.deepEqual(await client.json({ path: pathOf(entry) }), expected);
      const { kind: _kind, apiVersion: _apiVersion, ...item } = { apiVersion: "", ...expected };
      const list: { items: Entry["read"][] } = Object(await client.json({ path: collectionOf(entry) }));
      assert.deepEqual(
        list.items.find(({ metadata }) => metadata.name === entry.read.metadata.name),
        item,
      );
      if (entry.read.kind !== "Flunder") return;
      const beta: unknown = await client.json({ path: pathOf(entry).replace("v1alpha1", "v1beta1") });
      assert.deepEqual(beta, {
        ...expected,
        apiVersion: "wardle.example.com/v1beta1",
        spec: betaSpecOf(entry.read.spec),
      });
    });

    test(`${nameOf(entry)} written back as it is stays as it is, to the byte`, async () => {
      const before = await storedAt(storage, entry.key);
      const body = await client.json({ path: pathOf(entry) });
      await client.json({ method: "PUT", path: pathOf(entry), body, query: { fieldManager: "example" } });
      const unchanged = await storedAt(storage, entry.key);
      assert.deepEqual([unchanged.revision, unchanged.text], [before.revision, entry.value]);
    });

    test(`${nameOf(entry)} changed keeps the order and the form of everything else`, async () => {
      const patch = { metadata: { labels: { touched: "yes" } } };
      await client.json({
        method: "PATCH",
        path: pathOf(entry),
        body: patch,
        contentType: "application/merge-patch+json",
        query: { fieldManager: "example" },
      });
      const { text } = await storedAt(storage, entry.key);
      assert.ok(text.endsWith("}\n") && !text.includes("resourceVersion"));
      assert.equal(withoutTouch(text), withoutTouch(entry.value));
    });
  }

  const createdOnce = entries.filter(({ version, read }) => version === 1 && read.metadata.generateName === undefined);
  for (const entry of createdOnce) {
    test(`${nameOf(entry)} created anew lies in etcd as the reference wrote it`, async () => {
      const stored: { metadata: { managedFields?: { apiVersion: string }[] } } = JSON.parse(entry.value);
      const isBeta = stored.metadata.managedFields?.[0]?.apiVersion.endsWith("v1beta1") === true;
      await client.json({ method: "DELETE", path: pathOf(entry) });
      const {
        uid: _uid,
        resourceVersion: _rv,
        creationTimestamp: _time,
        managedFields: _fields,
        ...metadata
      } = entry.read.metadata;
      const apiVersion = `wardle.example.com/${isBeta ? "v1beta1" : "v1alpha1"}`;
      const body = { ...entry.read, apiVersion, metadata, ...(isBeta ? { spec: betaSpecOf(entry.read.spec) } : {}) };
      const path = collectionOf(entry).replace("v1alpha1", isBeta ? "v1beta1" : "v1alpha1");
      await client.json({ method: "POST", path, body, query: { fieldManager: "example" } });
      assert.equal(withoutChance((await storedAt(storage, entry.key)).text), withoutChance(entry.value));
    });
  }
});

function nameOf({ key }: Entry): string {
  return key.split("/").slice(3).join("/");
}

function pathOf(entry: Entry): string {
  return `${collectionOf(entry)}/${entry.read.metadata.name}`;
}

function collectionOf({ read: { kind, metadata } }: Entry): string {
  const scope = metadata.namespace === undefined ? "" : `/namespaces/${metadata.namespace}`;
  return `/apis/wardle.example.com/v1alpha1${scope}/${kind.toLowerCase()}s`;
}

/** What v1beta1 makes of a spec: the reference under the name of what it refers to. */
function betaSpecOf({ reference, referenceType }: Record<string, string> = {}): Record<string, string> {
  if (referenceType === undefined) return {};
  const field = referenceType === "Flunder" ? "flunderReference" : "fischerReference";
  return { ...(reference === undefined ? {} : { [field]: reference }), referenceType };
}

async function storedAt(storage: Storage, key: string): Promise<{ readonly text: string; readonly revision: number }> {
  const { entries: found } = await storage.range({ start: key, end: `${key}\0` });
  const [entry] = found;
  assert.ok(entry !== undefined, `${key} must be in etcd`);
  return { text: entry.value.toString(), revision: entry.revision };
}

/** The text without the label, and without the record of who wrote it. */
function withoutTouch(text: string): string {
  const object: { metadata: { labels?: Record<string, string>; managedFields?: unknown } } = JSON.parse(text);
  delete object.metadata.managedFields;
  delete object.metadata.labels?.touched;
  if (Object.keys(object.metadata.labels ?? {}).length === 0) delete object.metadata.labels;
  return JSON.stringify(object);
}

/** The text with what is different each time made the same. */
function withoutChance(text: string): string {
  return text.replace(/"uid":"[^"]*"/, '"uid":""').replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, "TIME");
}
