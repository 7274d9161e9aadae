import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { openConfiguredStorage } from "./configured-storage.ts";
import { parseFlags } from "./flag-set.ts";
import { serverFlags } from "./flags.ts";

const resourceOf = () => ({ group: "wardle.example.com", resource: "flunders" });

function configOf(...letters: readonly string[]): string {
  const keys = letters.map((letter) => ({ name: letter, secret: Buffer.alloc(32, letter).toString("base64") }));
  const resources = [{ resources: ["*.*"], providers: [{ secretbox: { keys } }] }];
  return JSON.stringify({ apiVersion: "apiserver.config.k8s.io/v1", kind: "EncryptionConfiguration", resources });
}

test("openConfiguredStorage() reads the encryption configuration again, and keeps the old one where the new one is none", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const directory = mkdtempSync(join(tmpdir(), "annex-configured-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const file = join(directory, "encryption.json");
  writeFileSync(file, configOf("a"));
  const complaints: string[] = [];
  const logger = { info() {}, warn() {}, error: (_: object, message: string) => void complaints.push(message) };
  const flags = parseFlags(serverFlags, [
    `--encryption-provider-config=${file}`,
    "--encryption-provider-config-automatic-reload",
  ]);
  const options = { directory: join(directory, "data"), resourceOf, logger };
  await using storage = await openConfiguredStorage(flags, options);
  await storage.commit([{ key: "/a", value: Buffer.from("hidden"), expected: 0 }]);

  const read = () =>
    storage.range({ start: "/", end: "0" }).then(
      ({ entries }) => entries.map(({ value }) => String(value)).join(),
      (error: { readonly code: string }) => error.code,
    );
  /** Waits until the storage answers so, looking at the file again and again. */
  const becomes = async (wanted: string) => {
    for (let i = 0; (await read()) !== wanted; i++) {
      assert.ok(i < 1_000, `${await read()} in place of ${wanted}`);
      t.mock.timers.tick(10_000);
      await nextTurn();
    }
  };
  assert.equal(await read(), "hidden");
  writeFileSync(file, configOf("b"));
  await becomes("CORRUPT");
  writeFileSync(file, configOf("b", "a"));
  await becomes("hidden");

  writeFileSync(file, "kind: Nonsense");
  while (complaints.length === 0) {
    t.mock.timers.tick(10_000);
    await nextTurn();
  }
  assert.equal(await read(), "hidden");
});

test("openConfiguredStorage() refuses to reload what is not there", async () => {
  const flags = parseFlags(serverFlags, [
    "--etcd-servers=http://127.0.0.1:1",
    "--encryption-provider-config-automatic-reload",
  ]);
  await assert.rejects(openConfiguredStorage(flags, { directory: "", resourceOf }), {
    name: "FlagError",
    message: "--encryption-provider-config-automatic-reload must be set with --encryption-provider-config",
  });
});
