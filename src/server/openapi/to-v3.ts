// Definitions as OpenAPI version 3 has them, and, without what only that version may say, version 2.

import type { JsonSchema } from "./json-schema.ts";

type Definitions = Readonly<Record<string, JsonSchema>>;

/** The prefix of Kubernetes' own types, whose required fields are never absent. */
const ownTypes = "io.k8s.apimachinery.";

/** Version 3 refers to its schemas elsewhere, lets nothing stand beside a reference, and says what stands for nothing. */
export function definitionsToV3(definitions: Definitions): Definitions {
  return Object.fromEntries(
    Object.entries(definitions).map(([name, schema]) => [name, schemaToV3(schema, name.startsWith(ownTypes))]),
  );
}

/** Version 2 has no defaults, which clients of old would have filled in, and no null: what may be null may be anything. */
export function definitionsToV2(definitions: Definitions): Definitions {
  return Object.fromEntries(Object.entries(definitions).map(([name, schema]) => [name, withoutDefaults(schema)]));
}

function withoutDefaults(schema: JsonSchema): JsonSchema {
  const { default: _default, nullable, ...rest } = schema;
  if (nullable !== true) return withParts(rest, withoutDefaults);
  const { type: _type, items: _items, properties: _properties, ...untyped } = rest;
  return untyped;
}

/** A schema with what it is made of translated. */
function withParts(schema: JsonSchema, translate: (part: JsonSchema, name?: string) => JsonSchema): JsonSchema {
  const { properties, items, additionalProperties } = schema;
  return {
    ...schema,
    ...(isSchema(properties)
      ? {
          properties: Object.fromEntries(
            Object.entries(properties).map(([name, part]) => [name, isSchema(part) ? translate(part, name) : part]),
          ),
        }
      : {}),
    ...(isSchema(items) ? { items: translate(items) } : {}),
    ...(isSchema(additionalProperties) ? { additionalProperties: translate(additionalProperties) } : {}),
  };
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function schemaToV3(schema: JsonSchema, isOwn: boolean): JsonSchema {
  const required = isOwn && Array.isArray(schema.required) ? schema.required : [];
  const translated = withParts(schema, (part, name) => {
    const isNeverAbsent = name === undefined || required.includes(name) || isMetadata(part);
    return schemaToV3(isNeverAbsent ? withZero(part) : part, isOwn);
  });
  return wrapReference(translated);
}

/** `metadata` is there in every object and list. */
function isMetadata({ $ref }: JsonSchema): boolean {
  return typeof $ref === "string" && /\.meta\.v1\.(ObjectMeta|ListMeta)$/.test($ref);
}

const zeros: Readonly<Record<string, unknown>> = { string: "", boolean: false, integer: 0, number: 0 };

/** What stands for null among items and values, and for a field that is never absent. */
function withZero(schema: JsonSchema): JsonSchema {
  const { $ref, type, default: known, enum: values } = schema;
  if (known !== undefined || values !== undefined) return schema;
  const zero = typeof $ref === "string" ? (isNothingByItself($ref) ? undefined : {}) : zeros[String(type)];
  return zero === undefined ? schema : { ...schema, default: zero };
}

/** A time or a piece of any object is not made of fields that could be empty. */
function isNothingByItself($ref: string): boolean {
  return /\.(Time|RawExtension)$/.test($ref);
}

function wrapReference(schema: JsonSchema): JsonSchema {
  const { $ref, ...rest } = schema;
  if (typeof $ref !== "string") return schema;
  const moved = { $ref: $ref.replace("#/definitions/", "#/components/schemas/") };
  return Object.keys(rest).length === 0 ? moved : { ...rest, allOf: [moved] };
}
