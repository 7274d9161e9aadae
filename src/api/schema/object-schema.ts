// Reads untyped JSON as an object of a kind: checks types, prunes what the kind does not know, puts the rest in canonical form.

import { getOwn, setOwn } from "../../base/own.ts";
import { isRecord } from "../../base/record.ts";
import type { Kind } from "../kind.ts";
import type { ApiObject, ObjectMeta } from "../object-meta.ts";
import { DecodeError } from "./decode-error.ts";
import { objectMetaSchema } from "./object-meta-schema.ts";
import { decodeScalar } from "./scalar.ts";
import {
  compileSchema,
  type FieldNode,
  type ListNode,
  type MapNode,
  type ObjectNode,
  type SchemaNode,
} from "./schema-node.ts";
import { Type } from "./type.ts";

/** The compiled shape of a kind in one version. */
export interface ObjectSchema {
  readonly kind: Kind;
  readonly version: string;
  /** The whole object: apiVersion, kind, metadata, and the kind's own fields. */
  readonly root: ObjectNode;
  /**
   * The canonical form of `value`: unknown fields and nulls are gone, empty values as the kind's `emptyValues` says, fields in the
   * order of the schema. Always a new object. Throws a DecodeError where a type is wrong.
   */
  decode(value: unknown): ApiObject;
}

const compiled = new WeakMap<Kind, Map<string, ObjectSchema>>();

/** The schema of a kind in one version, compiled at first use. Throws a RangeError for a version that the kind does not have. */
export function objectSchema(kind: Kind, version: string): ObjectSchema {
  const versions = compiled.get(kind) ?? new Map<string, ObjectSchema>();
  compiled.set(kind, versions);
  const known = versions.get(version);
  if (known !== undefined) return known;
  const declared = getOwn(kind.versions, version);
  if (declared === undefined)
    throw new RangeError(
      `Cannot compile the schema of "${kind.kind}" as the version must be one of the kind's: "${version}"`,
    );
  const root = compileRoot(declared.schema);
  const isOmitting = kind.emptyValues === "omit";
  const schema: ObjectSchema = { kind, version, root, decode: (value) => decodeRoot(value, root, isOmitting) };
  versions.set(version, schema);
  return schema;
}

/** The node of `metadata`, shared by all kinds. */
export const objectMetaNode = compileObjectNode(objectMetaSchema);

function compileObjectNode(schema: Parameters<typeof compileSchema>[0]): ObjectNode {
  const node = compileSchema(schema);
  if (node.type !== "object")
    throw new TypeError(`Cannot compile a schema as its root must be an object with fields: ${node.type}`);
  return node;
}

const typeMetaFields = compileObjectNode(
  Type.Object({ kind: Type.Optional(Type.String()), apiVersion: Type.Optional(Type.String()) }),
).fieldList;

function compileRoot(declared: Parameters<typeof compileSchema>[0]): ObjectNode {
  const own = { type: "object", properties: {}, ...declared };
  const node = compileObjectNode(Object.hasOwn(declared, "properties") ? declared : own);
  const metadata: FieldNode = {
    name: "metadata",
    node: objectMetaNode,
    isRequired: false,
    isAlwaysPresent: true,
    keepsEmpty: true,
    defaultValue: undefined,
    schema: objectMetaNode.schema,
  };
  const fieldList = [...typeMetaFields, metadata, ...node.fieldList];
  return { ...node, fieldList, fields: new Map(fieldList.map((field) => [field.name, field])) };
}

function decodeRoot(value: unknown, root: ObjectNode, isOmitting: boolean): ApiObject {
  const source = value === null ? {} : value;
  if (!isRecord(source)) throw new DecodeError("", "object", source);
  const target: ApiObject = { kind: "", apiVersion: "", metadata: {} };
  for (const field of root.fieldList) {
    const given = source[field.name];
    if (field.name === "metadata") target.metadata = decodeMeta(given);
    else
      decodeField(target, field, {
        given: Object.hasOwn(source, field.name) ? given : undefined,
        path: field.name,
        isOmitting,
      });
  }
  target.kind ??= "";
  target.apiVersion ??= "";
  if (root.keepsUnknown) keepUnknown(target, source, root);
  return target;
}

/** Metadata always follows Go's ways, whatever the kind does. */
function decodeMeta(value: unknown): ObjectMeta {
  if (value === undefined || value === null) return {};
  return decodeObject(value, objectMetaNode, "metadata", true);
}

interface Given {
  readonly given: unknown;
  readonly path: string;
  readonly isOmitting: boolean;
}

function decodeField(target: Record<string, unknown>, field: FieldNode, { given, path, isOmitting }: Given): void {
  if (given === null && field.node.schema.nullable === true && !isOmitting) {
    target[field.name] = null;
    return;
  }
  const decoded = given === undefined || given === null ? undefined : decodeNode(given, field.node, path, isOmitting);
  // In Go an empty value is as good as none, and gets the default as well.
  const isAbsent = isOmitting && !field.keepsEmpty && !field.isAlwaysPresent && isEmpty(decoded);
  const value = decoded === undefined || isAbsent ? absentValue(field, isOmitting) : decoded;
  if (value !== undefined) target[field.name] = value;
}

