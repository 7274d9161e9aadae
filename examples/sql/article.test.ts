import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { startControlPlane } from "annex/control-plane";
import { articlesOf } from "./article.ts";

test("articles are rows, whoever writes them", async () => {
  const database = new DatabaseSync(":memory:");
  await using plane = await startControlPlane({ extensions: [{ name: "shop", resources: [articlesOf(database)] }] });
  const articles = plane.client.resource({
    group: "shop.example.com",
    version: "v1",
    resource: "articles",
    isNamespaced: true,
  });
  const object = {
    apiVersion: "shop.example.com/v1",
    kind: "Article",
    metadata: { name: "teapot", namespace: "default" },
    spec: { title: "A teapot", price: 1800 },
  };
  const created = await articles.create(object);
  assert.equal(database.prepare("SELECT title FROM articles").get()?.title, "A teapot");
  database.exec("UPDATE articles SET price = 1500");
  await assert.rejects(articles.update({ ...created, spec: { title: "Mine", price: 1 } }), { reason: "Conflict" });
  const read = await articles.get("teapot", { namespace: "default" });
  assert.deepEqual([read.spec, read.metadata.uid], [{ title: "A teapot", price: 1500 }, created.metadata.uid]);
  await articles.delete("teapot", { namespace: "default" });
  assert.equal(database.prepare("SELECT count(*) AS count FROM articles").get()?.count, 0);
});
