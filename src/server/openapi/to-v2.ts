// OpenAPI version 2 out of version 3's paths: parameters without schemas, bodies as parameters, media types in lists.

import type { JsonSchema } from "./json-schema.ts";
import type { Paths } from "./operations.ts";

export function pathsToV2(paths: Paths): Paths {
  return Object.fromEntries(
    Object.entries(paths).map(([path, item]) => [
      path,
      Object.fromEntries(
        Object.entries(item).map(([key, value]) => [
          key,
          key === "parameters" ? parametersOf(value) : operationOf(asRecord(value)),
        ]),
      ),
    ]),
  );
}

function asRecord(value: unknown): JsonSchema {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function parametersOf(value: unknown): JsonSchema[] {
  return Array.isArray(value) ? value.map(({ schema, ...parameter }) => ({ ...parameter, ...schema })) : [];
}

function operationOf({ parameters, requestBody, responses, ...operation }: JsonSchema): JsonSchema {
  const body = asRecord(requestBody);
  const consumes = Object.keys(asRecord(body.content));
  const [firstBody] = Object.values(asRecord(body.content));
  const bodyParameter =
    firstBody === undefined
      ? []
      : [
          {
            name: "body",
            in: "body",
            ...(body.required === true ? { required: true } : {}),
            schema: reference(asRecord(firstBody).schema),
          },
        ];
  const produced = new Set(
    Object.values(asRecord(responses)).flatMap((response) => Object.keys(asRecord(asRecord(response).content))),
  );
  return {
    consumes: consumes.length === 0 ? ["*/*"] : consumes,
    produces: [...produced],
    schemes: ["https"],
    ...operation,
    parameters: [...bodyParameter, ...parametersOf(parameters)],
    responses: Object.fromEntries(
      Object.entries(asRecord(responses)).map(([code, response]) => [code, responseOf(asRecord(response))]),
    ),
  };
}

function responseOf({ description, content }: JsonSchema): JsonSchema {
  const [first] = Object.values(asRecord(content));
  return { description, ...(first === undefined ? {} : { schema: reference(asRecord(first).schema) }) };
}

function reference(schema: unknown): JsonSchema {
  const { $ref } = asRecord(schema);
  return typeof $ref === "string" ? { $ref: $ref.replace("#/components/schemas/", "#/definitions/") } : {};
}

/** Version 3 refers to its schemas elsewhere, and lets nothing stand beside a reference. */
export function definitionsToV3(definitions: Readonly<Record<string, JsonSchema>>): JsonSchema {
  return asRecord(toV3(definitions));
}

function toV3(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toV3);
  if (typeof value !== "object" || value === null) return value;
  const { $ref, ...rest }: { $ref?: unknown } = value;
  if (typeof $ref !== "string")
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, toV3(member)]));
  const moved = { $ref: $ref.replace("#/definitions/", "#/components/schemas/") };
  return Object.keys(rest).length === 0 ? moved : { ...rest, allOf: [moved], default: {} };
}
