import assert from "node:assert/strict";
import { test } from "node:test";
import { startAskedServer } from "../../../test/support/asked-server.ts";
import { defineKind, type ObjectOf, StatusError, Type } from "../../api/door.ts";
import { defineResource } from "../resource.ts";
import type { ObjectSource } from "./object-source.ts";

const kind = defineKind({
  group: "shop.example.com",
  kind: "Article",
  scope: "Namespaced",
  versions: { v1: { schema: Type.Object({ spec: Type.Object({ price: Type.Integer() }) }) } },
});
const collection = "/apis/shop.example.com/v1/namespaces/default/articles";
type Article = ObjectOf<typeof kind, "v1">;
const article = (name: string, price: number, meta: object = {}): Article => ({
  apiVersion: "shop.example.com/v1",
  kind: "Article",
  metadata: { name, namespace: "default", ...meta },
  spec: { price },
});

/** A source that is an array. */
function shop(...articles: Article[]) {
  let changed = () => {};
  const state = { articles, isBroken: false, lists: 0, tell: () => changed() };
  const source = {
    list() {
      state.lists++;
      if (state.isBroken) throw new Error("the shop is closed");
      return state.articles;
    },
    follow(listener: () => void) {
      changed = listener;
      return () => {};
    },
  } satisfies ObjectSource<Article>;
  return { state, source };
}

/** A source that writes into it. */
function writableShop(...articles: Article[]) {
  const { state, source } = shop(...articles);
  const without = ({ metadata }: Article) => state.articles.filter((other) => other.metadata.name !== metadata.name);
  const writable = {
    ...source,
    create(object: Article) {
      if (object.spec.price === 13) throw StatusError.badRequest("no article costs 13");
      state.articles = [...state.articles, object];
    },
    update(object: Article) {
      state.articles = [...without(object), object];
    },
    delete(object: Article) {
      state.articles = without(object);
    },
  } satisfies ObjectSource<Article>;
  return { state, source: writable };
}

test("what a source lists is served with all that reading offers, always as new as it is", async () => {
  const { state, source } = shop(article("a", 1, { labels: { kind: "new" } }), article("b", 2));
  await using server = await startAskedServer({ resources: [defineResource(kind, { source })] });
  const list = async (query = "") => (await server.ask({ path: `${collection}${query}` })).json;
  const first = await list();
  assert.deepEqual(
    first.items.map(({ metadata }: Article) => metadata.name),
    ["a", "b"],
  );
  assert.match(first.items[0].metadata.uid, /^[0-9a-f-]{36}$/);
  assert.equal((await list("?labelSelector=kind=new")).items.length, 1);
  const page = await list("?limit=1");
  state.articles = [article("a", 5)];
  const second = await list();
  assert.deepEqual([second.items.length, second.items[0].spec.price], [1, 5]);
  assert.equal(second.items[0].metadata.uid, first.items[0].metadata.uid);
  assert.equal(
    (await list(`?limit=1&continue=${page.metadata.continue}`)).items[0].metadata.name,
    "b",
    "a page is of one moment",
  );
  const { resourceVersion } = (await list()).metadata;
  assert.equal(resourceVersion, second.metadata.resourceVersion, "nothing changed: no new revision");
});

test("a watcher hears what changed, each thing once, when the source tells", async () => {
  const { state, source } = shop(article("a", 1), article("b", 1));
  await using server = await startAskedServer({ resources: [defineResource(kind, { source })] });
  const { resourceVersion } = (await server.ask({ path: collection })).json.metadata;
  const watching = server.ask({ path: `${collection}?watch=true&timeoutSeconds=1&resourceVersion=${resourceVersion}` });
  state.articles = [article("a", 2), article("c", 1)];
  state.tell();
  state.tell();
  const events = (await watching).bytes
    .toString()
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.deepEqual(events.map(({ type, object }) => `${type} ${object.metadata.name}`).sort(), [
    "ADDED c",
    "DELETED b",
    "MODIFIED a",
  ]);
});

test("verbs that a source has no function for are 405, and nobody is offered them", async () => {
  await using server = await startAskedServer({
    resources: [defineResource(kind, { source: shop(article("a", 1)).source })],
  });
  const [resource] = (await server.ask({ path: "/apis/shop.example.com/v1" })).json.resources;
  assert.deepEqual(resource.verbs, ["get", "list", "watch"]);
  for (const method of ["POST", "PUT", "PATCH", "DELETE"])
    assert.equal(
      (await server.ask({ method, path: method === "POST" ? collection : `${collection}/a`, body: article("a", 2) }))
        .status,
      405,
    );
});

test("writes go to the source first, and what it refuses has not happened", async () => {
  const { state, source } = writableShop(article("a", 1));
  await using server = await startAskedServer({ resources: [defineResource(kind, { source })] });
  const created = await server.ask({ method: "POST", path: collection, body: article("b", 7) });
  assert.equal(created.status, 201);
  assert.deepEqual(
    state.articles.map(({ metadata }) => metadata.name),
    ["a", "b"],
  );
  const refused = await server.ask({ method: "POST", path: collection, body: article("c", 13) });
  assert.deepEqual([refused.status, refused.json.message], [400, "no article costs 13"]);
  assert.equal((await server.ask({ path: `${collection}/c` })).status, 404);
  const apply = { "content-type": "application/apply-patch+yaml" };
  const applied = await server.ask({
    method: "PATCH",
    path: `${collection}/a?fieldManager=one`,
    headers: apply,
    body: { ...article("a", 1), spec: { price: 1 } },
  });
  assert.equal(applied.json.metadata.managedFields[0].manager, "one");
  const conflict = await server.ask({
    method: "PATCH",
    path: `${collection}/a?fieldManager=two`,
    headers: apply,
    body: article("a", 3),
  });
  assert.equal(conflict.status, 409);
  const stale = { ...created.json, spec: { price: 8 } };
  state.articles = state.articles.map((known) =>
    known.metadata.name === "b" ? { ...known, spec: { price: 9 } } : known,
  );
  assert.equal(
    (await server.ask({ method: "PUT", path: `${collection}/b`, body: stale })).status,
    409,
    "the source has moved on",
  );
  assert.equal((await server.ask({ method: "DELETE", path: `${collection}/a` })).status, 200);
  assert.deepEqual(
    state.articles.map(({ metadata }) => metadata.name),
    ["b"],
  );
});

test("a source that fails is a fault that clients wait out; the last known state can still be read", async () => {
  const { state, source } = shop(article("a", 1));
  await using server = await startAskedServer({ resources: [defineResource(kind, { source })] });
  await server.ask({ path: collection });
  state.isBroken = true;
  const failed = await server.ask({ path: collection });
  assert.deepEqual([failed.status, failed.json.reason], [500, "ServerTimeout"]);
  assert.equal((await server.ask({ path: `${collection}?resourceVersion=0` })).json.items.length, 1);
  state.isBroken = false;
  assert.equal((await server.ask({ path: collection })).status, 200);
});

test("a watch from before a restart is told to list again", async () => {
  const { source } = shop(article("a", 1));
  const resources = [defineResource(kind, { source })];
  let resourceVersion = "";
  {
    await using before = await startAskedServer({ resources });
    resourceVersion = (await before.ask({ path: collection })).json.metadata.resourceVersion;
  }
  await using server = await startAskedServer({ resources });
  const { bytes } = await server.ask({
    path: `${collection}?watch=true&timeoutSeconds=1&resourceVersion=${resourceVersion}`,
  });
  assert.equal(JSON.parse(bytes.toString().split("\n")[0] ?? "").object.code, 410);
});
