// OpenAPI version 2 out of version 3's paths: parameters without schemas, bodies as parameters, media types in lists.

import { recordOf } from "../../base/record.ts";
import type { JsonSchema } from "./json-schema.ts";
import type { Paths } from "./operations.ts";

export function pathsToV2(paths: Paths): Paths {
  return Object.fromEntries(
    Object.entries(paths).map(([path, item]) => [
      path,
      Object.fromEntries(
        Object.entries(item).map(([key, value]) => [
          key,
          key === "parameters" ? parametersOf(value) : operationOf(recordOf(value)),
        ]),
      ),
    ]),
  );
}

function parametersOf(value: unknown): JsonSchema[] {
  return Array.isArray(value) ? value.map(({ schema, ...parameter }) => ({ ...parameter, ...schema })) : [];
}

function operationOf({ parameters, requestBody, responses, ...operation }: JsonSchema): JsonSchema {
  const body = recordOf(requestBody);
  const consumes = Object.keys(recordOf(body.content));
  const [firstBody] = Object.values(recordOf(body.content));
  const bodyParameter =
    firstBody === undefined
      ? []
      : [
          {
            name: "body",
            in: "body",
            ...(body.required === true ? { required: true } : {}),
            schema: reference(recordOf(firstBody).schema),
          },
        ];
  const produced = new Set(
    Object.values(recordOf(responses)).flatMap((response) => Object.keys(recordOf(recordOf(response).content))),
  );
  return {
    consumes: consumes.length === 0 ? ["*/*"] : consumes,
    produces: [...produced],
    schemes: ["https"],
    ...operation,
    parameters: [...bodyParameter, ...parametersOf(parameters)],
    responses: Object.fromEntries(
      Object.entries(recordOf(responses)).map(([code, response]) => [code, responseOf(recordOf(response))]),
    ),
  };
}

function responseOf({ description, content }: JsonSchema): JsonSchema {
  const [first] = Object.values(recordOf(content));
  return { description, ...(first === undefined ? {} : { schema: reference(recordOf(first).schema) }) };
}

function reference(schema: unknown): JsonSchema {
  const { $ref } = recordOf(schema);
  return typeof $ref === "string" ? { $ref: $ref.replace("#/components/schemas/", "#/definitions/") } : {};
}
