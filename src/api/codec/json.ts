// JSON in and out, as Kubernetes' decoder takes and refuses it.
// https://pkg.go.dev/sigs.k8s.io/json

import { jsonDepthMax, jsonFault } from "./json-fault.ts";
import { readJsonExactly } from "./json-reader.ts";
import { surveyJson } from "./json-survey.ts";
import { decodeUtf8 } from "./utf8.ts";

/** A body that is no JSON. The message ends a 400's. */
export class JsonError extends Error {
  override readonly name = "JsonError";
}

/** What a JSON text says. */
export interface ReadJson {
  readonly value: unknown;
  /** Paths of keys that stand twice in one object, in document order. */
  readonly duplicates: readonly string[];
  /** Whether some number is boxed, a bigint, or beyond both. */
  readonly hasOddNumbers: boolean;
}

/** Reads one JSON document. Bytes that are no UTF-8 become U+FFFD, as do lone surrogates. Throws a JsonError. */
export function parseJson(bytes: Buffer): unknown {
  return readJson(bytes).value;
}

/** Reads one JSON document and tells which keys stand twice. Throws a JsonError. */
export function readJson(bytes: Buffer): ReadJson {
  const { depth, keys, hasOddNumbers, hasSurrogates } = surveyJson(bytes);
  if (depth > jsonDepthMax) throw faultOf(bytes, undefined);
  const text = decodeUtf8(bytes);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw faultOf(bytes, error);
  }
  if (!hasOddNumbers && !hasSurrogates && countKeys(value) === keys) return { value, duplicates: none, hasOddNumbers };
  const duplicates: string[] = [];
  const path = {
    key(parent: string, name: string, isDuplicate: boolean): string {
      const below = parent === "" ? name : `${parent}.${name}`;
      if (isDuplicate) duplicates.push(below);
      return below;
    },
    item: (list: string, index: number) => `${list}[${index}]`,
  };
  return { value: readJsonExactly(text, path, ""), duplicates, hasOddNumbers };
}

const none: readonly string[] = [];

function faultOf(bytes: Buffer, cause: unknown): Error {
  if (cause !== undefined && !(cause instanceof SyntaxError)) return new TypeError("Cannot read JSON", { cause });
  return new JsonError(jsonFault(bytes) ?? "invalid JSON", { cause });
}

/** Keys of all objects, as often as they are there. */
function countKeys(root: unknown): number {
  let count = 0;
  // A list of what is still to be looked at, since documents may nest deeper than calls can.
  const waiting: unknown[] = [root];
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    if (typeof value !== "object" || value === null) continue;
    if (Array.isArray(value)) {
      for (const item of value) if (typeof item === "object" && item !== null) waiting.push(item);
      continue;
    }
    for (const key in value) {
      count++;
      const member: unknown = Reflect.get(value, key);
      if (typeof member === "object" && member !== null) waiting.push(member);
    }
  }
  return count;
}

/** JSON for a person, with two spaces, as `?pretty=true` asks. */
export function encodePrettyJson(value: unknown): string {
  return JSON.stringify(value, null, 2);
}
