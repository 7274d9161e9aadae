import assert from "node:assert/strict";
import { test } from "node:test";
import type { ObjectNode } from "../schema/schema-node.ts";
import { compileSchema } from "../schema/schema-node.ts";
import { Type } from "../schema/type.ts";
import { encodeProtobufObject } from "./encode-protobuf-object.ts";
import { envelope } from "./protobuf.ts";
import { decodeProtobufObject } from "./protobuf-object.ts";

const inner = Type.Object({ name: Type.String(), port: Type.Integer() }, { $id: "Inner" });
const numbers = {
  Thing: {
    text: 1,
    flag: 2,
    count: 3,
    ratio: 4,
    when: 5,
    exactly: 6,
    target: 7,
    bytes: 8,
    inner: 9,
    list: 10,
    map: 11,
  },
  Inner: { name: 1, "inline:Embedded": 2 },
  Embedded: { port: 3 },
};
const root = rootOf(
  Type.Object({
    text: Type.String(),
    flag: Type.Boolean(),
    count: Type.Integer(),
    ratio: Type.Number(),
    when: Type.String({ format: "date-time" }),
    target: Type.Unsafe({ "x-kubernetes-int-or-string": true }),
    bytes: Type.String({ format: "byte" }),
    inner,
    list: Type.Array(inner),
    map: Type.Record(Type.String(), Type.Array(Type.String())),
    unnumbered: Type.String(),
  }),
);

function rootOf(schema: Parameters<typeof compileSchema>[0]): ObjectNode {
  const node = compileSchema(schema);
  assert.ok(node.type === "object");
  return node;
}

/** What a reader makes of the object that was written. */
function written(object: object): unknown {
  const message = encodeProtobufObject(object, { root, name: "Thing", numbers });
  const document = envelope("example.com/v1", "Thing", message);
  return decodeProtobufObject(document, { root, name: "Thing", numbers });
}

const typeMeta = { apiVersion: "example.com/v1", kind: "Thing" };

test("encodeProtobufObject() writes what decodeProtobufObject() reads, of every shape that a field may have", () => {
  const object = {
    text: "ü",
    flag: true,
    count: -3,
    ratio: 0.5,
    when: "2023-11-14T22:13:20Z",
    target: "web",
    bytes: "AAEC/w==",
    inner: { name: "a", port: 80 },
    list: [{ name: "b" }, { port: 81 }],
    map: { scopes: ["x", "y"], none: [] },
  };
  assert.deepEqual(written(object), { ...typeMeta, ...object });
});

test("encodeProtobufObject() tells nothing from empty, and a number from a text of digits", () => {
  const empty = { text: "", flag: false, count: 0, target: 0, bytes: "", inner: {} };
  assert.deepEqual(written(empty), { ...typeMeta, ...empty });
  assert.deepEqual(written({ target: "0" }), { ...typeMeta, target: "0" });
  assert.deepEqual(written({ text: null, when: null }), typeMeta);
});

test("encodeProtobufObject() leaves out what has no number, and keeps keys that are names of Object's own", () => {
  const map = JSON.parse('{"__proto__":["x"],"constructor":["y"]}');
  assert.deepEqual(written({ map, unnumbered: "x" }), { ...typeMeta, map });
});
