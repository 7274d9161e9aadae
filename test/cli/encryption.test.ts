// `annex up --encryption-provider-config`: a wrong key ends the start with a reason, and the right one finds everything as it was.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { annex, runAnnex, temporaryDirectory } from "../support/annex.ts";

test("annex up reads what it encrypted with the same key, and ends with a reason where the key is another", async (t) => {
  const directory = temporaryDirectory(t);
  const config = join(directory, "encryption.yaml");
  const args = [
    "up",
    "--secure-port=0",
    `--data-dir=${join(directory, "data")}`,
    `--encryption-provider-config=${config}`,
  ];
  const useKey = (letter: string) =>
    writeFileSync(
      config,
      JSON.stringify({
        apiVersion: "apiserver.config.k8s.io/v1",
        kind: "EncryptionConfiguration",
        resources: [
          {
            resources: ["namespaces"],
            providers: [{ secretbox: { keys: [{ name: "k", secret: Buffer.alloc(32, letter).toString("base64") }] } }],
          },
        ],
      }),
    );
  const upAndDown = async () => {
    const up = annex(t, args);
    await up.says(/^ready/m);
    up.signal("SIGTERM");
    assert.equal(await up.ended, 0);
  };

  useKey("a");
  await upAndDown();
  assert.ok(readFileSync(join(directory, "data/storage/annex.db")).includes("k8s:enc:secretbox:v1:k:"));
  useKey("b");
  const { code, stderr } = await runAnnex(t, args);
  assert.equal(code, 1);
  assert.match(stderr, /^annex: [^\n]*unable to transform key "[^"\n]*\/namespaces\/[^\n]*\n$/m);
  useKey("a");
  await upAndDown();
});
