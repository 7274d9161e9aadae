// Objects of Kubernetes' own kinds in protobuf, for clients that read nothing else. Written by the field numbers by which
// `protobuf-object.ts` reads them. https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding

import { getOwn } from "../../base/own.ts";
import type { FieldNumbers } from "../kind.ts";
import type { MapNode, ObjectNode, ScalarNode, SchemaNode } from "../schema/schema-node.ts";
import { bytes, text } from "./protobuf.ts";
import { inlinePrefix, metaNumbers } from "./protobuf-object.ts";
import { type BinaryWriter, newWriter, WireType } from "./wire.ts";

/** The message of an object, without its type around it. `name` is what `numbers` calls the whole; fields without a number are left out. */
export function encodeProtobufObject(
  object: object,
  { root, name, numbers }: { readonly root: ObjectNode; readonly name: string; readonly numbers: FieldNumbers },
): Uint8Array {
  return messageOf(object, { node: root, name, numbers: { ...metaNumbers, ...numbers } });
}

interface Message {
  readonly node: ObjectNode;
  readonly name: string;
  readonly numbers: FieldNumbers;
}

function messageOf(object: object, { node, name, numbers }: Message): Uint8Array {
  const writer = newWriter();
  for (const [field, number] of Object.entries(numbers[name] ?? {})) {
    if (field.startsWith(inlinePrefix)) {
      bytes(writer, number, messageOf(object, { node, name: field.slice(inlinePrefix.length), numbers }));
      continue;
    }
    const child = node.fields.get(field)?.node;
    const value = getOwn({ ...object }, field);
    if (child !== undefined && value !== undefined && value !== null)
      writeField(writer, value, { number, node: child, numbers });
  }
  return writer.finish();
}

interface Field<Node extends SchemaNode = SchemaNode> {
  readonly number: number;
  readonly node: Node;
  readonly numbers: FieldNumbers;
}

/** Lists and maps go an element at a time. */
function writeField(writer: BinaryWriter, value: unknown, { number, node, numbers }: Field): void {
  if (node.type === "list")
    for (const item of Array.isArray(value) ? value : [])
      writeValue(writer, item, { number, node: node.items, numbers });
  else if (node.type === "map") writeMap(writer, value, { number, node, numbers });
  else writeValue(writer, value, { number, node, numbers });
}

/** A map entry is a message of a key and a value, and a list as a value stands in a message of its own. */
function writeMap(writer: BinaryWriter, value: unknown, { number, node, numbers }: Field<MapNode>): void {
  for (const [key, item] of Object.entries(Object(value))) {
    const pair = newWriter();
    text(pair, 1, key, true);
    if (node.values.type === "list") {
      const list = newWriter();
      writeField(list, item, { number: 1, node: node.values, numbers });
      bytes(pair, 2, list.finish());
    } else writeValue(pair, item, { number: 2, node: node.values, numbers });
    bytes(writer, number, pair.finish());
  }
}

function writeValue(writer: BinaryWriter, value: unknown, { number, node, numbers }: Field): void {
  if (node.type === "object")
    bytes(writer, number, messageOf(Object(value), { node, name: String(node.schema.$id ?? ""), numbers }));
  else if (node.type === "scalar") writeScalar(writer, value, { number, node, numbers });
  else if (node.type === "free") bytes(writer, number, freeOf(value));
}

function writeScalar(writer: BinaryWriter, value: unknown, { number, node: { scalar } }: Field<ScalarNode>): void {
  switch (scalar) {
    case "string":
      text(writer, number, String(value), true);
      break;
    case "bytes":
      bytes(writer, number, Buffer.from(String(value), "base64"));
      break;
    case "boolean":
      writer.tag(number, WireType.Varint).bool(value === true);
      break;
    case "integer":
      writer.tag(number, WireType.Varint).int64(String(value));
      break;
    case "number":
      writer.tag(number, WireType.Bit64).double(Number(value));
      break;
    case "int-or-string":
      bytes(writer, number, intOrStringOf(value));
      break;
    case "time":
    case "micro-time":
      bytes(writer, number, timeOf(String(value)));
  }
}

function intOrStringOf(value: unknown): Uint8Array {
  const writer = newWriter();
  const isText = typeof value === "string";
  writer.tag(1, WireType.Varint).int64(isText ? 1 : 0);
  writer.tag(2, WireType.Varint).int32(isText ? 0 : Number(value));
  text(writer, 3, isText ? value : "", true);
  return writer.finish();
}

/** Whole seconds, and the fraction in nanoseconds. */
function timeOf(value: string): Uint8Array {
  const writer = newWriter();
  const nanos = Number((/\.(\d{1,9})/.exec(value)?.[1] ?? "").padEnd(9, "0"));
  writer.tag(1, WireType.Varint).int64(Math.floor(Date.parse(value) / 1000));
  writer.tag(2, WireType.Varint).int32(nanos);
  return writer.finish();
}

/** Fields of free form hold JSON, as fieldsV1 does. */
function freeOf(value: unknown): Uint8Array {
  const writer = newWriter();
  text(writer, 1, JSON.stringify(value));
  return writer.finish();
}
