import assert from "node:assert/strict";
import { test } from "node:test";
import { EncryptionConfigError, parseEncryptionConfig } from "./encryption-config.ts";

const secret = Buffer.from("0123456789abcdef0123456789abcdef").toString("base64");
const aescbc = { aescbc: { keys: [{ name: "key1", secret }] } };
const secretbox = { secretbox: { keys: [{ name: "key1", secret }] } };

test("transformerFor() takes the resource's own rule, then its group's, then everybody's, then none", () => {
  const config = parseEncryptionConfig(
    aConfig(
      { resources: ["secrets", "flunders.wardle.example.com"], providers: [aescbc] },
      { resources: ["*.apps", "*."], providers: [secretbox] },
      { resources: ["*.*"], providers: [{ identity: {} }, aescbc] },
    ),
  );
  const written = (resource: string, group: string) => {
    return config.transformerFor(resource, group).encode(Buffer.from("value"), "/key").toString("latin1").slice(0, 15);
  };
  assert.equal(written("secrets", ""), "k8s:enc:aescbc:");
  assert.equal(written("flunders", "wardle.example.com"), "k8s:enc:aescbc:");
  assert.equal(written("deployments", "apps"), "k8s:enc:secretb");
  assert.equal(written("configmaps", ""), "k8s:enc:secretb");
  assert.equal(written("fischers", "wardle.example.com"), "value");
});

test("transformerFor() stores what no rule names as it is", () => {
  const config = parseEncryptionConfig(aConfig({ resources: ["secrets"], providers: [aescbc] }));
  assert.equal(`${config.transformerFor("configmaps", "").encode(Buffer.from("value"), "/key")}`, "value");
});

test("a resource that two entries name is written by the first and read by both", () => {
  const old = parseEncryptionConfig(aConfig({ resources: ["secrets"], providers: [secretbox] }));
  const stored = old.transformerFor("secrets", "").encode(Buffer.from("value"), "/key");
  const config = parseEncryptionConfig(
    aConfig({ resources: ["secrets"], providers: [aescbc] }, { resources: ["secrets"], providers: [secretbox] }),
  );
  assert.equal(`${config.transformerFor("secrets", "").decode(stored, "/key")}`, "value");
});

test("parseEncryptionConfig() names the field that is not as it must be, and never a secret", () => {
  const at = (provider: unknown, resources: unknown = ["secrets"]) => aConfig({ resources, providers: [provider] });
  const cases: [unknown, RegExp][] = [
    [null, /^Cannot use the file as it must be an object/],
    [{ ...aConfig(), kind: "Pod" }, /^Cannot use kind as it must be "EncryptionConfiguration"/],
    [{ ...aConfig(), apiVersion: "v1" }, /^Cannot use apiVersion as/],
    [aConfig(), /^Cannot use resources as it must be a list that is not empty/],
    [at(aescbc, []), /^Cannot use resources\[0\]\.resources as it must be a list/],
    [at(aescbc, ["*"]), /^Cannot use resources\[0\]\.resources\[0\] as it must be "\*\." for the core group/],
    [
      at({}),
      /^Cannot use resources\[0\]\.providers\[0\] as it must be one of aescbc, aesgcm, secretbox, identity, kms/,
    ],
    [at({ ...aescbc, ...secretbox }), /it is 2 of them$/],
    [at({ kms: {} }), /^Cannot use resources\[0\]\.providers\[0\]\.kms as only keys in the file are supported/],
    [at({ rot13: {} }), /^Cannot use resources\[0\]\.providers\[0\]\.rot13 as there is no such field/],
    [at({ aescbc: { keys: [] } }), /^Cannot use resources\[0\]\.providers\[0\]\.aescbc\.keys as/],
    [at({ aescbc: { keys: [{ name: "", secret }] } }), /\.keys\[0\]\.name as it must be a text/],
    [at({ aescbc: { keys: [{ name: "a", secret: "äöü" }] } }), /\.secret as it must be base64$/],
    [
      at({ secretbox: { keys: [{ name: "a", secret: "c2hvcnQ=" }] } }),
      /\.secret as it must be 32 bytes: it is 5 bytes$/,
    ],
    [
      aConfig({ resources: ["*.*"], providers: [aescbc] }, { resources: ["secrets"], providers: [aescbc] }),
      /^Cannot use resources\[1\]\.resources\[0\] as no earlier rule may mask it: "\*\.\*" does$/,
    ],
  ];
  for (const [document, message] of cases) {
    assert.throws(
      () => parseEncryptionConfig(document),
      (error) =>
        error instanceof EncryptionConfigError && message.test(error.message) && !error.message.includes(secret),
      `${message}`,
    );
  }
});

function aConfig(...resources: unknown[]) {
  return { apiVersion: "apiserver.config.k8s.io/v1", kind: "EncryptionConfiguration", resources };
}
