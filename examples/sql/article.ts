// Rows of a table as objects. Who else writes to the table is heard as well.

import type { DatabaseSync } from "node:sqlite";
import { defineKind, type ObjectOf, StatusError, Type } from "annex/api";
import { defineResource } from "annex/server";

const article = defineKind({
  group: "shop.example.com",
  kind: "Article",
  scope: "Namespaced",
  versions: {
    v1: {
      schema: Type.Object({
        spec: Type.Object({
          title: Type.String({ minLength: 1 }),
          price: Type.Integer({ minimum: 0, description: "In cents." }),
        }),
      }),
      description: "Something that the shop sells.",
    },
  },
});

export type Article = ObjectOf<typeof article, "v1">;

export function articlesOf(database: DatabaseSync) {
  database.exec(`CREATE TABLE IF NOT EXISTS articles (
    shop TEXT NOT NULL, name TEXT NOT NULL, title TEXT NOT NULL, price INTEGER NOT NULL, uid TEXT NOT NULL, created TEXT NOT NULL,
    PRIMARY KEY (shop, name)) STRICT`);
  const all = database.prepare("SELECT shop, name, title, price, uid, created FROM articles");
  const insert = database.prepare(
    "INSERT INTO articles (shop, name, title, price, uid, created) VALUES (?, ?, ?, ?, ?, ?)",
  );
  // The row must still be as the client saw it, whoever else writes to the table.
  const change = database.prepare(
    "UPDATE articles SET title = ?, price = ? WHERE shop = ? AND name = ? AND title = ? AND price = ?",
  );
  const remove = database.prepare("DELETE FROM articles WHERE shop = ? AND name = ? AND uid = ?");
  return defineResource(article, {
    source: {
      list: () => all.all().map(asArticle),
      create({ metadata: { namespace = "", name = "", uid = "", creationTimestamp = "" }, spec }) {
        insert.run(namespace, name, spec.title, spec.price, uid, creationTimestamp);
      },
      update({ metadata: { namespace = "", name = "" }, spec }, { old }) {
        const { changes } = change.run(spec.title, spec.price, namespace, name, old.spec.title, old.spec.price);
        if (changes === 0)
          throw StatusError.conflict({ group: article.group, resource: article.plural }, name, "the row has changed");
      },
      delete({ metadata: { namespace = "", name = "", uid = "" } }) {
        remove.run(namespace, name, uid);
      },
      intervalMs: 1_000,
    },
    columns: [
      { name: "Title", type: "string", cell: ({ spec }) => spec.title },
      { name: "Price", type: "string", cell: ({ spec }) => (spec.price / 100).toFixed(2) },
    ],
  });
}

/** A table keeps no labels and no managed fields: the server knows the latter for as long as it runs. */
function asArticle({ shop, name, title, price, uid, created }: Readonly<Record<string, unknown>>): Article {
  return {
    apiVersion: "shop.example.com/v1",
    kind: "Article",
    metadata: { namespace: String(shop), name: String(name), uid: String(uid), creationTimestamp: String(created) },
    spec: { title: String(title), price: Number(price) },
  };
}
