// Encryption at rest through the server's flags: values that only the right key reads, old keys that still read, and a wrong key that harms nothing.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { decodeYaml } from "annex/api";
import { type Client, readAll } from "annex/client";
import { openEmbeddedStorage, openEtcdStorage, parseEncryptionConfig, type Storage } from "annex/storage";
import { freePorts, startEtcd } from "../support/etcd.ts";
import { adminOf, aFlunder, flundersOf, namespace } from "../support/flunder-traffic.ts";
import { startWardle } from "../support/wardle.ts";

interface Place {
  readonly flags: readonly string[];
  /** What lies there, while no server has it. */
  open(): Promise<Storage>;
}

test("the configuration that docs/storage.md shows is one", async () => {
  const text = readFileSync(new URL("../../docs/storage.md", import.meta.url), "utf8");
  const [, yaml = ""] = /```yaml\n([\s\S]*?)```/.exec(text) ?? [];
  const config = await parseEncryptionConfig(decodeYaml(yaml));
  const stored = config.transformerFor("flunders", "wardle.example.com").encode(Buffer.from("value"), "/key");
  assert.match(stored.toString("latin1"), /^k8s:enc:secretbox:v1:key2:/);
});

test("an embedded store is read by its own key alone", (t) => assertEncrypted(t, embeddedPlace(t)));

test("what lies in etcd is read by its own key alone", async (t) => assertEncrypted(t, await etcdPlace(t)));

async function assertEncrypted(t: TestContext, place: Place): Promise<void> {
  const directory = temporaryDirectory(t);
  const config = join(directory, "encryption.yaml");
  const flags = [...place.flags, `--encryption-provider-config=${config}`];

  writeFileSync(config, configOf([["first", "a"]]));
  await serving(flags, async (flunders) => {
    await flunders.create(aFlunder("old", "hidden words"));
  });
  assert.deepEqual(await prefixesOf(place), { old: "k8s:enc:aesgcm:v1:first:" });

  // The new key writes, the old one still reads.
  writeFileSync(
    config,
    configOf([
      ["second", "b"],
      ["first", "a"],
    ]),
  );
  await serving(flags, async (flunders) => {
    assert.equal((await flunders.get("old", { namespace })).spec.reference, "hidden words");
    await flunders.create(aFlunder("new", "hidden words"));
  });
  const stored = { new: "k8s:enc:aesgcm:v1:second:", old: "k8s:enc:aesgcm:v1:first:" };
  assert.deepEqual(await prefixesOf(place), stored);

  // Each key reads what it has written, and what it has not is told apart from it.
  writeFileSync(config, configOf([["second", "b"]]));
  await servingDamaged(flags, async (client) => {
    assert.equal((await flundersOf(client).get("new", { namespace })).spec.reference, "hidden words");
    await assert.rejects(flundersOf(client).get("old", { namespace }), unreadable);
  });

  writeFileSync(config, configOf([["first", "z"]]));
  await servingDamaged(flags, async (client) => {
    await assert.rejects(flundersOf(client).list({ namespace }), unreadable);
    await assert.rejects(flundersOf(client).list({ namespace, labelSelector: "a=b" }), unreadable);
    await assert.rejects(flundersOf(client).delete("old", { namespace }), unreadable);
    assert.match(await textAt(client, "/readyz"), /^500 [\s\S]*\[-\]informer-sync failed/);
    assert.match(await textAt(client, "/readyz/informer-sync"), /^500 [^\n]*flunders \(unable to transform key "/);
  });
  assert.deepEqual(await prefixesOf(place), stored, "nothing was touched");
}

const unreadable = {
  code: 500,
  reason: "InternalError",
  message:
    /^Internal error occurred: unable to transform key "[^"]*\/flunders\/default\/(?:old|new)": a key of the encryption configuration must fit: /,
};

/** Runs a server that cannot read all that it finds, so that it never becomes ready. */
async function servingDamaged(flags: readonly string[], use: (client: Client) => Promise<void>): Promise<void> {
  const [port = 0] = await freePorts(1);
  await using wardle = await startWardle({ storage: () => flags, port });
  using client = adminOf(wardle.port);
  // Before its first try to read everything it cannot say what is wrong.
  while (!(await textAt(client, "/readyz/informer-sync")).includes("unable to transform key"));
  await use(client);
}

async function textAt(client: Client, path: string): Promise<string> {
  const { status, body } = await client.send({ path });
  return `${status} ${await readAll(body)}`;
}

async function serving(
  flags: readonly string[],
  use: (flunders: ReturnType<typeof flundersOf>) => Promise<void>,
): Promise<void> {
  await using wardle = await startWardle({ storage: () => flags });
  using client = adminOf(wardle.port);
  await use(flundersOf(client));
}

/** How each stored value begins, up to its fifth colon. */
async function prefixesOf(place: Place): Promise<Record<string, string>> {
  await using storage = await place.open();
  const { entries } = await storage.range({ start: "/", end: "0" });
  return Object.fromEntries(
    entries.map(({ key, value }) => {
      assert.ok(!value.includes("hidden words"));
      return [key.split("/").at(-1) ?? "", /^(?:[^:]*:){5}/.exec(value.toString("latin1"))?.[0] ?? "plain"];
    }),
  );
}

/** Keys by name, each made of one letter. */
function configOf(keys: readonly (readonly [name: string, letter: string])[]): string {
  const lines = keys.map(([name, letter]) => {
    const secret = Buffer.alloc(32, letter).toString("base64");
    return `            - name: ${name}\n              secret: ${secret}\n`;
  });
  return `apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
  - resources: ["*.wardle.example.com"]
    providers:
      - aesgcm:
          keys:
${lines.join("")}`;
}

function embeddedPlace(t: TestContext): Place {
  const directory = join(temporaryDirectory(t), "data");
  return { flags: ["--data-dir", directory], open: () => openEmbeddedStorage({ directory }) };
}

async function etcdPlace(t: TestContext): Promise<Place> {
  const endpoint = await startEtcd(t);
  const open = () => openEtcdStorage({ endpoints: [endpoint], compactionIntervalMs: 0 });
  return { flags: ["--etcd-servers", endpoint], open };
}

function temporaryDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "annex-encryption-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
