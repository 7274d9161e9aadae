// Objects in protobuf, as Go's clients send those of Kubernetes' own kinds. Read by field numbers that the kind declares.
// https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding

import { setOwn } from "../../base/own.ts";
import type { FieldNumbers } from "../kind.ts";
import {
  compileSchema,
  type ListNode,
  type MapNode,
  type ObjectNode,
  type ScalarNode,
  type SchemaNode,
} from "../schema/schema-node.ts";
import { Type } from "../schema/type.ts";
import { ProtobufError, withoutMagic } from "./protobuf-body.ts";
import { type BinaryReader, newReader, WireType } from "./wire.ts";

/** The numbers of the meta types, which are the same for all kinds. */
export const metaNumbers: FieldNumbers = {
  ObjectMeta: {
    name: 1,
    generateName: 2,
    namespace: 3,
    selfLink: 4,
    uid: 5,
    resourceVersion: 6,
    generation: 7,
    creationTimestamp: 8,
    deletionTimestamp: 9,
    deletionGracePeriodSeconds: 10,
    labels: 11,
    annotations: 12,
    ownerReferences: 13,
    finalizers: 14,
    managedFields: 17,
  },
  OwnerReference: { apiVersion: 5, kind: 1, name: 3, uid: 4, controller: 6, blockOwnerDeletion: 7 },
  ManagedFieldsEntry: { manager: 1, operation: 2, apiVersion: 3, time: 4, fieldsType: 6, fieldsV1: 7, subresource: 8 },
  LabelSelector: { matchLabels: 1, matchExpressions: 2 },
  LabelSelectorRequirement: { key: 1, operator: 2, values: 3 },
  Condition: { type: 1, status: 2, observedGeneration: 3, lastTransitionTime: 4, reason: 5, message: 6 },
  DeleteOptions: {
    gracePeriodSeconds: 1,
    preconditions: 2,
    orphanDependents: 3,
    propagationPolicy: 4,
    dryRun: 5,
    ignoreStoreReadErrorWithClusterBreakingPotential: 6,
  },
  Preconditions: { uid: 1, resourceVersion: 2 },
};

/** Reads a document as plain JSON values. `name` is what `numbers` calls the whole. Throws a ProtobufError. */
export function decodeProtobufObject(
  bytes: Buffer,
  { root, name, numbers }: { readonly root: ObjectNode; readonly name: string; readonly numbers: FieldNumbers },
): unknown {
  // A runtime.Unknown, which holds the type and the object.
  const document = withoutMagic(bytes);
  try {
    const { apiVersion, kind, raw } = readEnvelope(document);
    return { apiVersion, kind, ...readMessage(raw, { node: root, name, numbers: { ...metaNumbers, ...numbers } }) };
  } catch (error) {
    // What the reader says of a message that is cut short: a RangeError of its own.
    if (error instanceof ProtobufError) throw error;
    throw new ProtobufError(error instanceof Error ? error.message : String(error));
  }
}

const deleteOptions = compileSchema(
  Type.Object({
    gracePeriodSeconds: Type.Integer(),
    preconditions: Type.Object({ uid: Type.String(), resourceVersion: Type.String() }, { $id: "Preconditions" }),
    orphanDependents: Type.Boolean(),
    propagationPolicy: Type.String(),
    dryRun: Type.Array(Type.String()),
  }),
);

/** DeleteOptions, the one meta type that clients send. Throws a ProtobufError. */
export function decodeProtobufOptions(bytes: Buffer): unknown {
  if (deleteOptions.type !== "object")
    throw new TypeError("Cannot read DeleteOptions as their schema must be an object's");
  return decodeProtobufObject(bytes, { root: deleteOptions, name: "DeleteOptions", numbers: metaNumbers });
}

function readEnvelope(bytes: Uint8Array): { apiVersion: string; kind: string; raw: Uint8Array } {
  const found = { apiVersion: "", kind: "", raw: new Uint8Array(0) };
  eachField(bytes, (field, reader, wireType) => {
    if (field === 2) found.raw = new Uint8Array(reader.bytes());
    else if (field === 1)
      eachField(reader.bytes(), (inner, type, innerType) => {
        if (inner === 1) found.apiVersion = type.string();
        else if (inner === 2) found.kind = type.string();
        else type.skip(innerType);
      });
    else reader.skip(wireType);
  });
  return found;
}

function eachField(bytes: Uint8Array, visit: (field: number, reader: BinaryReader, wireType: WireType) => void): void {
  const reader = newReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    visit(field, reader, wireType);
  }
}

/** Before the name of a struct that Go embeds. */
export const inlinePrefix = "inline:";

interface Message {
  readonly node: ObjectNode;
  readonly name: string;
  readonly numbers: FieldNumbers;
}

