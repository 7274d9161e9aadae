import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { aRequest, readAnswer } from "../../../test/support/request.ts";
import { serveForTest, type TestResource } from "../../../test/support/verbs.ts";
import { aWidget, widget, widgets } from "../../../test/support/widgets.ts";
import { seededRandom } from "../../base/random.ts";
import { encodeStored } from "../stored-object.ts";
import { create } from "./create.ts";
import { deleteObject } from "./delete.ts";
import { get } from "./get.ts";
import { list } from "./list.ts";
import { watch } from "./watch.ts";

async function createNamed(server: TestResource, ...names: string[]): Promise<void> {
  for (const name of names) await server.ask(create, { method: "POST", body: aWidget({ name }) });
}

async function fill(server: TestResource, count: number, padding = ""): Promise<void> {
  for (let at = 0; at < count; at++) {
    const name = `w${String(at).padStart(5, "0")}`;
    const metadata = { name, namespace: "default", labels: { app: `a${at % 10}` }, annotations: { padding } };
    const value = encodeStored(widget, { apiVersion: "test.example.com/v1", kind: "Widget", metadata });
    await server.storage.commit([{ key: `${server.served.keyPrefix}default/${name}`, value, expected: 0 }]);
  }
}

interface Page {
  readonly names: readonly string[];
  readonly token: string;
  readonly remaining: number | undefined;
  readonly revision: string;
  readonly status: number;
}

async function page(server: TestResource, query: string): Promise<Page> {
  const { status, body } = await server.ask(list, { query });
  const metadata: { continue?: string; remainingItemCount?: number; resourceVersion?: string } = body.metadata;
  return {
    names: (body.items ?? []).map((item) => item.metadata.name ?? ""),
    token: metadata.continue ?? "",
    remaining: metadata.remainingItemCount,
    revision: metadata.resourceVersion ?? "",
    status,
  };
}

test("list() gives pages that all show the moment of the first, whatever is written between them", async () => {
  const seed = Number(process.env.ANNEX_SEED ?? 20_261_123);
  const random = seededRandom(seed);
  await using server = await serveForTest(widgets);
  await fill(server, 300);
  const before = await page(server, "");

  for (const limit of [1, 7, 64, 299, 300]) {
    const expected = await page(server, "");
    const seen: string[] = [];
    let next = await page(server, `limit=${limit}`);
    for (;;) {
      seen.push(...next.names);
      assert.equal(next.revision, expected.revision, `seed ${seed}, limit ${limit}`);
      if (next.token === "") break;
      assert.equal(next.remaining, expected.names.length - seen.length);
      const name = `w${String(random.below(300)).padStart(5, "0")}`;
      await server.ask(deleteObject, { method: "DELETE", name });
      await createNamed(server, `x${seen.length}-${limit}`);
      next = await page(server, `limit=${limit}&continue=${next.token}`);
    }
    assert.deepEqual(seen, expected.names, `seed ${seed}, limit ${limit}`);
  }
  assert.notDeepEqual((await page(server, "")).names, before.names);
});

test("list() answers 410 and a token that goes on with what is there now when its token was compacted away", async () => {
  await using server = await serveForTest(widgets);
  await createNamed(server, "a", "b", "c");
  const first = await page(server, "limit=1");
  await createNamed(server, "bb");
  server.served.cache.keptRoots.clear();
  await server.storage.compact(server.served.cache.revision);

  const gone = await server.ask(list, { query: `limit=1&continue=${first.token}` });
  assert.equal(gone.status, 410);
  assert.match(gone.body.message ?? "", /^The provided continue parameter is too old/);
  const { continue: fresh = "" }: { continue?: string } = gone.body.metadata;
  // The verbs' test rig leaves a Status without its metadata.
  if (fresh !== "") assert.deepEqual((await page(server, `continue=${fresh}`)).names, ["b", "bb", "c"]);

  const exact = await page(server, `resourceVersion=${first.revision}&resourceVersionMatch=Exact`);
  assert.equal(exact.status, 410);
});

test("list() goes on in storage's history where no root was kept", async () => {
  await using server = await serveForTest(widgets);
  await createNamed(server, "a", "b", "c");
  const first = await page(server, "limit=1");
  await server.ask(deleteObject, { method: "DELETE", name: "b" });
  server.served.cache.keptRoots.clear();
  assert.deepEqual((await page(server, `continue=${first.token}`)).names, ["b", "c"]);
  const exact = `resourceVersion=${first.revision}&resourceVersionMatch=Exact`;
  assert.deepEqual((await page(server, exact)).names, ["a", "b", "c"]);
});

