// The shape of a kind as a small tree, compiled once from its TypeBox schema, which is plain JSON Schema with Kubernetes' extensions.
// https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema

import type { TSchema } from "typebox";

/** What a value may be. Everything that reads objects by their shape (decoding, apply, strategic merge, OpenAPI) reads this. */
export type SchemaNode = ObjectNode | MapNode | ListNode | ScalarNode | FreeNode;

/** JSON Schema as it was declared: where validation and OpenAPI find description, limits and formats. */
export type DeclaredSchema = Readonly<Record<string, unknown>>;

/** A struct: known fields in the order of their declaration. */
export interface ObjectNode {
  readonly type: "object";
  readonly fields: ReadonlyMap<string, FieldNode>;
  /** The same fields, for loops. */
  readonly fieldList: readonly FieldNode[];
  /** Owned and replaced as a whole. */
  readonly isAtomic: boolean;
  /** Unknown fields are kept. */
  readonly keepsUnknown: boolean;
  readonly schema: DeclaredSchema;
}

export interface FieldNode {
  readonly name: string;
  readonly node: SchemaNode;
  readonly isRequired: boolean;
  /** A Go struct, written whether or not it was given (`default: {}`). */
  readonly isAlwaysPresent: boolean;
  /** Kept when empty, as behind a Go pointer. */
  readonly keepsEmpty: boolean;
  /** The default of a scalar or list; undefined where there is none. */
  readonly defaultValue: unknown;
  readonly schema: DeclaredSchema;
}

/** A map from text to values of one shape. */
export interface MapNode {
  readonly type: "map";
  readonly values: SchemaNode;
  readonly isAtomic: boolean;
  readonly schema: DeclaredSchema;
}

export interface ListNode {
  readonly type: "list";
  readonly items: SchemaNode;
  readonly listType: "atomic" | "set" | "map";
  /** For lists of type map: the fields that tell items apart. */
  readonly keys: readonly string[];
  readonly schema: DeclaredSchema;
}

export interface ScalarNode {
  readonly type: "scalar";
  readonly scalar: "string" | "integer" | "number" | "boolean" | "int-or-string" | "time" | "micro-time" | "bytes";
  readonly schema: DeclaredSchema;
}

/** Anything at all. */
export interface FreeNode {
  readonly type: "free";
  readonly schema: DeclaredSchema;
}

/** Compiles a declared schema. Throws a TypeError where it says something that Kubernetes cannot hold. */
export function compileSchema(schema: TSchema | DeclaredSchema, path = ""): SchemaNode {
  const declared: DeclaredSchema = { ...schema };
  if (declared["x-kubernetes-int-or-string"] === true)
    return { type: "scalar", scalar: "int-or-string", schema: declared };
  const union = declared.anyOf;
  if (Array.isArray(union)) return compileUnion(union, declared, path);
  if (Array.isArray(declared.enum) && declared.type === undefined)
    return { type: "scalar", scalar: scalarOfConst(declared.enum[0]), schema: declared };
  if ("const" in declared) return { type: "scalar", scalar: scalarOfConst(declared.const), schema: declared };
  switch (declared.type) {
    case "object":
      return compileObject(declared, path);
    case "array":
      return compileList(declared, path);
    case "string":
      return { type: "scalar", scalar: stringScalar(declared), schema: declared };
    case "integer":
    case "number":
    case "boolean":
      return { type: "scalar", scalar: declared.type, schema: declared };
    default:
      return { type: "free", schema: declared };
  }
}

function isSchema(value: unknown): value is DeclaredSchema {
  return typeof value === "object" && value !== null;
}

function stringScalar({ format, "x-micro-time": micro }: DeclaredSchema): ScalarNode["scalar"] {
  if (format === "date-time") return micro === true ? "micro-time" : "time";
  return format === "byte" ? "bytes" : "string";
}

function scalarOfConst(value: unknown): ScalarNode["scalar"] {
  if (typeof value === "number") return "number";
  return typeof value === "boolean" ? "boolean" : "string";
}

