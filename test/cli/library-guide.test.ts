// The program of docs/library.md and the server of README.md are what they say: both compile, and the guide's resource answers.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { startAskedServer } from "../support/asked-server.ts";

const root = join(import.meta.dirname, "../..");
/** Inside the project, so that its packages are found as a user finds them. */
const directory = join(root, ".cache/library-guide");

function codeOf(document: string): string {
  const text = readFileSync(join(root, document), "utf8");
  return [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code).join("\n");
}

before(() => {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "guide.ts"), codeOf("docs/library.md"));
  writeFileSync(join(directory, "readme.ts"), codeOf("README.md"));
  writeFileSync(
    join(directory, "tsconfig.json"),
    JSON.stringify({
      extends: join(root, "tsconfig.json"),
      include: ["*.ts"],
      compilerOptions: { typeRoots: [join(root, "node_modules/@types")] },
    }),
  );
});
after(() => rmSync(directory, { recursive: true, force: true }));

test("the programs of docs/library.md and README.md have the types that they seem to have", () => {
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const { status, stdout } = spawnSync(process.execPath, [compiler, "--noEmit", "-p", directory], { encoding: "utf8" });
  assert.equal(status, 0, stdout);
});

test("the resource of docs/library.md answers as it says", async () => {
  const { backups, weekdaysOnly } = await import(pathToFileURL(join(directory, "guide.ts")).href);
  await using server = await startAskedServer({ resources: [backups], admission: [weekdaysOnly] });
  const collection = "/apis/backups.example.com/v1/namespaces/default/backups";
  const create = (spec: object) =>
    server.ask({
      method: "POST",
      path: collection,
      body: { apiVersion: "backups.example.com/v1", kind: "Backup", metadata: { name: "nightly" }, spec },
    });
  assert.equal((await create({ schedule: "never" })).status, 422);
  assert.match((await create({ schedule: "0 3 * * 6" })).json.message, /backups are made on weekdays/);
  const created = await create({ schedule: "0 3 * * 1", replicas: 4 });
  assert.equal(created.status, 201);
  assert.deepEqual(created.json.spec, { schedule: "0 3 * * 1", replicas: 4, mode: "Full" });
  assert.deepEqual(created.json.status, { phase: "Waiting" });
  assert.match(String(created.headers.warning), /more than three copies/);
  const old = await server.ask({ path: `${collection.replace("/v1/", "/v1beta1/")}/nightly` });
  assert.deepEqual(old.json.spec, { cron: "0 3 * * 1", replicas: 4 });
});
