// How values lie in storage where they are encrypted, byte for byte as Kubernetes writes them, so that both read each other's:
//
//   "k8s:enc:" provider ":v1:" key name ":" bytes of the cipher
//
// https://kubernetes.io/docs/tasks/administer-cluster/encrypt-data/

import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { xsalsa20poly1305 } from "@noble/ciphers/salsa.js";

/** Turns values into what is stored and back. `key` is where the value is stored, which some ciphers bind it to. */
export interface ValueTransformer {
  encode(value: Buffer, key: string): Buffer;
  /** Throws an Error that says which keys were tried where none fits. */
  decode(stored: Buffer, key: string): Buffer;
}

/** A named secret of a provider. */
export interface EncryptionKey {
  readonly name: string;
  readonly secret: Buffer;
}

/** One entry of the list of providers. */
export type EncryptionProvider =
  | { readonly name: "identity" }
  | { readonly name: keyof typeof ciphers; readonly keys: readonly EncryptionKey[] };

interface Cipher {
  readonly secretSizesBytes: readonly number[];
  encrypt(secret: Buffer, value: Buffer, key: string): Buffer;
  decrypt(secret: Buffer, bytes: Buffer, key: string): Buffer;
}

const aesNames = { 16: "128", 24: "192", 32: "256" } as const;

export const ciphers = {
  /** Initialization vector (16), blocks padded as PKCS #7 says. Nothing says whether they were changed. */
  aescbc: {
    secretSizesBytes: [16, 24, 32],
    encrypt(secret, value) {
      const vector = randomBytes(16);
      const cipher = createCipheriv(`aes-${aesSizeOf(secret)}-cbc`, secret, vector);
      return Buffer.concat([vector, cipher.update(value), cipher.final()]);
    },
    decrypt(secret, bytes) {
      const cipher = createDecipheriv(`aes-${aesSizeOf(secret)}-cbc`, secret, bytes.subarray(0, 16));
      return Buffer.concat([cipher.update(bytes.subarray(16)), cipher.final()]);
    },
  },
  /** Nonce (12), bytes, tag (16). Bound to the key under which it is stored. A secret should encrypt at most 2 ** 32 values. */
  aesgcm: {
    secretSizesBytes: [16, 24, 32],
    encrypt(secret, value, key) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv(`aes-${aesSizeOf(secret)}-gcm`, secret, nonce).setAAD(Buffer.from(key));
      return Buffer.concat([nonce, cipher.update(value), cipher.final(), cipher.getAuthTag()]);
    },
    decrypt(secret, bytes, key) {
      const cipher = createDecipheriv(`aes-${aesSizeOf(secret)}-gcm`, secret, bytes.subarray(0, 12), {
        authTagLength: 16,
      });
      cipher.setAAD(Buffer.from(key)).setAuthTag(bytes.subarray(-16));
      return Buffer.concat([cipher.update(bytes.subarray(12, -16)), cipher.final()]);
    },
  },
  /** Nonce (24), tag (16), bytes, as NaCl's secretbox has them. */
  secretbox: {
    secretSizesBytes: [32],
    encrypt(secret, value) {
      const nonce = randomBytes(24);
      return Buffer.concat([nonce, xsalsa20poly1305(secret, nonce).encrypt(value)]);
    },
    decrypt(secret, bytes) {
      return Buffer.from(xsalsa20poly1305(secret, bytes.subarray(0, 24)).decrypt(bytes.subarray(24)));
    },
  },
} as const satisfies Record<string, Cipher>;

const encryptedPrefix = Buffer.from("k8s:enc:");

/** Writes with the first key of the first provider and reads what any key of any provider wrote. */
export function transformerOf(providers: readonly EncryptionProvider[]): ValueTransformer {
  const ways = providers.flatMap(waysOf);
  const [first] = ways;
  if (first === undefined) throw new RangeError("Cannot encrypt without a provider");
  return {
    encode: (value, key) => Buffer.concat([first.prefix, first.encode(value, key)]),
    decode(stored, key) {
      const failures: string[] = [];
      for (const way of ways) {
        if (!isFor(way, stored)) continue;
        try {
          return way.decode(stored.subarray(way.prefix.length), key);
        } catch (error) {
          failures.push(`${way.name} (${error instanceof Error ? error.message : error})`);
        }
      }
      const tried =
        failures.length > 0 ? `none of ${failures.join(", ")} does` : `it begins with ${beginningOf(stored)}`;
      throw new Error(`a key of the encryption configuration must fit: ${tried}`);
    },
  };
}

/** Stores values as they are and refuses to read encrypted ones: what a resource has that no configuration names. */
export const identityTransformer: ValueTransformer = transformerOf([{ name: "identity" }]);

/** One key with which a value may have been written, or none. */
interface Way {
  readonly name: string;
  readonly prefix: Buffer;
  encode(value: Buffer, key: string): Buffer;
  decode(bytes: Buffer, key: string): Buffer;
}

function waysOf(provider: EncryptionProvider): Way[] {
  if (provider.name === "identity") {
    return [{ name: "identity", prefix: Buffer.alloc(0), encode: (value) => value, decode: (bytes) => bytes }];
  }
  const cipher: Cipher = ciphers[provider.name];
  return provider.keys.map(({ name, secret }) => ({
    name: `${provider.name} key "${name}"`,
    prefix: Buffer.from(`k8s:enc:${provider.name}:v1:${name}:`),
    encode: (value, key) => cipher.encrypt(secret, value, key),
    decode: (bytes, key) => cipher.decrypt(secret, bytes, key),
  }));
}

/** Without a prefix of its own, identity leaves encrypted values to those after it. */
function isFor({ prefix }: Way, stored: Buffer): boolean {
  return prefix.length === 0 ? !startsWith(stored, encryptedPrefix) : startsWith(stored, prefix);
}

function startsWith(bytes: Buffer, prefix: Buffer): boolean {
  return bytes.length >= prefix.length && bytes.compare(prefix, 0, prefix.length, 0, prefix.length) === 0;
}

/** The provider and the name of the key that a value was written with; nothing of the value itself. */
function beginningOf(stored: Buffer): string {
  if (!startsWith(stored, encryptedPrefix)) return "no provider's name, as values do that are not encrypted";
  return `"${stored.toString("latin1", 0, 120).split(":").slice(0, 5).join(":")}"`;
}

function aesSizeOf(secret: Buffer): "128" | "192" | "256" {
  const { length } = secret;
  if (length === 16 || length === 24 || length === 32) return aesNames[length];
  throw new RangeError(`Cannot use a secret of ${length} bytes as it must have 16, 24 or 32`);
}
