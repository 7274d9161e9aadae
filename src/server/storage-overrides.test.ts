import assert from "node:assert/strict";
import { test } from "node:test";
import { widgets } from "../../test/support/widgets.ts";
import { openConfiguredStorage } from "./configured-storage.ts";
import { parseFlags } from "./flag-set.ts";
import { serverFlags } from "./flags.ts";
import { overrideStorages } from "./storage-overrides.ts";

const resourceOf = () => ({ group: "", resource: "" });

test("overrideStorages() gives the resources that it names a storage of their own, one for each set of servers", async () => {
  await using owned = new AsyncDisposableStack();
  const [a, b] = ["http://127.0.0.1:1", "http://127.0.0.1:2"];
  const gadgets = { ...widgets, kind: { ...widgets.kind, plural: "gadgets" } };
  const others = { ...widgets, kind: { ...widgets.kind, plural: "others" } };
  const flags = parseFlags(serverFlags, [
    `--etcd-servers-overrides=test.example.com/widgets#${a};${b},test.example.com/gadgets#${b};${a}`,
  ]);
  const { resources, healthChecks } = await overrideStorages(flags, [widgets, gadgets, others], { resourceOf, owned });
  const storages = resources.map(({ storage }) => storage);
  assert.ok(storages[0] !== undefined && storages[0] === storages[1]);
  assert.equal(storages[2], undefined);
  assert.deepEqual(
    healthChecks.map(({ name }) => name),
    ["etcd-override-0", "etcd-override-readiness-0"],
  );
});

test("overrideStorages() refuses what is no override", async () => {
  await using owned = new AsyncDisposableStack();
  for (const wrong of [
    "widgets",
    "a/b",
    "widgets#http://a",
    "a/b/c#http://a",
    "a/b#http://a;",
    "a/b#http://a#http://b",
  ]) {
    const flags = parseFlags(serverFlags, ["--etcd-servers-overrides", wrong]);
    await assert.rejects(overrideStorages(flags, [widgets], { resourceOf, owned }), {
      name: "FlagError",
      message:
        "--etcd-servers-overrides invalid, must be of format: group/resource#servers, where servers are URLs, semicolon separated",
    });
  }
});

test("openConfiguredStorage() refuses another backend than etcd3, and half a client certificate", async () => {
  const wrong = {
    "--storage-backend=etcd2": /^--storage-backend invalid/,
    "--etcd-certfile=/x": /must be given together/,
  };
  for (const [arg, message] of Object.entries(wrong)) {
    const flags = parseFlags(serverFlags, ["--etcd-servers=http://127.0.0.1:1", arg]);
    await assert.rejects(openConfiguredStorage(flags, { directory: "", resourceOf }), { name: "FlagError", message });
  }
});