function readMessage(bytes: Uint8Array, { node, name, numbers }: Message): Record<string, unknown> {
  const byNumber = new Map(Object.entries(numbers[name] ?? {}).map(([field, number]) => [number, field]));
  const value: Record<string, unknown> = {};
  eachField(bytes, (number, reader, wireType) => {
    const field = byNumber.get(number);
    const child = field === undefined ? undefined : node.fields.get(field)?.node;
    // A struct that Go embeds is a message of its own here, while in JSON its fields stand among the outer ones.
    if (field?.startsWith(inlinePrefix))
      Object.assign(value, readMessage(reader.bytes(), { node, name: field.slice(inlinePrefix.length), numbers }));
    else if (field === undefined || child === undefined) reader.skip(wireType);
    else readField(value, field, { child, reader, wireType, numbers });
  });
  return value;
}

interface Field {
  readonly child: SchemaNode;
  readonly reader: BinaryReader;
  readonly wireType: WireType;
  readonly numbers: FieldNumbers;
}

/** Lists and maps come an element at a time. */
function readField(value: Record<string, unknown>, name: string, field: Field): void {
  const { child } = field;
  const before = value[name];
  if (child.type === "list") value[name] = [...(Array.isArray(before) ? before : []), readItem(child, field)];
  else if (child.type === "map")
    value[name] = withEntry(typeof before === "object" && before !== null ? { ...before } : {}, child, field);
  else {
    const read = readValue(child, field);
    if (read !== undefined) value[name] = read;
  }
}

function readItem({ items }: ListNode, field: Field): unknown {
  return readValue(items, field);
}

/** A map entry is a message of a key and a value. */
function withEntry(
  map: Record<string, unknown>,
  { values }: MapNode,
  { reader, numbers }: Field,
): Record<string, unknown> {
  let key = "";
  let value: unknown = values.type === "list" ? [] : "";
  eachField(reader.bytes(), (number, inner, wireType) => {
    if (number === 1) key = inner.string();
    else if (number === 2)
      value =
        values.type === "list"
          ? readWrappedList(inner.bytes())
          : readValue(values, { child: values, reader: inner, wireType, numbers });
    else inner.skip(wireType);
  });
  setOwn(map, key, value);
  return map;
}

/** A list as a value of a map stands in a message of its own. */
function readWrappedList(bytes: Uint8Array): string[] {
  const items: string[] = [];
  eachField(bytes, (number, reader, wireType) => {
    if (number === 1) items.push(reader.string());
    else reader.skip(wireType);
  });
  return items;
}

function readValue(node: SchemaNode, { reader, wireType, numbers }: Field): unknown {
  switch (node.type) {
    case "object":
      return readMessage(reader.bytes(), { node, name: String(node.schema.$id ?? ""), numbers });
    case "scalar":
      return readScalar(node, reader, wireType);
    case "free":
      return readFree(reader.bytes());
    default:
      reader.skip(wireType);
      return undefined;
  }
}

function readScalar({ scalar }: ScalarNode, reader: BinaryReader, wireType: WireType): unknown {
  switch (scalar) {
    case "string":
      return reader.string();
    case "bytes":
      return Buffer.from(reader.bytes()).toString("base64");
    case "boolean":
      return reader.bool();
    case "integer":
    case "number":
      return wireType === WireType.Bit64 ? reader.double() : Number(reader.int64());
    case "int-or-string":
      return readIntOrString(reader.bytes());
    case "time":
    case "micro-time":
      return readTime(reader.bytes(), scalar === "micro-time");
  }
}

function readIntOrString(bytes: Uint8Array): number | string {
  let isText = false;
  let number = 0;
  let text = "";
  eachField(bytes, (field, reader, wireType) => {
    if (field === 1) isText = Number(reader.int64()) !== 0;
    else if (field === 2) number = Number(reader.int32());
    else if (field === 3) text = reader.string();
    else reader.skip(wireType);
  });
  return isText ? text : number;
}

/** Go's zero time, which stands for none. */
const zeroSeconds = -62_135_596_800;

function readTime(bytes: Uint8Array, hasMicroseconds: boolean): string | undefined {
  let seconds: number | undefined;
  let nanos = 0;
  eachField(bytes, (field, reader, wireType) => {
    if (field === 1) seconds = Number(reader.int64());
    else if (field === 2) nanos = reader.int32();
    else reader.skip(wireType);
  });
  if (seconds === undefined || seconds === zeroSeconds) return undefined;
  const whole = new Date(seconds * 1000).toISOString().slice(0, 19);
  return hasMicroseconds ? `${whole}.${String(Math.floor(nanos / 1000)).padStart(6, "0")}Z` : `${whole}Z`;
}

/** Fields of free form hold JSON, as fieldsV1 does. */
function readFree(bytes: Uint8Array): unknown {
  let raw: Uint8Array = new Uint8Array(0);
  eachField(bytes, (field, reader, wireType) => {
    if (field === 1) raw = reader.bytes();
    else reader.skip(wireType);
  });
  return raw.length === 0 ? undefined : JSON.parse(Buffer.from(raw).toString("utf8"));
}
