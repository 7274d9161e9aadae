// Required fields that an object lacks. What a kind's author writes, conversions and rules, counts on their being there.

import { isRecord } from "../../base/record.ts";
import type { FieldError } from "../field-error.ts";
import type { Kind } from "../kind.ts";
import type { ApiObject } from "../object-meta.ts";
import { objectSchema } from "./object-schema.ts";
import type { ScalarNode, SchemaNode } from "./schema-node.ts";
import { validateSchema } from "./validate-schema.ts";

/** The schema's faults where a required field is among them, and none otherwise: limits and patterns break nobody's code. */
export function missingFields(kind: Kind, version: string, object: ApiObject): FieldError[] {
  // Kinds with Go's ways fill required fields in when they decode.
  if (kind.emptyValues === "omit") return [];
  const errors = validateSchema(kind, version, object);
  return errors.some(({ reason }) => reason === "FieldValueRequired") ? errors : [];
}

/** The object with what it lacks as Go would have it: empty. For parts of objects that are to be converted. */
export function withZeroFields(kind: Kind, version: string, object: ApiObject): ApiObject {
  if (missingFields(kind, version, object).length === 0) return object;
  const { metadata, ...body } = object;
  const filled = fill(body, objectSchema(kind, version).root);
  return { ...object, ...(isRecord(filled) ? filled : {}), metadata };
}

function fill(value: unknown, node: SchemaNode): unknown {
  if (node.type === "list") return Array.isArray(value) ? value.map((item) => fill(item, node.items)) : value;
  if (!isRecord(value)) return value;
  if (node.type === "map")
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, fill(member, node.values)]));
  if (node.type !== "object") return value;
  const known = node.fieldList.flatMap(({ name, node: member, isRequired }) => {
    if (Object.hasOwn(value, name)) return [[name, fill(value[name], member)]];
    return isRequired ? [[name, zeroOf(member)]] : [];
  });
  return { ...value, ...Object.fromEntries(known) };
}

function zeroOf(node: SchemaNode): unknown {
  if (node.type === "list") return [];
  return node.type === "scalar" ? zeroOfScalar(node) : fill({}, node);
}

function zeroOfScalar({ scalar, schema }: ScalarNode): unknown {
  if (Array.isArray(schema.enum)) return schema.enum[0];
  if (scalar === "boolean") return false;
  return scalar === "integer" || scalar === "number" || scalar === "int-or-string" ? 0 : "";
}
