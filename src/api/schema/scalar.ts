// Scalars in canonical form.

import { DecodeError } from "./decode-error.ts";
import type { ScalarNode } from "./schema-node.ts";
import { normaliseTime } from "./time.ts";

/** The value as its field holds it; undefined for a time that is none. Throws a DecodeError where it is of another type. */
export function decodeScalar(value: unknown, node: ScalarNode, path: string): unknown {
  switch (node.scalar) {
    case "string":
      if (typeof value === "string") return value;
      break;
    case "bytes":
      if (typeof value === "string") return normaliseBase64(value, path);
      break;
    case "boolean":
      if (typeof value === "boolean") return value;
      break;
    case "number":
      return decodeNumber(value, path);
    case "integer":
      return decodeInteger(value, node, path);
    case "int-or-string":
      return typeof value === "string" ? value : decodeInteger(value, node, path);
    case "time":
    case "micro-time":
      if (typeof value === "string")
        return normaliseTime(value, { path, hasMicroseconds: node.scalar === "micro-time" });
      break;
  }
  throw new DecodeError(path, goType(node), value);
}

/** The type's name in messages. */
function goType({ scalar, schema }: ScalarNode): string {
  switch (scalar) {
    case "boolean":
      return "bool";
    case "number":
      return "float64";
    case "integer":
      return schema.format === "int32" ? "int32" : "int64";
    case "int-or-string":
      return "int32 or string";
    default:
      return "string";
  }
}

function decodeNumber(value: unknown, path: string): number {
  const number = value instanceof Number || typeof value === "bigint" ? Number(value) : value;
  if (typeof number === "number" && Number.isFinite(number)) return number;
  throw new DecodeError(path, "float64", value);
}

const int32Max = 2 ** 31 - 1;

/** Only what is written as an integer is one, as in Go: `1.0` and `1e2` are not. */
function decodeInteger(value: unknown, node: ScalarNode, path: string): number | bigint {
  const isInt32 = node.scalar === "int-or-string" || node.schema.format === "int32";
  if (typeof value === "bigint" && !isInt32) return value; // The reader makes bigints of what an int64 holds, and of nothing else.
  if (typeof value === "number" && (isInt32 ? isOfInt32(value) : isOfInt64(value))) return value;
  throw new DecodeError(path, goType(node), value);
}

const int64Limit = 2 ** 63;

/** Whether it is an integer that an int64 may hold; -2^63 itself comes as a bigint. */
function isOfInt64(value: number): boolean {
  return Number.isInteger(value) && Math.abs(value) < int64Limit;
}

function isOfInt32(value: number): boolean {
  return Number.isInteger(value) && value <= int32Max && value >= -int32Max - 1;
}

/** Go's decoder skips line breaks and takes nothing else that is not base64. */
function normaliseBase64(text: string, path: string): string {
  const base64 = text.replace(/[\r\n]/g, "");
  // Four characters at a time; node's own reader would take anything.
  if (base64.length % 4 === 0 && /^[A-Za-z\d+/]*={0,2}$/.test(base64)) return base64;
  const fault = /[^A-Za-z\d+/=]/.exec(text)?.index ?? base64.length;
  throw DecodeError.saying(path, `illegal base64 data at input byte ${fault} of field "${path}"`);
}
