// The control plane's own kinds: whatever is written to them, in the shape of their schemas or beside it, no fault is the server's.

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Random } from "../../src/base/random.ts";
import { isRecord, recordOf } from "../../src/base/record.ts";
import { type ClientRequest, readAll } from "../../src/client/door.ts";
import { type ControlPlane, startControlPlane } from "../../src/control-plane/door.ts";
import { chances, rounds } from "../support/faults.ts";
import { valueFor } from "./from-schema.ts";

/** Of each collection; there are about forty. */
const writesPerCollection = rounds(25);
/** Deleting what is served, or registering groups anew, is for other tests. */
const leftOut = /apiregistration\.k8s\.io|\/api\/v1\/namespaces$/;

interface Collection {
  readonly path: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly schema: unknown;
  readonly schemas: Readonly<Record<string, unknown>>;
  /** Whether it has objects to read: reviews do not. */
  readonly isKept: boolean;
}

test("no write to a kind of the control plane is answered with a fault of the server's", async (t) => {
  const random = chances(t);
  await using plane = await startControlPlane({});
  const collections = await collectionsOf(plane);
  assert.ok(collections.length > 20, `${collections.length} collections`);
  const counted = new Map<number, number>();
  for (const collection of collections)
    for (let round = 0; round < writesPerCollection; round++)
      for (const asked of writesTo(collection, random)) {
        const status = await ask(plane, asked);
        counted.set(status, (counted.get(status) ?? 0) + 1);
      }
  for (const { path, isKept } of collections) if (isKept) await requireReadable(plane, path);
  tell(t, counted);
  assert.ok((counted.get(201) ?? 0) > 0 && (counted.get(200) ?? 0) > 0, "some of it was good");
});

/** Every path that objects are made at. */
async function collectionsOf({ client }: ControlPlane): Promise<Collection[]> {
  const index = recordOf(await client.json({ path: "/openapi/v3" }));
  const found: Collection[] = [];
  for (const url of Object.values(recordOf(index.paths)).map((entry) => String(recordOf(entry).serverRelativeURL))) {
    const document = recordOf(await client.json({ path: url }));
    const schemas = recordOf(recordOf(document.components).schemas);
    for (const [path, item] of Object.entries(recordOf(document.paths))) {
      const { post, get } = recordOf(item);
      const groupVersionKind = recordOf(post)["x-kubernetes-group-version-kind"];
      if (!isRecord(groupVersionKind) || path.includes("{name}") || leftOut.test(path)) continue;
      const { group, version, kind } = groupVersionKind;
      const content = recordOf(recordOf(recordOf(post).requestBody).content);
      found.push({
        path: path.replace("{namespace}", "default"),
        apiVersion: group === "" ? String(version) : `${group}/${version}`,
        kind: String(kind),
        schema: recordOf(Object.values(content)[0]).schema,
        schemas,
        isKept: get !== undefined,
      });
    }
  }
  return found;
}

type Asked = Pick<ClientRequest, "method" | "path" | "contentType" | "body" | "query">;

/** One object by each way of writing. */
function writesTo({ path, apiVersion, kind, schema, schemas, isKept }: Collection, random: Random): Asked[] {
  const name = `n${random.below(4)}`;
  const anObject = () => {
    const value = recordOf(valueFor(schema, { schemas, random }));
    const metadata = random.below(3) === 0 ? recordOf(value.metadata) : {};
    return { ...value, apiVersion, kind, metadata: { ...metadata, name, namespace: undefined } };
  };
  const json = "application/json";
  const created: Asked = { method: "POST", path, contentType: json, body: anObject() };
  if (!isKept) return [created];
  const item = `${path}/${name}`;
  const removed: Asked = { method: "DELETE", path: item };
  const { metadata: _metadata, ...changed } = anObject();
  return [
    created,
    { method: "PUT", path: item, contentType: json, body: anObject() },
    { method: "PATCH", path: item, contentType: "application/merge-patch+json", body: changed },
    { method: "PATCH", path: item, contentType: "application/strategic-merge-patch+json", body: changed },
    {
      method: "PATCH",
      path: item,
      query: { fieldManager: "m", force: true },
      contentType: "application/apply-patch+yaml",
      body: anObject(),
    },
    { method: "PATCH", path: `${item}/status`, contentType: "application/merge-patch+json", body: changed },
    ...(random.below(8) === 0 ? [removed] : []),
  ];
}

async function ask({ client }: ControlPlane, asked: Asked): Promise<number> {
  const { status, body } = await client.send(asked);
  const answer = (await readAll(body)).toString();
  assert.ok(status < 500, `${JSON.stringify(asked)}\n${status} ${answer}`);
  return status;
}

/** What was taken can be listed, and shown in columns. */
async function requireReadable({ client }: ControlPlane, path: string): Promise<void> {
  for (const accept of ["application/json", "application/json;as=Table;v=v1;g=meta.k8s.io"]) {
    const { status, body } = await client.send({ path, accept });
    const answer = (await readAll(body)).toString();
    assert.equal(status, 200, `${path} ${answer}`);
    assert.ok(isRecord(JSON.parse(answer)));
  }
}

function tell(t: TestContext, counted: ReadonlyMap<number, number>): void {
  const sorted = [...counted].sort(([a], [b]) => a - b);
  t.diagnostic(sorted.map(([status, times]) => `${status}: ${times}`).join(", "));
}
