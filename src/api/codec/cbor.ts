// CBOR as Kubernetes speaks it: one self-described item. https://kubernetes.io/docs/reference/using-api/api-concepts/#cbor-encoding

import { decode, encode } from "cborg";
import { setOwn } from "../../base/own.ts";
import { exactInteger } from "../int64.ts";

/** A body that is no CBOR, or that JSON could not say. The message ends a 400's. */
export class CborError extends Error {
  override readonly name = "CborError";
}

/** Every document begins with this tag (55799). */
const selfDescribed = Buffer.from([0xd9, 0xd9, 0xf7]);

/** Lists and maps nest at most this deep, as in the reference. */
const cborDepthMax = 64;

/** Encodes plain JSON values. */
export function encodeCbor(value: unknown): Buffer {
  return Buffer.concat([selfDescribed, encode(value)]);
}

/** Decodes a document into plain JSON values; byte strings become text. Throws a CborError. */
export function decodeCbor(bytes: Buffer): unknown {
  const isTagged = bytes.subarray(0, selfDescribed.length).equals(selfDescribed);
  let value: unknown;
  try {
    value = decode(isTagged ? bytes.subarray(selfDescribed.length) : bytes, {
      useMaps: true,
      rejectDuplicateMapKeys: true,
      allowUndefined: false,
      allowInfinity: false,
      allowNaN: false,
    });
  } catch (cause) {
    throw new CborError(`cbor: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  return plain(value, 0);
}

function plain(value: unknown, depth: number): unknown {
  if (depth > cborDepthMax) throw new CborError(`cbor: exceeded max nested level ${cborDepthMax}`);
  if (value instanceof Uint8Array) return Buffer.from(value).toString("utf8");
  if (typeof value === "bigint") return exactInteger(value);
  if (Array.isArray(value)) return value.map((item) => plain(item, depth + 1));
  if (!(value instanceof Map)) return value;
  const target: Record<string, unknown> = {};
  for (const [key, member] of value) setOwn(target, keyText(key), plain(member, depth + 1));
  return target;
}

function keyText(key: unknown): string {
  if (typeof key === "string") return key;
  if (key instanceof Uint8Array) return Buffer.from(key).toString("utf8");
  throw new CborError("cbor: a map's key must be a text");
}