/** What stands where nothing was given: a struct, a default, or the zero of a field that Go always writes. */
function absentValue(field: FieldNode, isOmitting: boolean): unknown {
  if (field.isAlwaysPresent) return decodeNode(field.schema.default ?? {}, field.node, field.name, isOmitting);
  if (field.defaultValue !== undefined) return structuredCloneOf(field.defaultValue);
  if (!field.isRequired || !isOmitting) return undefined;
  return zeroOf(field.node, isOmitting);
}

function structuredCloneOf(value: unknown): unknown {
  return typeof value === "object" && value !== null ? structuredClone(value) : value;
}

/** Go's zero value. A required list is written as null by Go; we write it empty, which every client reads alike. */
function zeroOf(node: SchemaNode, isOmitting: boolean): unknown {
  switch (node.type) {
    case "object":
      return decodeObject({}, node, "", isOmitting);
    case "map":
      return {};
    case "list":
      return [];
    case "free":
      return undefined;
    case "scalar":
      if (node.scalar === "integer" || node.scalar === "number" || node.scalar === "int-or-string") return 0;
      if (node.scalar === "time" || node.scalar === "micro-time") return undefined;
      return node.scalar === "boolean" ? false : "";
  }
}

function isEmpty(value: unknown): boolean {
  if (typeof value !== "object" || value === null)
    return value === "" || value === 0 || value === false || value === null || value === undefined;
  if (Array.isArray(value)) return value.length === 0;
  for (const _ in value) return false;
  return true;
}

function decodeNode(value: unknown, node: SchemaNode, path: string, isOmitting: boolean): unknown {
  switch (node.type) {
    case "object":
      return decodeObject(value, node, path, isOmitting);
    case "map":
      return decodeMap(value, node, path, isOmitting);
    case "list":
      return decodeList(value, node, path, isOmitting);
    case "scalar":
      return decodeScalar(value, node, path);
    case "free":
      requireDepth(value, path, 1);
      return value;
  }
}

/** Free values are copied and compared by functions that call themselves; what nests deeper than this would end them. */
const freeDepthMax = 1_000;

function requireDepth(value: unknown, path: string, depth: number): void {
  if (typeof value !== "object" || value === null) return;
  if (depth > freeDepthMax) throw DecodeError.saying(path, `field "${path}" exceeded max depth of ${freeDepthMax}`);
  if (Array.isArray(value)) for (const item of value) requireDepth(item, path, depth + 1);
  else for (const key in value) requireDepth(Reflect.get(value, key), path, depth + 1);
}

function decodeObject(value: unknown, node: ObjectNode, path: string, isOmitting: boolean): Record<string, unknown> {
  if (!isRecord(value)) throw new DecodeError(path, "object", value);
  const target: Record<string, unknown> = {};
  for (const field of node.fieldList) {
    const given = value[field.name];
    if (given === undefined || !Object.hasOwn(value, field.name)) {
      const filled = absentValue(field, isOmitting);
      if (filled !== undefined) target[field.name] = filled;
    } else decodeField(target, field, { given, path: `${path}.${field.name}`, isOmitting });
  }
  if (node.keepsUnknown) keepUnknown(target, value, node);
  return target;
}

function keepUnknown(
  target: Record<string, unknown>,
  source: Readonly<Record<string, unknown>>,
  node: ObjectNode,
): void {
  for (const [name, value] of Object.entries(source)) {
    if (node.fields.has(name)) continue;
    requireDepth(value, name, 1);
    setOwn(target, name, value);
  }
}

function decodeMap(value: unknown, node: MapNode, path: string, isOmitting: boolean): Record<string, unknown> {
  if (!isRecord(value)) throw new DecodeError(path, "object", value);
  const target: Record<string, unknown> = {};
  for (const key of inOrder(Object.keys(value))) {
    const item = value[key];
    const decoded = item === null ? zeroOf(node.values, isOmitting) : decodeNode(item, node.values, path, isOmitting);
    if (decoded !== undefined) setOwn(target, key, decoded);
  }
  return target;
}

/** Maps are written in the order of their keys, so that one which only names them in another order is the same. */
function inOrder(keys: string[]): readonly string[] {
  for (let at = 1; at < keys.length; at++) if ((keys[at - 1] ?? "") > (keys[at] ?? "")) return keys.sort();
  return keys;
}

function decodeList(value: unknown, node: ListNode, path: string, isOmitting: boolean): unknown[] {
  if (!Array.isArray(value)) throw new DecodeError(path, "array", value);
  return value.map((item, index) =>
    item === null ? zeroOf(node.items, isOmitting) : decodeNode(item, node.items, `${path}[${index}]`, isOmitting),
  );
}
