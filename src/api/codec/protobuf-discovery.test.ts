import assert from "node:assert/strict";
import { test } from "node:test";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { encodeProtobufDiscovery } from "./protobuf-discovery.ts";

/** All values at a path of field numbers. */
function at(bytes: Uint8Array, [field, ...rest]: readonly number[]): Uint8Array[] {
  if (field === undefined) return [bytes];
  const found: Uint8Array[] = [];
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag();
    if (number === field && type === 2) found.push(...at(reader.bytes(), rest));
    else reader.skip(type, number);
  }
  return found;
}

function textsAt(document: object, ...path: readonly number[]): string[] {
  const encoded = encodeProtobufDiscovery(document);
  assert.ok(encoded !== undefined);
  assert.equal(encoded.subarray(0, 4).toString(), "k8s\0");
  return at(encoded.subarray(4), path).map((bytes) => Buffer.from(bytes).toString());
}

const verbs = ["get", "list"];

test("encodeProtobufDiscovery() writes a list of resources", () => {
  const resource = { name: "flunders", singularName: "flunder", namespaced: true, kind: "Flunder", verbs };
  const list = { kind: "APIResourceList", apiVersion: "v1", groupVersion: "g/v1", resources: [resource] };
  assert.deepEqual(textsAt(list, 1, 1), ["v1"]);
  assert.deepEqual(textsAt(list, 1, 2), ["APIResourceList"]);
  assert.deepEqual(textsAt(list, 2, 1), ["g/v1"]);
  assert.deepEqual(textsAt(list, 2, 2, 1), ["flunders"]);
  assert.deepEqual(textsAt(list, 2, 2, 4, 1), verbs);
  assert.deepEqual(textsAt(list, 2, 2, 6), ["flunder"]);
});

test("encodeProtobufDiscovery() writes groups", () => {
  const version = { groupVersion: "g/v1", version: "v1" };
  const list = { kind: "APIGroupList", groups: [{ name: "g", versions: [version], preferredVersion: version }] };
  assert.deepEqual(textsAt(list, 2, 1, 1), ["g"]);
  assert.deepEqual(textsAt(list, 2, 1, 2, 1), ["g/v1"]);
  assert.deepEqual(textsAt(list, 2, 1, 3, 2), ["v1"]);
});

test("encodeProtobufDiscovery() writes aggregated discovery", () => {
  const responseKind = { group: "", version: "", kind: "Flunder" };
  const subresources = [{ subresource: "status", responseKind, verbs }];
  const resources = [
    { resource: "flunders", responseKind, scope: "Namespaced", singularResource: "flunder", verbs, subresources },
  ];
  const items = [{ metadata: { name: "g" }, versions: [{ version: "v1", resources, freshness: "Current" }] }];
  const list = { kind: "APIGroupDiscoveryList", apiVersion: "apidiscovery.k8s.io/v2", metadata: {}, items };
  assert.deepEqual(textsAt(list, 2, 2, 1, 1), ["g"]);
  assert.deepEqual(textsAt(list, 2, 2, 2, 3), ["Current"]);
  assert.deepEqual(textsAt(list, 2, 2, 2, 2, 2, 3), ["Flunder"]);
  assert.deepEqual(textsAt(list, 2, 2, 2, 2, 5), verbs);
  assert.deepEqual(textsAt(list, 2, 2, 2, 2, 8, 1), ["status"]);
});

test("encodeProtobufDiscovery() knows no other kinds", () => {
  assert.equal(encodeProtobufDiscovery({ kind: "Flunder" }), undefined);
  assert.equal(encodeProtobufDiscovery({ kind: "constructor" }), undefined);
});
