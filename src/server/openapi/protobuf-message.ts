// Writes the protobuf messages that both versions of OpenAPI are made of. What is absent is left out.

import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { encodeYaml } from "../../api/door.ts";
import type { JsonSchema } from "./json-schema.ts";

/** Writes the fields of one message. */
export type Write = (writer: BinaryWriter) => void;

export function message(write: Write): Uint8Array {
  const writer = new BinaryWriter();
  write(writer);
  return writer.finish();
}

/** A message in a message. */
export function part(writer: BinaryWriter, field: number, write: Write): void {
  writer.tag(field, WireType.LengthDelimited).bytes(message(write));
}

export function text(writer: BinaryWriter, field: number, value: unknown): void {
  if (typeof value === "string" && value !== "") writer.tag(field, WireType.LengthDelimited).string(value);
}

export function texts(writer: BinaryWriter, field: number, values: unknown): void {
  if (Array.isArray(values))
    for (const value of values) writer.tag(field, WireType.LengthDelimited).string(String(value));
}

export function flag(writer: BinaryWriter, field: number, value: unknown): void {
  if (value === true) writer.tag(field, WireType.Varint).bool(true);
}

export function integer(writer: BinaryWriter, field: number, value: unknown): void {
  if (typeof value === "number") writer.tag(field, WireType.Varint).int64(value);
}

export function double(writer: BinaryWriter, field: number, value: unknown): void {
  if (typeof value === "number") writer.tag(field, WireType.Bit64).double(value);
}

/** A pair of name and value. */
export function named(writer: BinaryWriter, field: number, name: string, write: Write): void {
  part(writer, field, (inner) => {
    inner.tag(1, WireType.LengthDelimited).string(name);
    part(inner, 2, write);
  });
}

/** Any value, as YAML. */
export function any(value: unknown): Write {
  return (writer) => text(writer, 2, encodeYaml(value));
}

/** What OpenAPI itself knows nothing of. */
export function extensions(writer: BinaryWriter, field: number, schema: JsonSchema): void {
  for (const [name, value] of Object.entries(schema)) if (name.startsWith("x-")) named(writer, field, name, any(value));
}
