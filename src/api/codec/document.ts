// A request's body as plain values, with what the client should be told about it.

import { StatusError } from "../status-error.ts";
import { readJson } from "./json.ts";
import { refuseProtobuf } from "./protobuf-body.ts";
import { duplicateField } from "./strict-errors.ts";
import { readYaml } from "./yaml.ts";

export type BodyFormat = "json" | "yaml";

/** A decoded body. */
export interface ParsedDocument {
  readonly value: unknown;
  readonly format: BodyFormat;
  /** Empty where the value was worked out by a patch. */
  readonly bytes: Buffer;
  /** What to tell about keys that stand twice, such as `duplicate field "spec.x"`, whether or not the kind has such a field. */
  readonly duplicates: readonly string[];
}

/** Reads a body. Throws an Error whose message begins as Kubernetes' parse errors do, to be wrapped by who knows what was expected. */
export function parseDocument(bytes: Buffer, format: BodyFormat | "protobuf"): ParsedDocument {
  switch (format) {
    case "json": {
      const { value, duplicates } = readJson(bytes);
      return { value, format, bytes, duplicates: duplicates.map(duplicateField) };
    }
    case "yaml": {
      const { value, duplicates } = readYaml(bytes);
      return { value, format, bytes, duplicates };
    }
    case "protobuf":
      return refuseProtobuf(bytes);
  }
}

/** The result of a patch as a document, so that it is decoded like any other body. Its keys stand in the order of `value`. */
export function patchedDocument(value: unknown, duplicates: readonly string[] = []): ParsedDocument {
  return { value, format: "json", bytes: Buffer.alloc(0), duplicates };
}

/** The first bytes of a body, as parse errors quote them. */
export function quoteBody(bytes: Buffer): string {
  if (bytes.length === 0) return "<empty>";
  const head = bytes.subarray(0, quotedBytesMax);
  const shown = bytes[0] === 0x7b ? head.toString("utf8") : head.toString("hex");
  return bytes.length > quotedBytesMax ? `${shown} ...` : shown;
}

/** Enough of a body to know it again. */
const quotedBytesMax = 30;

/** 400 for a body that cannot be read at all. */
export function unreadableBody(kind: string, bytes: Buffer, cause: unknown): StatusError {
  const message = cause instanceof Error ? cause.message : String(cause);
  const isOfJson = cause instanceof Error && (cause.name === "JsonError" || cause.name === "DecodeError");
  const shown = isOfJson ? `couldn't get version/kind; json parse error: ${message}` : message;
  return StatusError.badRequest(
    `the object provided is unrecognized (must be of type ${kind}): ${shown} (${quoteBody(bytes)})`,
  );
}