/** A union of texts is an enum; any other union is free, since Kubernetes' structural schemas know none. */
function compileUnion(members: readonly unknown[], declared: DeclaredSchema, path: string): SchemaNode {
  const schemas = members.filter(isSchema);
  const some = schemas.filter((member) => member.type !== "null");
  const { anyOf: _anyOf, ...rest } = declared;
  const common = some.length < schemas.length ? { ...rest, nullable: true } : rest;
  const [only] = some;
  if (some.length === 1 && only !== undefined) return compileSchema({ ...only, ...common }, path);
  const texts = some.map((member) => member.const);
  if (texts.length > 0 && texts.every((text) => typeof text === "string"))
    return { type: "scalar", scalar: "string", schema: { ...common, type: "string", enum: texts } };
  const types = new Set(some.map((member) => member.type));
  if (some.length === 2 && types.has("integer") && types.has("string"))
    return { type: "scalar", scalar: "int-or-string", schema: { ...common, "x-kubernetes-int-or-string": true } };
  return { type: "free", schema: declared };
}

function compileObject(declared: DeclaredSchema, path: string): SchemaNode {
  const isAtomic = declared["x-kubernetes-map-type"] === "atomic";
  const keepsUnknown = declared["x-kubernetes-preserve-unknown-fields"] === true;
  const properties = isSchema(declared.properties) ? declared.properties : {};
  const values = mapValues(declared);
  if (values !== undefined && Object.keys(properties).length === 0)
    return { type: "map", values: compileSchema(values, `${path}.*`), isAtomic, schema: declared };
  if (declared.properties === undefined && keepsUnknown) return { type: "free", schema: declared };
  const required = Array.isArray(declared.required) ? declared.required : [];
  const fields = Object.entries(properties).map(([name, property]) => {
    if (!isSchema(property))
      throw new TypeError(`Cannot compile a schema as "${path}.${name}" must be a schema: ${typeof property}`);
    return compileField(name, property, { path, isRequired: required.includes(name) });
  });
  return {
    type: "object",
    fields: new Map(fields.map((field) => [field.name, field])),
    fieldList: fields,
    isAtomic,
    keepsUnknown,
    schema: declared,
  };
}

/** TypeBox's Record writes patternProperties, hand-made schemas additionalProperties. */
function mapValues({ additionalProperties, patternProperties }: DeclaredSchema): DeclaredSchema | undefined {
  if (isSchema(additionalProperties)) return additionalProperties;
  if (additionalProperties === true) return {};
  const [pattern] = isSchema(patternProperties) ? Object.values(patternProperties) : [];
  return isSchema(pattern) ? pattern : undefined;
}

function compileField(
  name: string,
  property: DeclaredSchema,
  { path, isRequired }: { readonly path: string; readonly isRequired: boolean },
): FieldNode {
  const node = compileSchema(property, `${path}.${name}`);
  const { default: given } = property;
  const isAlwaysPresent = node.type === "object" && given !== undefined;
  return {
    name,
    node,
    isRequired,
    isAlwaysPresent,
    keepsEmpty: property.keepEmpty === true || (node.type === "object" && !isAlwaysPresent) || isRequired,
    defaultValue: isAlwaysPresent ? undefined : given,
    schema: property,
  };
}

function compileList(declared: DeclaredSchema, path: string): SchemaNode {
  const items = compileSchema(isSchema(declared.items) ? declared.items : {}, `${path}[]`);
  const declaredType = declared["x-kubernetes-list-type"];
  const listType = declaredType === "set" || declaredType === "map" ? declaredType : "atomic";
  const keys = declared["x-kubernetes-list-map-keys"];
  const keyNames = Array.isArray(keys) ? keys.map(String) : [];
  if (listType === "map" && (keyNames.length === 0 || items.type !== "object"))
    throw new TypeError(
      `Cannot compile a schema as the list "${path}" of type map must have keys and objects as items`,
    );
  return { type: "list", items, listType, keys: keyNames, schema: declared };
}
