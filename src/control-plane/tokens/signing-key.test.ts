import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { SigningKey } from "./signing-key.ts";

function aKey(): SigningKey {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return new SigningKey(privateKey.export({ type: "pkcs8", format: "pem" }).toString());
}

test("verify() reads the claims of a token that the key signed", () => {
  const key = aKey();
  assert.deepEqual(key.verify(key.sign({ sub: "somebody", n: 1 })), { sub: "somebody", n: 1 });
});

test("verify() knows no token of another key, none that was changed, and none without a signature", () => {
  const key = aKey();
  const token = key.sign({ sub: "somebody" });
  const [head = "", , mark = ""] = token.split(".");
  const forged = Buffer.from(JSON.stringify({ sub: "admin" })).toString("base64url");
  const unsigned = Buffer.from(JSON.stringify({ alg: "none" })).toString("base64url");

  assert.equal(aKey().verify(token), undefined);
  assert.equal(key.verify(`${head}.${forged}.${mark}`), undefined);
  assert.equal(key.verify(`${unsigned}.${forged}.`), undefined);
  assert.equal(key.verify(`${unsigned}.${forged}.${mark}`), undefined);
});

test("verify() takes any text without complaint", () => {
  const key = aKey();
  for (const text of ["", ".", "..", "a.b.c", "a.b.c.d", `${"x".repeat(100_000)}.y.z`, "e30.e30.e30"])
    assert.equal(key.verify(text), undefined, text.slice(0, 20));
});

test("the public key of a signing key is P-256 for signatures, named as tokens name it", () => {
  const key = aKey();
  const { kid, kty, crv, use, alg, d } = key.jwk;
  assert.deepEqual(
    { kid, kty, crv, use, alg, d },
    { kid: key.id, kty: "EC", crv: "P-256", use: "sig", alg: "ES256", d: undefined },
  );
});