test("list() goes on in all namespaces after a page of one was read from history", async () => {
  await using server = await serveForTest(widgets);
  await createNamed(server, "a", "b");
  await server.ask(create, { method: "POST", namespace: "other", body: aWidget({ name: "c" }) });
  const one = await page(server, "limit=1");
  const all = await server.ask(list, { namespace: "", query: "limit=1" });
  await createNamed(server, "d");
  server.served.cache.keptRoots.clear();
  assert.deepEqual((await page(server, `limit=1&continue=${one.token}`)).names, ["b"]);
  const { continue: token = "" }: { continue?: string } = all.body.metadata;
  const rest = await server.ask(list, { namespace: "", query: `continue=${token}` });
  assert.deepEqual(
    rest.body.items?.map(({ metadata }) => metadata.name),
    ["b", "c"],
  );
});

test("list() finds what selectors select, one name without a walk", async () => {
  await using server = await serveForTest(widgets);
  await fill(server, 100);
  assert.equal((await page(server, "labelSelector=app%3Da3")).names.length, 10);
  assert.deepEqual((await page(server, "fieldSelector=metadata.name%3Dw00042")).names, ["w00042"]);
  assert.deepEqual((await page(server, "fieldSelector=metadata.name%3Dw00042&labelSelector=app%3Da3")).names, []);
  const some = await page(server, "labelSelector=app%3Da3&limit=4");
  assert.equal(some.remaining, undefined);
  assert.equal((await page(server, `labelSelector=app%3Da3&continue=${some.token}`)).names.length, 6);
});

test("list() compresses large answers into what an uncompressed one says, also after changes", async () => {
  await using server = await serveForTest(widgets);
  await fill(server, 500, "some words to make it long ".repeat(20));
  const ask = async (query: string, encoding: string): Promise<Buffer> => {
    const info = { isResource: true, group: widget.group, version: "v1", namespace: "default", resource: "widgets" };
    const request = aRequest({ url: `/x?${query}`, headers: { "accept-encoding": encoding }, info });
    const response = await list({ request, served: server.served, version: "v1", info: request.info });
    const bytes = await readAnswer(response);
    if (encoding === "identity") return bytes;
    assert.equal(response.headers["content-encoding"], "gzip");
    return gunzipSync(bytes);
  };
  const revision = async () => `resourceVersion=${server.served.cache.revision}&resourceVersionMatch=NotOlderThan`;
  for (const query of [await revision(), "limit=400", "labelSelector=app!%3Da1"]) {
    const plain = await ask(query, "identity");
    assert.ok(plain.equals(await ask(query, "gzip")));
    await server.ask(deleteObject, { method: "DELETE", name: `w00${100 + query.length}` });
    assert.ok((await ask(query, "identity")).equals(await ask(query, "gzip")));
    // An encoding with parameters is none that counts.
    assert.ok((await ask(query, "identity")).length > 100_000);
  }
});

test("list() refuses tokens that are none of its own", async () => {
  await using server = await serveForTest(widgets);
  const tokenOf = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const bad = [
    "%2F",
    "abcde",
    tokenOf(null),
    tokenOf({ v: "meta.k8s.io/v2", rv: 1, start: "/a" }),
    tokenOf({ v: "meta.k8s.io/v1", rv: 0, start: "/a" }),
    tokenOf({ v: "meta.k8s.io/v1", rv: 1, start: "" }),
    tokenOf({ v: "meta.k8s.io/v1", rv: 1, start: "/../other/a" }),
    tokenOf({ v: "meta.k8s.io/v1", rv: 1, start: "a//b" }),
  ];
  for (const token of bad) {
    const { status, body } = await server.ask(list, { query: `continue=${token}` });
    assert.equal(status, 400, token);
    assert.match(body.message ?? "", /^invalid continue token: continue key is not valid: /);
  }
});

