import assert from "node:assert/strict";
import { test } from "node:test";
import { serveForTest } from "../../../test/support/verbs.ts";
import { aWidget, widgets } from "../../../test/support/widgets.ts";
import { StatusError } from "../../api/door.ts";
import type { AdmissionPlugin } from "../admission/admission.ts";
import { create } from "./create.ts";

test("create() gives the object an identity and answers it with 201", async () => {
  await using resource = await serveForTest(widgets);
  const { status, body } = await resource.ask(create, { body: aWidget({ name: "blue" }) });
  assert.equal(status, 201);
  assert.equal(body.metadata.namespace, "default");
  assert.match(body.metadata.uid ?? "", /^[0-9a-f-]{36}$/);
  assert.match(body.metadata.creationTimestamp ?? "", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  assert.equal(body.metadata.generation, 1);
  assert.equal(body.metadata.resourceVersion, String(await resource.storage.currentRevision()));
});

test("create() takes nothing of the system's metadata from the client", async () => {
  await using resource = await serveForTest(widgets);
  const { body } = await resource.ask(create, {
    body: aWidget({
      uid: "mine",
      creationTimestamp: "2001-01-01T00:00:00Z",
      deletionTimestamp: "2001-01-01T00:00:00Z",
    }),
  });
  assert.notEqual(body.metadata.uid, "mine");
  assert.notEqual(body.metadata.creationTimestamp, "2001-01-01T00:00:00Z");
  assert.equal(body.metadata.deletionTimestamp, undefined);
});

test("create() owns what the client brought under the manager that it names", async () => {
  await using resource = await serveForTest(widgets);
  const { body } = await resource.ask(create, { query: "fieldManager=me", body: aWidget({ labels: { a: "b" } }) });
  const [entry, ...others] = body.metadata.managedFields ?? [];
  assert.equal(others.length, 0);
  assert.equal(entry?.manager, "me");
  assert.deepEqual(entry?.fieldsV1, { "f:metadata": { "f:labels": { ".": {}, "f:a": {} } } });
});

test("create() answers 409 AlreadyExists for a name that is taken, dry runs included", async () => {
  await using resource = await serveForTest(widgets);
  await resource.ask(create, { body: aWidget() });
  for (const query of ["", "dryRun=All"]) {
    const { status, body } = await resource.ask(create, { query, body: aWidget() });
    assert.equal(status, 409);
    assert.equal(body.message, 'widgets.test.example.com "w" already exists');
  }
});

test("create() makes a name that begins with generateName", async () => {
  await using resource = await serveForTest(widgets);
  const { body } = await resource.ask(create, { body: aWidget({ name: "", generateName: "gen-" }) });
  assert.match(body.metadata.name ?? "", /^gen-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
});

test("create() tells the client to try again where a generated name was taken", async () => {
  await using resource = await serveForTest(widgets);
  await resource.ask(create, { body: aWidget({ name: "fixed" }) });
  const { status, body } = await resource.ask(create, { body: aWidget({ name: "fixed", generateName: "gen-" }) });
  assert.equal(status, 409);
  assert.match(body.message ?? "", /already exists, the server was not able to generate a unique name for the object$/);
  assert.equal(body.details?.retryAfterSeconds, 1);
});

test("create() stores nothing on a dry run and answers without a resourceVersion", async () => {
  await using resource = await serveForTest(widgets);
  const before = await resource.storage.currentRevision();
  const { status, body } = await resource.ask(create, { query: "dryRun=All", body: aWidget() });
  assert.equal(status, 201);
  assert.equal(body.metadata.resourceVersion, undefined);
  assert.equal(await resource.storage.currentRevision(), before);
});

test("create() refuses another namespace in the body than in the URL", async () => {
  await using resource = await serveForTest(widgets);
  const { status, body } = await resource.ask(create, { body: aWidget({ namespace: "other" }) });
  assert.equal(status, 400);
  assert.equal(body.message, "the namespace of the provided object does not match the namespace sent on the request");
});

test("create() checks the options before it looks into the body", async () => {
  await using resource = await serveForTest(widgets);
  const { status, body } = await resource.ask(create, { query: "dryRun=maybe", body: "not json" });
  assert.equal(status, 422);
  assert.equal(body.details?.causes?.[0]?.field, "dryRun");
});

test("create() asks for the type of the body before its options", async () => {
  await using resource = await serveForTest(widgets);
  const { status } = await resource.ask(create, {
    query: "dryRun=maybe",
    headers: { "content-type": "text/plain" },
    body: "not json",
  });
  assert.equal(status, 415);
});

test("create() warns of unknown fields, and refuses them under Strict", async () => {
  await using resource = await serveForTest(widgets);
  const warned = await resource.ask(create, { body: { ...aWidget(), other: 1 } });
  assert.equal(warned.status, 201);
  assert.deepEqual(warned.warnings, ['unknown field "other"']);
  const refused = await resource.ask(create, { query: "fieldValidation=Strict", body: { ...aWidget(), other: 1 } });
  assert.equal(refused.status, 400);
  assert.match(refused.body.message ?? "", /strict decoding error: unknown field "other"$/);
});

test("create() tells faults of the metadata together with those of the resource that has a rule for names", async () => {
  await using resource = await serveForTest(widgets);
  const { body } = await resource.ask(create, { body: aWidget({ name: "UPPER", spec: { color: "red" } }) });
  assert.deepEqual(
    body.details?.causes?.map(({ field }) => field),
    ["metadata.name", "spec.color"],
  );
});

test("create() refuses a resourceVersion, which only an object that exists has", async () => {
  await using resource = await serveForTest(widgets);
  assert.equal((await resource.ask(create, { body: aWidget({ resourceVersion: "5" }) })).status, 400);
  assert.equal((await resource.ask(create, { body: aWidget({ resourceVersion: "0" }) })).status, 201);
});

test("create() drops owner references that stand twice and says so", async () => {
  await using resource = await serveForTest(widgets);
  const owner = { apiVersion: "v1", kind: "ConfigMap", name: "c", uid: "u" };
  const { body, warnings } = await resource.ask(create, { body: aWidget({ ownerReferences: [owner, owner] }) });
  assert.deepEqual(body.metadata.ownerReferences, [owner]);
  assert.match(warnings[0] ?? "", /duplicate entries; .* duplicate UID\(s\) observed: u$/);
});

test("create() lets plug-ins change the object before it is validated, and refuse it after", async () => {
  const seen: (string | undefined)[] = [];
  const paint: AdmissionPlugin = {
    name: "Paint",
    handles: ({ operation }) => operation === "CREATE",
    mutate({ object }) {
      if (object !== undefined) object.spec = { color: "green" };
    },
    validate({ object, name }) {
      seen.push(object?.metadata.uid);
      if (name === "never") throw new StatusError("Forbidden", "never");
    },
  };
  await using resource = await serveForTest(widgets, { admission: [paint] });
  const { body } = await resource.ask(create, { body: aWidget({ spec: { color: "red" } }) });
  assert.deepEqual(body.spec, { color: "green" });
  assert.equal(seen[0], body.metadata.uid);
  assert.equal((await resource.ask(create, { body: aWidget({ name: "never" }) })).status, 403);
});

test("create() keeps `__proto__` as a label key out of every prototype", async () => {
  await using resource = await serveForTest(widgets);
  const body = '{"metadata":{"name":"w","labels":{"__proto__":"x"}}}';
  assert.equal((await resource.ask(create, { body })).status, 422);
});

test("create() refuses a resourceVersion that is one, and takes no notice of other texts", async () => {
  await using resource = await serveForTest(widgets);
  for (const [resourceVersion, status] of [
    ["1", 400],
    ["0", 201],
    ["abc", 201],
    ["18446744073709551616", 201],
  ] as const)
    assert.equal(
      (await resource.ask(create, { body: aWidget({ name: `v-${resourceVersion}`, resourceVersion }) })).status,
      status,
    );
});
