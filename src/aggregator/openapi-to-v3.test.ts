import assert from "node:assert/strict";
import { test } from "node:test";
import { specToV3 } from "./openapi-to-v3.ts";

const gvk = { "x-kubernetes-group-version-kind": [{ group: "g.example.com", kind: "Gadget", version: "v1" }] };

test("specToV3() moves definitions into components and points every reference there, alone where others stand beside it", () => {
  const { openapi, info, components } = specToV3({
    swagger: "2.0",
    info: { title: "Gadgets", version: "v1" },
    definitions: {
      Gadget: {
        type: "object",
        properties: {
          $ref: { type: "string" },
          spec: { description: "What is wanted.", default: {}, $ref: "#/definitions/Spec" },
          parts: { type: "array", items: { $ref: "#/definitions/a~1Part" } },
          byName: { type: "object", additionalProperties: { $ref: "#/definitions/Spec" } },
          free: { type: "object", additionalProperties: true },
        },
        ...gvk,
      },
      "a/Part": { allOf: [{ $ref: "#/definitions/Spec" }] },
      Spec: { type: "object" },
    },
  });
  assert.equal(openapi, "3.0.0");
  assert.deepEqual(info, { title: "Gadgets", version: "v1" });
  const spec = { $ref: "#/components/schemas/Spec" };
  assert.deepEqual(components, {
    schemas: {
      Gadget: {
        type: "object",
        properties: {
          $ref: { type: "string" },
          spec: { description: "What is wanted.", default: {}, allOf: [spec] },
          parts: { type: "array", items: { $ref: "#/components/schemas/a~1Part" } },
          byName: { type: "object", additionalProperties: spec },
          free: { type: "object", additionalProperties: true },
        },
        ...gvk,
      },
      "a/Part": { allOf: [spec] },
      Spec: { type: "object" },
    },
  });
});

test("specToV3() makes a body a request body, and gives bodies and answers their media types", () => {
  const body = { name: "body", in: "body", required: true, schema: { $ref: "#/definitions/Gadget" } };
  const force = { name: "force", in: "query", description: "Anyway.", type: "boolean", uniqueItems: true };
  const { paths, components } = specToV3({
    produces: ["application/json"],
    parameters: { pretty: { name: "pretty", in: "query", type: "string" } },
    paths: {
      "/apis/g.example.com/v1/gadgets": {
        parameters: [{ $ref: "#/parameters/pretty" }],
        post: {
          operationId: "createGadget",
          consumes: ["application/json", "application/yaml"],
          schemes: ["https"],
          parameters: [body, force],
          responses: {
            200: { description: "OK", schema: { $ref: "#/definitions/Gadget" }, headers: {} },
            401: { description: "Unauthorized" },
            default: { $ref: "#/responses/Failed" },
          },
          "x-kubernetes-action": "post",
        },
        "x-more": 1,
      },
    },
    responses: { Failed: { description: "It failed.", schema: { type: "string" } } },
  });
  const gadget = { schema: { $ref: "#/components/schemas/Gadget" } };
  assert.deepEqual(paths, {
    "/apis/g.example.com/v1/gadgets": {
      parameters: [{ $ref: "#/components/parameters/pretty" }],
      post: {
        operationId: "createGadget",
        parameters: [
          { name: "force", in: "query", description: "Anyway.", schema: { type: "boolean", uniqueItems: true } },
        ],
        requestBody: { required: true, content: { "application/json": gadget, "application/yaml": gadget } },
        responses: {
          200: { description: "OK", content: { "application/json": gadget } },
          401: { description: "Unauthorized" },
          default: { $ref: "#/components/responses/Failed" },
        },
        "x-kubernetes-action": "post",
      },
      "x-more": 1,
    },
  });
  assert.deepEqual(components, {
    schemas: {},
    parameters: { pretty: { name: "pretty", in: "query", schema: { type: "string" } } },
    responses: {
      Failed: { description: "It failed.", content: { "application/json": { schema: { type: "string" } } } },
    },
  });
});

test("specToV3() says how clients show who they are", () => {
  const { components } = specToV3({
    securityDefinitions: {
      BearerToken: { description: "A token.", type: "apiKey", name: "authorization", in: "header" },
      HTTPBasic: { type: "basic" },
      OAuth: { type: "oauth2", flow: "application", tokenUrl: "https://example.com/token", scopes: { all: "All." } },
      Odd: { type: "oauth2", flow: "constructor" },
    },
  });
  assert.deepEqual(JSON.parse(JSON.stringify(components)), {
    schemas: {},
    securitySchemes: {
      BearerToken: { description: "A token.", type: "apiKey", name: "authorization", in: "header" },
      HTTPBasic: { type: "http", scheme: "basic" },
      OAuth: {
        type: "oauth2",
        flows: { clientCredentials: { tokenUrl: "https://example.com/token", scopes: { all: "All." } } },
      },
      Odd: { type: "oauth2" },
    },
  });
});

test("specToV3() makes something valid of a document that is none", () => {
  assert.deepEqual(specToV3({ info: 1, paths: [1], definitions: { __proto__: null, A: 1 }, parameters: "x" }), {
    openapi: "3.0.0",
    info: { title: "", version: "" },
    paths: {},
    components: { schemas: { A: {} } },
  });
  const odd = specToV3(JSON.parse('{"definitions":{"__proto__":{"type":"string"}},"paths":{"/a":{"get":null}}}'));
  assert.deepEqual(Object.keys(odd.components.schemas), ["__proto__"]);
  assert.deepEqual(odd.paths, { "/a": { get: { responses: {} } } });
});
