// OpenAPI version 2 as protobuf: the form in which client-go and kubectl ask for it.
// Field numbers: https://github.com/google/gnostic-models/blob/main/openapiv2/OpenAPIv2.proto

import type { BinaryWriter } from "@bufbuild/protobuf/wire";
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

export interface DocumentV2 {
  readonly swagger: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, JsonSchema>>;
  readonly definitions: Readonly<Record<string, JsonSchema>>;
}

/** A whole document. */
export function encodeProtobufV2({ swagger, info, paths, definitions }: DocumentV2): Buffer {
  const bytes = message((writer) => {
    text(writer, 1, swagger);
    part(writer, 2, (inner) => {
      text(inner, 1, info.title);
      text(inner, 2, info.version);
    });
    part(writer, 8, (inner) => {
      for (const [path, item] of Object.entries(paths)) named(inner, 2, path, pathItem(item));
    });
    part(writer, 9, (inner) => {
      for (const [name, schema] of Object.entries(definitions)) named(inner, 1, name, schemaOf(schema));
    });
  });
  return Buffer.from(bytes);
}

function schemaOf(schema: JsonSchema): Write {
  return (writer) => {
    text(writer, 1, schema.$ref);
    text(writer, 2, schema.format);
    text(writer, 4, schema.description);
    if (schema.default !== undefined) part(writer, 5, any(schema.default));
    double(writer, 7, schema.maximum);
    double(writer, 9, schema.minimum);
    integer(writer, 11, schema.maxLength);
    integer(writer, 12, schema.minLength);
    text(writer, 13, schema.pattern);
    integer(writer, 14, schema.maxItems);
    integer(writer, 15, schema.minItems);
    texts(writer, 19, schema.required);
    if (Array.isArray(schema.enum)) for (const value of schema.enum) part(writer, 20, any(value));
    if (typeof schema.additionalProperties === "object")
      part(writer, 21, (inner) => part(inner, 1, schemaOf(recordOf(schema.additionalProperties))));
    else if (schema.additionalProperties === true) part(writer, 21, (inner) => flag(inner, 2, true));
    if (typeof schema.type === "string") part(writer, 22, (inner) => text(inner, 1, schema.type));
    if (schema.items !== undefined) part(writer, 23, (inner) => part(inner, 1, schemaOf(recordOf(schema.items))));
    if (schema.properties !== undefined)
      part(writer, 25, (inner) => {
        for (const [name, property] of Object.entries(recordOf(schema.properties)))
          named(inner, 1, name, schemaOf(recordOf(property)));
      });
    extensions(writer, 31, schema);
  };
}

const methods = { get: 2, put: 3, post: 4, delete: 5, options: 6, head: 7, patch: 8 } as const;

function pathItem(item: JsonSchema): Write {
  return (writer) => {
    for (const [method, field] of Object.entries(methods))
      if (item[method] !== undefined) part(writer, field, operation(recordOf(item[method])));
    parameters(writer, 9, item.parameters);
  };
}

function operation(value: JsonSchema): Write {
  return (writer) => {
    texts(writer, 1, value.tags);
    text(writer, 3, value.description);
    text(writer, 5, value.operationId);
    texts(writer, 6, value.produces);
    texts(writer, 7, value.consumes);
    parameters(writer, 8, value.parameters);
    part(writer, 9, responses(recordOf(value.responses)));
    texts(writer, 10, value.schemes);
    extensions(writer, 13, value);
  };
}

/** Each wrapped in what it is: a parameter, of the body or not, of the query or the path. */
function parameters(writer: BinaryWriter, field: number, values: unknown): void {
  if (!Array.isArray(values)) return;
  for (const value of values)
    part(writer, field, (item) =>
      part(item, 1, (parameter) =>
        value.in === "body"
          ? part(parameter, 1, bodyParameter(value))
          : part(parameter, 2, (other) => part(other, value.in === "path" ? 4 : 3, valueParameter(value))),
      ),
    );
}

function bodyParameter(value: JsonSchema): Write {
  return (writer) => {
    text(writer, 1, value.description);
    text(writer, 2, value.name);
    text(writer, 3, value.in);
    flag(writer, 4, value.required);
    part(writer, 5, schemaOf(recordOf(value.schema)));
  };
}

/** In the query an extra field stands before the type. */
function valueParameter(value: JsonSchema): Write {
  const typeField = value.in === "path" ? 5 : 6;
  return (writer) => {
    flag(writer, 1, value.required);
    text(writer, 2, value.in);
    text(writer, 3, value.description);
    text(writer, 4, value.name);
    text(writer, typeField, value.type);
  };
}

function responses(value: JsonSchema): Write {
  return (writer) => {
    for (const [code, response] of Object.entries(value))
      named(writer, 1, code, (item) =>
        part(item, 1, (inner) => {
          const { description, schema } = recordOf(response);
          text(inner, 1, description);
          if (schema !== undefined) part(inner, 2, (wrapped) => part(wrapped, 1, schemaOf(recordOf(schema))));
        }),
      );
  };
}
