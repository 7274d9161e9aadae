import assert from "node:assert/strict";
import { createCipheriv } from "node:crypto";
import { describe, test } from "node:test";
import { assertFails } from "../contract/bench.ts";
import { describeStorage } from "../contract.ts";
import { openMemoryStorage } from "../memory/memory-storage.ts";
import type { Storage } from "../storage.ts";
import { encryptedStorage } from "./encrypted-storage.ts";
import { type EncryptionProvider, transformerOf } from "./value-transformer.ts";

const secret = Buffer.from("0123456789abcdef0123456789abcdef");
const otherSecret = Buffer.from("fedcba9876543210fedcba9876543210");

for (const name of ["aescbc", "aesgcm", "secretbox"] as const) {
  describeStorage(`${name}-encrypted`, () => {
    const transformer = transformerOf([{ name, keys: [{ name: "key1", secret }] }]);
    return encryptedStorage(openMemoryStorage(), () => transformer);
  });

  describe(name, () => {
    test("writes the provider and the name of the key before the bytes, and nothing readable after", async () => {
      const { inner, storage } = aStorage([{ name, keys: [{ name: "key1", secret }] }]);
      await put(storage, "/a", "plain text");
      const stored = await get(inner, "/a");
      assert.ok(stored.startsWith(`k8s:enc:${name}:v1:key1:`));
      assert.ok(!stored.includes("plain"));
      assert.equal(await get(storage, "/a"), "plain text");
    });

    test("writes with the first key and reads what the others wrote", async () => {
      const { inner, storage } = aStorage([{ name, keys: [{ name: "old", secret: otherSecret }] }]);
      await put(storage, "/a", "value");
      const rotated = aStorage(
        [
          {
            name,
            keys: [
              { name: "new", secret },
              { name: "old", secret: otherSecret },
            ],
          },
        ],
        inner,
      );
      assert.equal(await get(rotated.storage, "/a"), "value");
      await put(rotated.storage, "/a", "value");
      assert.ok((await get(inner, "/a")).startsWith(`k8s:enc:${name}:v1:new:`));
    });

    test("names the key that was tried and leaves the value alone where its secret is another", async () => {
      const { inner, storage } = aStorage([{ name, keys: [{ name: "key1", secret }] }]);
      // CBC notices a wrong key by its padding alone, which fits by chance once in 256.
      for (const key of ["/1", "/2", "/3"]) await put(storage, key, "value");
      const stored = await inner.range(everything);
      const wrong = aStorage([{ name, keys: [{ name: "key1", secret: otherSecret }] }], inner);
      await assert.rejects(wrong.storage.range(everything), {
        code: "CORRUPT",
        message: new RegExp(`^unable to transform key "/[123]": a key .* must fit: none of ${name} key "key1" `),
      });
      assert.deepEqual(await inner.range(everything), stored);
    });

    test("names the key that a value was written with where the configuration has none of that name", async () => {
      const { inner, storage } = aStorage([{ name, keys: [{ name: "key1", secret }] }]);
      await put(storage, "/a", "value");
      const wrong = aStorage([{ name, keys: [{ name: "key2", secret }] }], inner);
      await assert.rejects(get(wrong.storage, "/a"), {
        code: "CORRUPT",
        message: `unable to transform key "/a": a key of the encryption configuration must fit: it begins with "k8s:enc:${name}:v1:key1"`,
      });
    });

    test("refuses what is cut short", async () => {
      const { inner, storage } = aStorage([{ name, keys: [{ name: "key1", secret }] }]);
      await put(storage, "/a", "value");
      const { entries } = await inner.range(everything);
      for (const length of [25, 30, 40]) {
        await inner.commit([{ key: "/a", value: entries[0]?.value.subarray(0, length), expected: undefined }]);
        await assertFails(get(storage, "/a"), "CORRUPT");
      }
    });
  });
}

