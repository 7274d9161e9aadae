// Metadata alone as protobuf: how Go's metadata clients, the garbage collector among them, read and watch objects of any kind.
// Field numbers: https://github.com/kubernetes/apimachinery/blob/master/pkg/apis/meta/v1/generated.proto

import type { ListMeta, ManagedFieldsEntry, ObjectMeta, OwnerReference } from "../object-meta.ts";
import { bytes, encodeProtobufList, envelope, text } from "./protobuf.ts";
import { type BinaryWriter, newWriter, WireType } from "./wire.ts";

/** A PartialObjectMetadata. `apiVersion` is `meta.k8s.io/v1` or `meta.k8s.io/v1beta1`. */
export function encodeProtobufMetadata(apiVersion: string, metadata: ObjectMeta): Buffer {
  return envelope(apiVersion, "PartialObjectMetadata", partialMetadata(metadata));
}

/** A PartialObjectMetadataList. */
export function encodeProtobufMetadataList(apiVersion: string, meta: ListMeta, items: Iterable<ObjectMeta>): Buffer {
  const list = { apiVersion, kind: "PartialObjectMetadataList", metadata: meta };
  return encodeProtobufList(list, Iterator.from(items).map(partialMetadata));
}

/** An event of a watch around an encoded object, with its length before it, as streams of protobuf have it. */
export function encodeProtobufEvent(type: string, object: Uint8Array): Buffer {
  const raw = newWriter();
  bytes(raw, 1, object);
  const event = newWriter();
  text(event, 1, type);
  bytes(event, 2, raw.finish());
  const message = event.finish();
  const length = Buffer.alloc(4);
  length.writeUInt32BE(message.length);
  return Buffer.concat([length, message]);
}

function partialMetadata(metadata: ObjectMeta): Uint8Array {
  const writer = newWriter();
  bytes(writer, 1, objectMeta(metadata));
  return writer.finish();
}

/** Texts that are always there in Go's type are written when they are empty, too. */
function objectMeta(meta: ObjectMeta): Uint8Array {
  const writer = newWriter();
  text(writer, 1, meta.name ?? "", true);
  text(writer, 2, meta.generateName ?? "", true);
  text(writer, 3, meta.namespace ?? "", true);
  text(writer, 4, meta.selfLink ?? "", true);
  text(writer, 5, meta.uid ?? "", true);
  text(writer, 6, meta.resourceVersion ?? "", true);
  writer.tag(7, WireType.Varint).int64(String(meta.generation ?? 0));
  time(writer, 8, meta.creationTimestamp ?? "");
  if (meta.deletionTimestamp !== undefined) time(writer, 9, meta.deletionTimestamp);
  if (meta.deletionGracePeriodSeconds !== undefined)
    writer.tag(10, WireType.Varint).int64(String(meta.deletionGracePeriodSeconds));
  texts(writer, 11, meta.labels);
  texts(writer, 12, meta.annotations);
  for (const owner of meta.ownerReferences ?? []) bytes(writer, 13, ownerReference(owner));
  for (const finalizer of meta.finalizers ?? []) text(writer, 14, finalizer, true);
  for (const entry of meta.managedFields ?? []) bytes(writer, 17, managedFieldsEntry(entry));
  return writer.finish();
}

/** No time, as of what was never created, is an empty message. */
function time(writer: BinaryWriter, field: number, value: string): void {
  const inner = newWriter();
  const seconds = Date.parse(value) / 1000;
  if (!Number.isNaN(seconds)) inner.tag(1, WireType.Varint).int64(Math.floor(seconds)).tag(2, WireType.Varint).int32(0);
  bytes(writer, field, inner.finish());
}

function texts(writer: BinaryWriter, field: number, values: Readonly<Record<string, string>> = {}): void {
  for (const [key, value] of Object.entries(values)) {
    const pair = newWriter();
    text(pair, 1, key, true);
    text(pair, 2, value, true);
    bytes(writer, field, pair.finish());
  }
}

function ownerReference({ kind, name, uid, apiVersion, controller, blockOwnerDeletion }: OwnerReference): Uint8Array {
  const writer = newWriter();
  text(writer, 1, kind, true);
  text(writer, 3, name, true);
  text(writer, 4, uid, true);
  text(writer, 5, apiVersion, true);
  if (controller !== undefined) writer.tag(6, WireType.Varint).bool(controller);
  if (blockOwnerDeletion !== undefined) writer.tag(7, WireType.Varint).bool(blockOwnerDeletion);
  return writer.finish();
}

function managedFieldsEntry(entry: ManagedFieldsEntry): Uint8Array {
  const writer = newWriter();
  text(writer, 1, entry.manager ?? "", true);
  text(writer, 2, entry.operation ?? "", true);
  text(writer, 3, entry.apiVersion ?? "", true);
  if (entry.time !== undefined) time(writer, 4, entry.time);
  text(writer, 6, entry.fieldsType ?? "", true);
  if (entry.fieldsV1 !== undefined) {
    const fields = newWriter();
    text(fields, 1, JSON.stringify(entry.fieldsV1));
    bytes(writer, 7, fields.finish());
  }
  text(writer, 8, entry.subresource ?? "", true);
  return writer.finish();
}
