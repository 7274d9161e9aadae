import assert from "node:assert/strict";
import { test } from "node:test";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { encodeProtobufV3 } from "./protobuf-v3.ts";

/** The value at a path of field numbers, the first of each; messages and texts are bytes. */
function at(bytes: Uint8Array, [field, ...rest]: readonly number[]): Uint8Array {
  if (field === undefined) return bytes;
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag();
    if (number === field && type === 2) return at(reader.bytes(), rest);
    reader.skip(type, number);
  }
  throw new Error(`no field ${field}`);
}

function textAt(bytes: Uint8Array, ...path: readonly number[]): string {
  return Buffer.from(at(bytes, path)).toString("utf8");
}

test("encodeProtobufV3() writes paths, operations and schemas under gnostic's field numbers", () => {
  const reference = { $ref: "#/components/schemas/Flunder" };
  const bytes = encodeProtobufV3({
    openapi: "3.0.0",
    info: { title: "Wardle", version: "0.1" },
    paths: {
      "/apis/x": {
        get: {
          operationId: "readFlunder",
          responses: { "200": { description: "OK", content: { "application/json": { schema: reference } } } },
          "x-kubernetes-action": "get",
        },
        parameters: [{ name: "pretty", in: "query", schema: { type: "string" } }],
      },
    },
    components: {
      schemas: {
        Flunder: { type: "object", properties: { spec: { allOf: [reference], default: {} } }, "x-a": { b: 1 } },
      },
    },
  });
  assert.equal(textAt(bytes, 1), "3.0.0");
  assert.equal(textAt(bytes, 2, 6), "0.1");
  const item = at(bytes, [4, 1, 2]);
  assert.equal(textAt(bytes, 4, 1, 1), "/apis/x");
  assert.equal(textAt(item, 4, 5), "readFlunder");
  assert.equal(textAt(item, 4, 8, 2, 1), "200");
  assert.equal(textAt(item, 4, 8, 2, 2, 1, 3, 1, 1), "application/json");
  assert.equal(textAt(item, 4, 8, 2, 2, 1, 3, 1, 2, 1, 2, 1), reference.$ref);
  assert.equal(textAt(item, 4, 13, 2, 2), "get\n");
  assert.equal(textAt(item, 13, 1, 10, 1, 25), "string");
  const schema = at(bytes, [5, 1, 1, 2, 1]);
  assert.equal(textAt(bytes, 5, 1, 1, 1), "Flunder");
  assert.equal(textAt(schema, 31, 1, 2, 1, 26, 2, 1), reference.$ref);
  assert.equal(textAt(schema, 36, 2, 2), "b: 1\n");
});
