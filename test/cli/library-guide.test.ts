// The programs of docs/library.md and docs/client.md and the server of README.md are what they say: they compile, and the guides' resources and clients do as told.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { startControlPlane } from "../../src/control-plane/door.ts";
import { defineResource } from "../../src/server/door.ts";
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
  writeFileSync(join(directory, "client.ts"), codeOf("docs/client.md"));
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

test("the programs of docs/library.md, docs/client.md and README.md have the types that they seem to have", () => {
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

test("the client and the controller of docs/client.md do as it says", async (t) => {
  const guide = await import(pathToFileURL(join(directory, "client.ts")).href);
  await using plane = await startControlPlane({
    extensions: [{ name: "gadgets", resources: [defineResource(guide.gadget, { status: true })] }],
  });
  const before = process.env.KUBECONFIG;
  t.after(() => {
    if (before === undefined) delete process.env.KUBECONFIG;
    else process.env.KUBECONFIG = before;
  });
  process.env.KUBECONFIG = join(directory, "kubeconfig");
  writeFileSync(process.env.KUBECONFIG, plane.kubeconfig);
  using client = guide.connect();
  const gadgets = client.resource(guide.gadget, "v1");
  const one = () => gadgets.get("one", { namespace: "default" });

  assert.equal(await guide.makeGadgets(client), 2);
  await Promise.all([guide.grow(client, "one"), guide.grow(client, "one"), guide.grow(client, "one")]);
  assert.equal((await one()).spec.size, 5);
  await guide.applySize(client, 7);
  const { spec, metadata } = await one();
  assert.equal(spec.size, 7);
  const managers = metadata.managedFields.map(({ manager }: { manager: string }) => manager);
  assert.deepEqual(managers.sort(), ["gadget-controller", "sizer"]);

  const configMap = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "c", labels: { app: "gadgets" } } };
  await plane.client.json({ method: "POST", path: "/api/v1/namespaces/default/configmaps", body: configMap });
  assert.equal(await guide.countConfigMaps(client), 1);
  assert.equal(typeof (await guide.serverVersion(client)).gitVersion, "string");

  const errors: unknown[] = [];
  await using controller = new guide.GadgetController(client, (error: unknown) => errors.push(error));
  await controller.start();
  await guide.waitUntilReady(client, "one", t.signal);
  assert.equal((await one()).status.phase, "Ready");
  assert.deepEqual(errors, []);
});