test("aesgcm and secretbox notice a changed bit, and aesgcm a value that was moved to another key", async () => {
  for (const name of ["aesgcm", "secretbox"] as const) {
    const { inner, storage } = aStorage([{ name, keys: [{ name: "key1", secret }] }]);
    await put(storage, "/a", "value");
    const { entries } = await inner.range(everything);
    const value = Buffer.from(entries[0]?.value ?? []);
    await inner.commit([{ key: "/b", value, expected: 0 }]);
    if (name === "aesgcm") await assertFails(get(storage, "/b"), "CORRUPT");
    else assert.equal(await get(storage, "/b"), "value");
    const changed = Buffer.from(value);
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
    await inner.commit([{ key: "/a", value: changed, expected: undefined }]);
    await assertFails(get(storage, "/a"), "CORRUPT");
  }
});

test("identity stores values as they are, reads no encrypted ones, and lets those after it read them", async () => {
  const { inner, storage } = aStorage([{ name: "secretbox", keys: [{ name: "key1", secret }] }]);
  await put(storage, "/a", "value");
  await assertFails(get(aStorage([{ name: "identity" }], inner).storage, "/a"), "CORRUPT");
  const leaving = aStorage([{ name: "identity" }, { name: "secretbox", keys: [{ name: "key1", secret }] }], inner);
  assert.equal(await get(leaving.storage, "/a"), "value");
  await put(leaving.storage, "/a", "value");
  assert.equal(await get(inner, "/a"), "value");
});

test("a value of another implementation's AES-GCM is read: nonce, bytes and tag, bound to the whole key", async () => {
  const { inner, storage } = aStorage([{ name: "aesgcm", keys: [{ name: "key1", secret }] }]);
  const cipher = createCipheriv("aes-256-gcm", secret, Buffer.alloc(12, 7)).setAAD(
    Buffer.from("/registry/secrets/a/b"),
  );
  const bytes = [cipher.update("value"), cipher.final(), cipher.getAuthTag()];
  const value = Buffer.concat([Buffer.from("k8s:enc:aesgcm:v1:key1:"), Buffer.alloc(12, 7), ...bytes]);
  await inner.commit([{ key: "/registry/secrets/a/b", value, expected: 0 }]);
  assert.equal(await get(storage, "/registry/secrets/a/b"), "value");
});

test("a value of NaCl's secretbox is read", () => {
  // The key, nonce and box of NaCl's own tests, tests/secretbox.c.
  const key = "1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389";
  const nonce = "69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37";
  const box =
    "f3ffc7703f9400e52a7dfb4b3d3305d98e993b9f48681273c29650ba32fc76ce48332ea7164d96a4476fb8c531a1186ac0dfc17c98dce87b" +
    "4da7f011ec48c97271d2c20f9b928fe2270d6fb863d51738b48eeee314a7cc8ab932164548e526ae90224368517acfeabd6bb3732bc0e9da" +
    "99832b61ca01b6de56244a9e88d5f9b37973f622a43d14a6599b1f654cb45a74e355a5";
  const text =
    "be075fc53c81f2d5cf141316ebeb0c7b5228c52a4c62cbd44b66849b64244ffce5ecbaaf33bd751a1ac728d45e6c61296cdc3c01233561f4" +
    "1db66cce314adb310e3be8250c46f06dceea3a7fa1348057e2f6556ad6b1318a024a838f21af1fde048977eb48f59ffd4924ca1c60902e52" +
    "f0a089bc76897040e082f937763848645e0705";
  const transformer = transformerOf([{ name: "secretbox", keys: [{ name: "k", secret: Buffer.from(key, "hex") }] }]);
  const stored = Buffer.concat([Buffer.from("k8s:enc:secretbox:v1:k:"), Buffer.from(nonce + box, "hex")]);
  assert.equal(transformer.decode(stored, "").toString("hex"), text);
});

const everything = { start: "/", end: "0" };

function aStorage(providers: readonly EncryptionProvider[], inner = openMemoryStorage()) {
  const transformer = transformerOf(providers);
  return { inner, storage: encryptedStorage(inner, () => transformer) };
}

async function put(storage: Storage, key: string, value: string): Promise<void> {
  await storage.commit([{ key, value: Buffer.from(value), expected: undefined }]);
}

async function get(storage: Storage, key: string): Promise<string> {
  const { entries } = await storage.range({ start: key, end: `${key}\0` });
  return entries[0]?.value.toString("latin1") ?? "";
}