test("list() of one name is a read of that object: it has no pages, and takes a resourceVersion beside a limit for a minimum", async () => {
  await using server = await serveForTest(widgets);
  await createNamed(server, "a", "b");
  const { revision } = await page(server, "");
  await createNamed(server, "c");
  const one = await page(server, "fieldSelector=metadata.name%3Da&limit=1");
  assert.deepEqual([one.names, one.token, one.remaining], [["a"], "", undefined]);
  const newest = `fieldSelector=metadata.name%3Dc&limit=1&resourceVersion=${revision}`;
  assert.deepEqual((await page(server, newest)).names, ["c"]);
  assert.deepEqual((await page(server, `${newest}&resourceVersionMatch=Exact`)).names, []);
});

test("list() across namespaces looks only at the one that the field selector leaves", async () => {
  await using server = await serveForTest(widgets);
  for (const namespace of ["m", "n", "o"]) {
    await server.ask(create, { method: "POST", namespace, body: aWidget({ name: "a" }) });
    await server.ask(create, { method: "POST", namespace, body: aWidget({ name: "b" }) });
  }
  const pageOf = async (query: string) => {
    const { body } = await server.ask(list, { namespace: "", query });
    const { continue: token = "" }: { continue?: string } = body.metadata;
    return { names: body.items?.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`), token };
  };
  const first = await pageOf("limit=1&fieldSelector=metadata.namespace%3Dn");
  assert.deepEqual(first.names, ["n/a"]);
  const second = await pageOf(`limit=1&fieldSelector=metadata.namespace%3Dn&continue=${first.token}`);
  assert.deepEqual(second, { names: ["n/b"], token: "" });
  const one = await pageOf("limit=1&fieldSelector=metadata.namespace%3Dn,metadata.name%3Da");
  assert.deepEqual(one, { names: ["n/a"], token: "" });
});

test("list() takes no notice of a limit beside resourceVersion=0", async () => {
  await using server = await serveForTest(widgets);
  await createNamed(server, "a", "b", "c");
  assert.deepEqual((await page(server, "limit=1&resourceVersion=0")).names, ["a", "b", "c"]);
  const { token } = await page(server, "limit=1");
  assert.deepEqual((await page(server, `limit=1&resourceVersion=0&continue=${token}`)).names, ["b", "c"]);
});

test("list() and get() answer the metadata of any kind in protobuf", async () => {
  await using server = await serveForTest(widgets);
  await createNamed(server, "a", "b");
  const ask = async (verb: typeof list, as: string, name = "") => {
    const info = {
      isResource: true,
      group: "test.example.com",
      version: "v1",
      namespace: "default",
      resource: "widgets",
      name,
    };
    const accept = `application/vnd.kubernetes.protobuf;as=${as};g=meta.k8s.io;v=v1`;
    const request = aRequest({ url: "/apis/test", headers: { accept }, info });
    const answer = await verb({ request, served: server.served, version: "v1", info: request.info });
    assert.equal(answer.headers["content-type"], "application/vnd.kubernetes.protobuf");
    return (await readAnswer(answer)).toString("latin1");
  };
  const all = await ask(list, "PartialObjectMetadataList");
  for (const part of ["k8s\0", "PartialObjectMetadataList", "\n\x01a", "\n\x01b"]) assert.ok(all.includes(part), part);
  const one = await ask(get, "PartialObjectMetadata", "b");
  for (const part of ["k8s\0", "PartialObjectMetadata", "\n\x01b"]) assert.ok(one.includes(part), part);
});

test("list() takes a resourceVersion of zeros for the newest version", async () => {
  await using server = await serveForTest(widgets);
  await createNamed(server, "a");
  assert.deepEqual((await page(server, "resourceVersion=00&resourceVersionMatch=Exact")).names, ["a"]);
});

test("a list and a watch stay below their resource, whatever the namespace is called", async () => {
  await using resource = await serveForTest(widgets);
  for (const namespace of [".", ".."])
    for (const verb of [list, watch]) {
      const { status, body } = await resource.ask(verb, { namespace });
      assert.deepEqual([status, body.reason], [400, "BadRequest"]);
    }
});

test("a continue token that is cut off within a sign is told where", async () => {
  await using resource = await serveForTest(widgets);
  for (const [token, at] of [
    ["abcde", 4],
    ["ab*d", 2],
  ] as const) {
    const { status, body } = await resource.ask(list, { query: `limit=1&continue=${token}` });
    assert.equal(status, 400);
    assert.equal(
      body.message,
      `invalid continue token: continue key is not valid: illegal base64 data at input byte ${at}`,
    );
  }
});
