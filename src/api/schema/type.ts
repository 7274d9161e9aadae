// Builds schemas with types, in TypeBox's words: what a schema describes is its TypeScript type, too.
// https://github.com/sinclairzx81/typebox

import type { Type as TypeBox } from "typebox";

/** As much of TypeBox's `Type` as kinds are declared with. */
type Builder = Pick<
  typeof TypeBox,
  | "Any"
  | "Array"
  | "Boolean"
  | "Integer"
  | "Literal"
  | "Null"
  | "Number"
  | "Object"
  | "Optional"
  | "Record"
  | "String"
  | "Union"
  | "Unsafe"
>;

type Schema = Record<string, unknown>;

/** How TypeBox marks a property that may be missing; nobody sees it in the schema. */
const optional = "~optional";

/**
 * What TypeBox's `Type` builds, made here, since TypeBox itself is 373 files, a third of the time that a server takes to start. Schemas
 * of either may be used in the other's.
 */
const builder = {
  Any: (options: Schema = {}) => ({ ...options }),
  Array: (items: Schema, options: Schema = {}) => ({ type: "array", items, ...options }),
  Boolean: (options: Schema = {}) => ({ type: "boolean", ...options }),
  Integer: (options: Schema = {}) => ({ type: "integer", ...options }),
  Literal: (value: unknown, options: Schema = {}) => ({ type: typeof value, const: value, ...options }),
  Null: (options: Schema = {}) => ({ type: "null", ...options }),
  Number: (options: Schema = {}) => ({ type: "number", ...options }),
  Object: (properties: Readonly<Record<string, Schema>>, options: Schema = {}) => {
    const required = Object.keys(properties).filter((name) => properties[name]?.[optional] !== true);
    return { type: "object", ...(required.length === 0 ? {} : { required }), properties, ...options };
  },
  Optional: (schema: Schema) => Object.defineProperty({ ...schema }, optional, { value: true }),
  Record: (_key: Schema, value: Schema, options: Schema = {}) => ({
    type: "object",
    patternProperties: { "^.*$": value },
    ...options,
  }),
  String: (options: Schema = {}) => ({ type: "string", ...options }),
  Union: (anyOf: readonly Schema[], options: Schema = {}) => ({ anyOf, ...options }),
  Unsafe: (schema: Schema) => ({ ...schema }),
};

// The types are TypeBox's, of which this code knows nothing: type.test.ts compares what both build.
export const Type: Builder = builder as unknown as Builder;
