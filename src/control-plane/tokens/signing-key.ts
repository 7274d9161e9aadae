// JSON web tokens by one key, ES256. https://datatracker.ietf.org/doc/html/rfc7519 https://datatracker.ietf.org/doc/html/rfc7515

import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { isRecord } from "../../base/record.ts";

export type Claims = Readonly<Record<string, unknown>>;

const algorithm = "ES256";
const signature = { dsaEncoding: "ieee-p1363" } as const;
/** A token of a service account is about 1 KB; nothing near this was made here. */
const tokenCharactersMax = 16 * 1024;

export class SigningKey {
  readonly #private: KeyObject;
  readonly #public: KeyObject;
  /** What tokens name the key by: made of the public key, as kube-apiserver does. */
  readonly id: string;

  /** Takes a private key on P-256 as PEM. Throws what the system says of any other text. */
  constructor(pem: string) {
    this.#private = createPrivateKey(pem);
    this.#public = createPublicKey(this.#private);
    const der = this.#public.export({ type: "spki", format: "der" });
    this.id = createHash("sha256").update(der).digest("base64url");
  }

  /** The public key as relying parties read it. */
  get jwk(): Readonly<Record<string, unknown>> {
    const { kty, crv, x, y } = this.#public.export({ format: "jwk" });
    return { use: "sig", kty, kid: this.id, crv, alg: algorithm, x, y };
  }

  sign(claims: Claims): string {
    const content = `${encode({ alg: algorithm, kid: this.id })}.${encode(claims)}`;
    const bytes = sign("sha256", Buffer.from(content), { key: this.#private, ...signature });
    return `${content}.${bytes.toString("base64url")}`;
  }

  /** The claims of a token that this key signed; undefined for anything else. Says nothing of its times and audiences. */
  verify(token: string): Claims | undefined {
    if (token.length > tokenCharactersMax) return undefined;
    const [head = "", body = "", mark = "", ...rest] = token.split(".");
    if (rest.length > 0 || mark === "" || decode(head)?.alg !== algorithm) return undefined;
    const bytes = Buffer.from(mark, "base64url");
    const isOurs = verify("sha256", Buffer.from(`${head}.${body}`), { key: this.#public, ...signature }, bytes);
    return isOurs ? decode(body) : undefined;
  }
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function decode(text: string): Claims | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
