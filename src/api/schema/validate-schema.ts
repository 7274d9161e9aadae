// What a declared schema says beyond types: required fields, limits, patterns and enums, in the words of Kubernetes' structural schemas.
// https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation

import { isRecord } from "../../base/record.ts";
import { type FieldError, fieldError } from "../field-error.ts";
import type { Kind } from "../kind.ts";
import type { ApiObject } from "../object-meta.ts";
import { hasFormat } from "./formats.ts";
import { objectSchema } from "./object-schema.ts";
import type { ListNode, ObjectNode, ScalarNode, SchemaNode } from "./schema-node.ts";

/** The faults of an object of a version against its schema. Kinds with Go's ways fill required fields in and have none of them. */
export function validateSchema(kind: Kind, version: string, object: ApiObject): FieldError[] {
  const { root } = objectSchema(kind, version);
  const errors: FieldError[] = [];
  for (const field of root.fieldList) {
    if (field.name === "metadata" || field.name === "kind" || field.name === "apiVersion") continue;
    const value = object[field.name];
    if (value === undefined) {
      if (field.isRequired && kind.emptyValues === "keep") errors.push(fieldError.required(field.name));
    } else check(value, field.node, field.name, errors);
  }
  return errors;
}

function check(value: unknown, node: SchemaNode, path: string, errors: FieldError[]): void {
  switch (node.type) {
    case "object":
      checkObject(value, node, path, errors);
      return;
    case "map":
      if (isRecord(value))
        for (const [key, member] of Object.entries(value)) check(member, node.values, `${path}[${key}]`, errors);
      return;
    case "list":
      if (Array.isArray(value)) checkList(value, node, path, errors);
      return;
    case "scalar":
      checkScalar(value, node, path, errors);
      return;
    case "free":
      return;
  }
}

function checkObject(value: unknown, node: ObjectNode, path: string, errors: FieldError[]): void {
  if (!isRecord(value)) return;
  for (const field of node.fieldList) {
    const member = Object.hasOwn(value, field.name) ? value[field.name] : undefined;
    if (member === undefined) {
      if (field.isRequired) errors.push(fieldError.required(`${path}.${field.name}`));
    } else check(member, field.node, `${path}.${field.name}`, errors);
  }
}

function checkList(value: readonly unknown[], node: ListNode, path: string, errors: FieldError[]): void {
  const { minItems, maxItems } = node.schema;
  if (typeof maxItems === "number" && value.length > maxItems)
    errors.push(fieldError.tooMany(path, value.length, maxItems));
  if (typeof minItems === "number" && value.length < minItems)
    errors.push(fieldError.invalid(path, value.length, `${path} in body should have at least ${minItems} items`));
  const seen = new Set<string>();
  for (const [index, item] of value.entries()) {
    const identity = identityOf(item, node);
    if (identity !== undefined && seen.has(identity))
      errors.push(fieldError.duplicate(`${path}[${index}]`, node.listType === "set" ? item : keysOf(item, node)));
    if (identity !== undefined) seen.add(identity);
    check(item, node.items, `${path}[${index}]`, errors);
  }
}

function identityOf(item: unknown, node: ListNode): string | undefined {
  if (node.listType === "set") return JSON.stringify(item);
  return node.listType === "map" ? JSON.stringify(keysOf(item, node)) : undefined;
}

function keysOf(item: unknown, { keys }: ListNode): Record<string, unknown> {
  if (!isRecord(item)) return {};
  return Object.fromEntries(keys.map((key) => [key, item[key]]));
}

function checkScalar(value: unknown, { schema }: ScalarNode, path: string, errors: FieldError[]): void {
  const allowed = schema.enum;
  if (Array.isArray(allowed) && !allowed.includes(value))
    errors.push(fieldError.notSupported(path, value, allowed.map(String)));
  if ("const" in schema && schema.const !== value)
    errors.push(fieldError.notSupported(path, value, [String(schema.const)]));
  if (typeof value === "string") checkText(value, schema, path, errors);
  if (typeof value === "number" || typeof value === "bigint") checkNumber(value, schema, path, errors);
}

function checkText(value: string, schema: ScalarNode["schema"], path: string, errors: FieldError[]): void {
  const { maxLength, minLength, pattern, format } = schema;
  const length = typeof maxLength === "number" || typeof minLength === "number" ? [...value].length : 0;
  if (typeof maxLength === "number" && length > maxLength) errors.push(fieldError.tooLong(path, maxLength));
  if (typeof minLength === "number" && length < minLength)
    errors.push(fieldError.invalid(path, value, `${path} in body should be at least ${minLength} chars long`));
  if (typeof pattern === "string" && !expressionOf(pattern).test(value))
    errors.push(fieldError.invalid(path, value, `${path} in body should match '${pattern}'`));
  if (typeof format === "string" && !hasFormat(value, format))
    errors.push(fieldError.invalid(path, value, `${path} in body must be of type ${format}: ${JSON.stringify(value)}`));
}

/** As many as the schemas of a program have. */
const expressions = new Map<string, RegExp>();

function expressionOf(pattern: string): RegExp {
  const known = expressions.get(pattern);
  if (known !== undefined) return known;
  const expression = new RegExp(pattern, "u");
  expressions.set(pattern, expression);
  return expression;
}

function checkNumber(value: number | bigint, schema: ScalarNode["schema"], path: string, errors: FieldError[]): void {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
  const refuse = (what: string) => errors.push(fieldError.invalid(path, value, `${path} in body should be ${what}`));
  if (typeof minimum === "number" && value < minimum) refuse(`greater than or equal to ${minimum}`);
  if (typeof maximum === "number" && value > maximum) refuse(`less than or equal to ${maximum}`);
  if (typeof exclusiveMinimum === "number" && value <= exclusiveMinimum) refuse(`greater than ${exclusiveMinimum}`);
  if (typeof exclusiveMaximum === "number" && value >= exclusiveMaximum) refuse(`less than ${exclusiveMaximum}`);
  if (typeof multipleOf === "number" && Number(value) % multipleOf !== 0) refuse(`a multiple of ${multipleOf}`);
}
