// A server's OpenAPI version 2 as version 3, for servers that have no other: what `kubectl explain` reads is version 3.
// https://swagger.io/specification/v2/ and https://swagger.io/specification/v3/

import { getOwn } from "../base/own.ts";
import type { Json } from "./openapi-merge.ts";

export interface ConvertedSpec {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, Json>>;
  readonly components: { readonly schemas: Readonly<Record<string, Json>> };
}

const methods: ReadonlySet<string> = new Set(["get", "put", "post", "delete", "options", "head", "patch"]);
/** Where version 3 keeps what others refer to. */
const sections: Readonly<Record<string, string>> = {
  "#/definitions/": "#/components/schemas/",
  "#/parameters/": "#/components/parameters/",
  "#/responses/": "#/components/responses/",
};
const anyMedia = ["*/*"];

/** The whole document. What version 2 does not say, such as defaults of Kubernetes' own types, stays unsaid. */
export function specToV3({ info, paths, definitions, parameters, responses, ...document }: Json): ConvertedSpec {
  const media = mediaOf(document, { consumes: anyMedia, produces: anyMedia });
  const { title = "", version = "", ...more } = recordOf(info);
  const shared = {
    parameters: mapped(parameters, toParameter),
    responses: mapped(responses, (response) => toResponse(response, media.produces)),
    securitySchemes: mapped(document.securityDefinitions, toSecurityScheme),
  };
  return {
    openapi: "3.0.0",
    info: { ...more, title: String(title), version: String(version) },
    paths: mapped(paths, (item) => toPathItem(item, media)),
    components: {
      schemas: mapped(definitions, toSchema),
      ...Object.fromEntries(Object.entries(shared).filter(([, entries]) => Object.keys(entries).length > 0)),
    },
  };
}

interface Media {
  readonly consumes: readonly string[];
  readonly produces: readonly string[];
}

/** An operation's own media types, else those of the whole document. */
function mediaOf({ consumes, produces }: Json, otherwise: Media): Media {
  return {
    consumes: Array.isArray(consumes) ? consumes.map(String) : otherwise.consumes,
    produces: Array.isArray(produces) ? produces.map(String) : otherwise.produces,
  };
}

function toPathItem({ parameters, ...item }: Json, media: Media): Json {
  const entries = Object.entries(item).map(([key, value]) => [
    key,
    methods.has(key) ? toOperation(recordOf(value), media) : value,
  ]);
  return { ...Object.fromEntries(entries), ...withParameters(listOf(parameters)) };
}

function toOperation(operation: Json, media: Media): Json {
  const { consumes: _consumes, produces: _produces, schemes: _schemes, parameters, responses, ...rest } = operation;
  const own = mediaOf(operation, media);
  const body = listOf(parameters).find((parameter) => parameter.in === "body");
  return {
    ...rest,
    ...withParameters(listOf(parameters)),
    ...(body === undefined ? {} : { requestBody: toRequestBody(body, own.consumes) }),
    responses: mapped(responses, (response) => toResponse(response, own.produces)),
  };
}

/** Those that are no body. Forms, which no API server reads, have no place in version 3's parameters. */
function withParameters(parameters: readonly Json[]): Json {
  const kept = parameters.filter((parameter) => parameter.in !== "body" && parameter.in !== "formData");
  return kept.length === 0 ? {} : { parameters: kept.map(toParameter) };
}

/** Version 2 says of what type a parameter is beside its name, version 3 in a schema. */
function toParameter({ $ref, name, in: place, description, required, ...rest }: Json): Json {
  if (typeof $ref === "string") return { $ref: moved($ref) };
  const { allowEmptyValue, collectionFormat: _, schema, ...type } = rest;
  const parameter = { name, in: place, description, required, allowEmptyValue };
  const said = Object.entries(parameter).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(said), schema: toSchema(schema === undefined ? type : recordOf(schema)) };
}

function toRequestBody({ schema, description, required }: Json, consumes: readonly string[]): Json {
  return {
    ...(description === undefined ? {} : { description }),
    ...(required === undefined ? {} : { required }),
    content: contentOf(schema, consumes),
  };
}

function toResponse({ $ref, schema, headers: _, examples: __, ...rest }: Json, produces: readonly string[]): Json {
  if (typeof $ref === "string") return { $ref: moved($ref) };
  return schema === undefined ? rest : { ...rest, content: contentOf(schema, produces) };
}

/** How version 3 calls the ways of OAuth. */
const flows: Readonly<Record<string, string>> = {
  implicit: "implicit",
  password: "password",
  application: "clientCredentials",
  accessCode: "authorizationCode",
};

function toSecurityScheme({ flow, authorizationUrl, tokenUrl, scopes, ...scheme }: Json): Json {
  if (scheme.type === "basic") return { ...scheme, type: "http", scheme: "basic" };
  const name = getOwn(flows, String(flow));
  return name === undefined ? scheme : { ...scheme, flows: { [name]: { authorizationUrl, tokenUrl, scopes } } };
}

/** The same schema in each media type. */
function contentOf(schema: unknown, types: readonly string[]): Json {
  const converted = toSchema(recordOf(schema));
  return Object.fromEntries(types.map((type) => [type, { schema: converted }]));
}

/** In version 3 nothing may stand beside a reference. */
function toSchema(schema: Json): Json {
  const parts = Object.fromEntries(Object.entries(schema).map(([keyword, value]) => [keyword, toPart(keyword, value)]));
  const { $ref, ...rest } = parts;
  if (typeof $ref !== "string") return parts;
  const reference = { $ref: moved($ref) };
  return Object.keys(rest).length === 0 ? reference : { ...rest, allOf: [reference] };
}

/** What a keyword of a schema holds, where that is made of schemas. */
function toPart(keyword: string, value: unknown): unknown {
  switch (keyword) {
    case "properties":
      return mapped(value, toSchema);
    case "items":
    case "allOf":
    case "additionalItems":
    case "additionalProperties":
      if (Array.isArray(value)) return value.map((part) => toSchema(recordOf(part)));
      return typeof value === "object" ? toSchema(recordOf(value)) : value;
    default:
      return value;
  }
}

function moved(reference: string): string {
  for (const [before, now] of Object.entries(sections))
    if (reference.startsWith(before)) return now + reference.slice(before.length);
  return reference;
}

function mapped(value: unknown, convert: (entry: Json) => Json): Record<string, Json> {
  return Object.fromEntries(Object.entries(recordOf(value)).map(([name, entry]) => [name, convert(recordOf(entry))]));
}

function listOf(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.map(recordOf) : [];
}

function recordOf(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}
