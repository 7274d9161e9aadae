// CBOR as Kubernetes speaks it: one self-described item. https://kubernetes.io/docs/reference/using-api/api-concepts/#cbor-encoding

import { decode, encode } from "cborg";

/** Every document begins with this tag (55799). */
const selfDescribed = Buffer.from([0xd9, 0xd9, 0xf7]);

/** Encodes plain JSON values. */
export function encodeCbor(value: unknown): Buffer {
  return Buffer.concat([selfDescribed, encode(value)]);
}

/** Decodes a document into plain JSON values; byte strings become text, as the schema's `byte` fields hold base64. Throws an Error. */
export function decodeCbor(bytes: Buffer): unknown {
  const isTagged = bytes.subarray(0, 3).equals(selfDescribed);
  const value: unknown = decode(isTagged ? bytes.subarray(3) : bytes, {
    allowBigInt: false,
    rejectDuplicateMapKeys: true,
    strict: false,
  });
  return plain(value);
}

function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("utf8");
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]));
}
