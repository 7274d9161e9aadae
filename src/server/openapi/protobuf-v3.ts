// OpenAPI version 3 as protobuf: the form in which Go clients may ask for the document of a group and version.
// Field numbers: https://github.com/google/gnostic-models/blob/main/openapiv3/OpenAPIv3.proto

import { type BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { recordOf } from "../../base/record.ts";
import type { JsonSchema } from "./json-schema.ts";
import {
  any,
  double,
  extensions,
  flag,
  integer,
  message,
  named,
  part,
  text,
  texts,
  type Write,
} from "./protobuf-message.ts";

export interface DocumentV3 {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, JsonSchema>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

/** A whole document. */
export function encodeProtobufV3({ openapi, info, paths, components }: DocumentV3): Buffer {
  const bytes = message((writer) => {
    text(writer, 1, openapi);
    part(writer, 2, (inner) => {
      text(inner, 1, info.title);
      text(inner, 6, info.version);
    });
    part(writer, 4, (inner) => {
      for (const [path, item] of Object.entries(paths)) named(inner, 1, path, pathItem(item));
    });
    part(writer, 5, (inner) => part(inner, 1, namedSchemas(components.schemas)));
  });
  return Buffer.from(bytes);
}

const methods = { get: 4, put: 5, post: 6, delete: 7, options: 8, head: 9, patch: 10 } as const;

function pathItem(item: JsonSchema): Write {
  return (writer) => {
    for (const [method, field] of Object.entries(methods))
      if (item[method] !== undefined) part(writer, field, operation(recordOf(item[method])));
    parameters(writer, 13, item.parameters);
  };
}

function operation(value: JsonSchema): Write {
  return (writer) => {
    texts(writer, 1, value.tags);
    text(writer, 3, value.description);
    text(writer, 5, value.operationId);
    parameters(writer, 6, value.parameters);
    if (value.requestBody !== undefined)
      part(writer, 7, (either) => part(either, 1, requestBody(recordOf(value.requestBody))));
    part(writer, 8, responses(recordOf(value.responses)));
    extensions(writer, 13, value);
  };
}

function parameters(writer: BinaryWriter, field: number, values: unknown): void {
  if (!Array.isArray(values)) return;
  for (const value of values) part(writer, field, (either) => part(either, 1, parameter(recordOf(value))));
}

function parameter(value: JsonSchema): Write {
  return (writer) => {
    text(writer, 1, value.name);
    text(writer, 2, value.in);
    text(writer, 3, value.description);
    flag(writer, 4, value.required);
    if (value.schema !== undefined) part(writer, 10, schemaOrReference(recordOf(value.schema)));
  };
}

function requestBody(value: JsonSchema): Write {
  return (writer) => {
    text(writer, 1, value.description);
    content(writer, 2, value.content);
    flag(writer, 3, value.required);
  };
}

function responses(value: JsonSchema): Write {
  return (writer) => {
    for (const [code, response] of Object.entries(value))
      named(writer, 2, code, (either) =>
        part(either, 1, (inner) => {
          const { description, content: mediaTypes } = recordOf(response);
          text(inner, 1, description);
          content(inner, 3, mediaTypes);
        }),
      );
  };
}

/** The schema of each media type. */
function content(writer: BinaryWriter, field: number, value: unknown): void {
  if (value === undefined) return;
  part(writer, field, (mediaTypes) => {
    for (const [type, media] of Object.entries(recordOf(value)))
      named(mediaTypes, 1, type, (inner) => part(inner, 1, schemaOrReference(recordOf(recordOf(media).schema))));
  });
}

function schemaOrReference(schema: JsonSchema): Write {
  return (writer) => {
    if (schema.$ref === undefined) part(writer, 1, schemaOf(schema));
    else part(writer, 2, (reference) => text(reference, 1, schema.$ref));
  };
}

function namedSchemas(schemas: unknown): Write {
  return (writer) => {
    for (const [name, schema] of Object.entries(recordOf(schemas)))
      named(writer, 1, name, schemaOrReference(recordOf(schema)));
  };
}

const alternatives = { allOf: 26, oneOf: 27, anyOf: 28 } as const;

function schemaOf(schema: JsonSchema): Write {
  return (writer) => {
    flag(writer, 1, schema.nullable);
    double(writer, 11, schema.maximum);
    double(writer, 13, schema.minimum);
    integer(writer, 15, schema.maxLength);
    integer(writer, 16, schema.minLength);
    text(writer, 17, schema.pattern);
    integer(writer, 18, schema.maxItems);
    integer(writer, 19, schema.minItems);
    flag(writer, 20, schema.uniqueItems);
    texts(writer, 23, schema.required);
    if (Array.isArray(schema.enum)) for (const value of schema.enum) part(writer, 24, any(value));
    text(writer, 25, schema.type);
    for (const [keyword, field] of Object.entries(alternatives)) schemas(writer, field, schema[keyword]);
    if (schema.items !== undefined) part(writer, 30, (items) => schemas(items, 1, [schema.items]));
    if (schema.properties !== undefined) part(writer, 31, namedSchemas(schema.properties));
    additionalProperties(writer, 32, schema.additionalProperties);
    defaultValue(writer, 33, schema.default);
    text(writer, 34, schema.description);
    text(writer, 35, schema.format);
    extensions(writer, 36, schema);
  };
}

function schemas(writer: BinaryWriter, field: number, values: unknown): void {
  if (Array.isArray(values)) for (const value of values) part(writer, field, schemaOrReference(recordOf(value)));
}

function additionalProperties(writer: BinaryWriter, field: number, value: unknown): void {
  if (typeof value === "object") part(writer, field, (item) => part(item, 1, schemaOrReference(recordOf(value))));
  else if (value === true) part(writer, field, (item) => flag(item, 2, true));
}

/** Of defaults the messages have room for those that are one number, truth value or text. */
function defaultValue(writer: BinaryWriter, field: number, value: unknown): void {
  if (typeof value === "number") part(writer, field, (inner) => double(inner, 1, value));
  else if (typeof value === "boolean") part(writer, field, (inner) => void inner.tag(2, WireType.Varint).bool(value));
  else if (typeof value === "string")
    part(writer, field, (inner) => void inner.tag(3, WireType.LengthDelimited).string(value));
}
