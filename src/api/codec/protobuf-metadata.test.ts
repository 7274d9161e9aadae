import assert from "node:assert/strict";
import { test } from "node:test";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import type { ObjectMeta } from "../object-meta.ts";
import { objectSchema } from "../schema/object-schema.ts";
import { flunder } from "../testing/kinds.ts";
import { encodeProtobufEvent, encodeProtobufMetadata, encodeProtobufMetadataList } from "./protobuf-metadata.ts";
import { decodeProtobufObject } from "./protobuf-object.ts";

const metadata: ObjectMeta = {
  name: "ü",
  namespace: "ns",
  uid: "5a1",
  resourceVersion: "12",
  generation: 3,
  creationTimestamp: "2026-11-23T17:00:00Z",
  deletionTimestamp: "2026-11-23T18:00:00Z",
  deletionGracePeriodSeconds: 0,
  labels: { a: "b", c: "" },
  annotations: { "example.com/x": "y" },
  ownerReferences: [{ apiVersion: "v1", kind: "K", name: "n", uid: "u", controller: true }],
  finalizers: ["example.com/f"],
  managedFields: [
    {
      manager: "m",
      operation: "Apply",
      apiVersion: "v1",
      time: "2026-11-23T17:00:00Z",
      fieldsType: "FieldsV1",
      fieldsV1: { "f:metadata": { "f:labels": { "f:a": {} } } },
    },
  ],
};

/** What Go's clients would read, without the texts that are empty. */
function read(bytes: Buffer): unknown {
  const { root } = objectSchema(flunder, "v1alpha1");
  const object = decodeProtobufObject(bytes, { root, name: "Partial", numbers: { Partial: { metadata: 1 } } });
  return JSON.parse(JSON.stringify(object), (_, value: unknown) => (value === "" ? undefined : value));
}

test("encodeProtobufMetadata() writes all metadata", () => {
  const bytes = encodeProtobufMetadata("meta.k8s.io/v1", metadata);
  assert.deepEqual(read(bytes), {
    kind: "PartialObjectMetadata",
    apiVersion: "meta.k8s.io/v1",
    metadata: { ...metadata, labels: { a: "b" } },
  });
});

test("encodeProtobufMetadataList() writes each item and the list's own metadata", () => {
  const bytes = encodeProtobufMetadataList("meta.k8s.io/v1", { resourceVersion: "7" }, [{ name: "a" }, { name: "b" }]);
  const text = bytes.toString("latin1");
  assert.ok(text.startsWith("k8s\0"));
  for (const part of ["PartialObjectMetadataList", "\x12\x017", "\n\x01a", "\n\x01b"])
    assert.ok(text.includes(part), part);
});

test("encodeProtobufEvent() puts the length before the event, and the object into it", () => {
  const bytes = encodeProtobufEvent("ADDED", Buffer.from("object"));
  assert.equal(bytes.readUInt32BE(), bytes.length - 4);
  const reader = new BinaryReader(bytes.subarray(4));
  assert.equal(reader.tag()[0], 1);
  assert.equal(reader.string(), "ADDED");
  assert.equal(reader.tag()[0], 2);
  const raw = new BinaryReader(reader.bytes());
  assert.equal(raw.tag()[0], 1);
  assert.equal(Buffer.from(raw.bytes()).toString(), "object");
});
