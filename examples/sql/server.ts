// annex up --extension examples/sql/server.ts, then: kubectl create -f examples/sql/article.yaml
// The table is in shop.db of the folder that the server was started in, or in the file that SHOP_DATABASE names.

import { DatabaseSync } from "node:sqlite";
import { runServer } from "annex/server";
import { articlesOf } from "./article.ts";

await runServer({ name: "shop", resources: [articlesOf(new DatabaseSync(process.env.SHOP_DATABASE ?? "shop.db"))] });
