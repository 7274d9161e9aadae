// Protobuf for the meta types: what clients that ask for it get for Statuses, and what stands around objects and lists.
// Field numbers: https://github.com/kubernetes/apimachinery/blob/master/pkg/apis/meta/v1/generated.proto

import type { ListMeta } from "../object-meta.ts";
import type { Status, StatusDetails } from "../status-error.ts";
import { type BinaryWriter, newWriter, WireType } from "./wire.ts";

/** Every document begins with these four bytes, then a runtime.Unknown. */
const magic = Buffer.from("k8s\0", "latin1");

/** Wraps an encoded message with its type. */
export function envelope(apiVersion: string, kind: string, raw: Uint8Array): Buffer {
  const typeMeta = newWriter();
  text(typeMeta, 1, apiVersion);
  text(typeMeta, 2, kind);
  const unknown = newWriter();
  bytes(unknown, 1, typeMeta.finish());
  bytes(unknown, 2, raw);
  text(unknown, 3, "", true);
  text(unknown, 4, "", true);
  return Buffer.concat([magic, unknown.finish()]);
}

export function text(writer: BinaryWriter, field: number, value: string | undefined, isAlways = false): void {
  if (value !== undefined && (isAlways || value !== "")) writer.tag(field, WireType.LengthDelimited).string(value);
}

export function bytes(writer: BinaryWriter, field: number, value: Uint8Array): void {
  writer.tag(field, WireType.LengthDelimited).bytes(value);
}

function listMeta({ resourceVersion, continue: token, remainingItemCount }: ListMeta): Uint8Array {
  const writer = newWriter();
  text(writer, 1, "", true);
  text(writer, 2, resourceVersion ?? "", true);
  text(writer, 3, token ?? "", true);
  if (remainingItemCount !== undefined) writer.tag(4, WireType.Varint).int64(remainingItemCount);
  return writer.finish();
}

function statusDetails(details: StatusDetails): Uint8Array {
  const writer = newWriter();
  text(writer, 1, details.name ?? "", true);
  text(writer, 2, details.group ?? "", true);
  text(writer, 3, details.kind ?? "", true);
  for (const cause of details.causes ?? []) {
    const inner = newWriter();
    text(inner, 1, cause.reason ?? "", true);
    text(inner, 2, cause.message ?? "", true);
    text(inner, 3, cause.field ?? "", true);
    bytes(writer, 4, inner.finish());
  }
  writer.tag(5, WireType.Varint).int32(details.retryAfterSeconds ?? 0);
  text(writer, 6, details.uid ?? "", true);
  return writer.finish();
}

/** A Status as protobuf. */
export function encodeProtobufStatus(status: Status): Buffer {
  const writer = newWriter();
  bytes(writer, 1, listMeta(status.metadata));
  text(writer, 2, status.status, true);
  text(writer, 3, status.message ?? "", true);
  text(writer, 4, status.reason ?? "", true);
  if (status.details !== undefined) bytes(writer, 5, statusDetails(status.details));
  writer.tag(6, WireType.Varint).int32(status.code ?? 0);
  return envelope("v1", "Status", writer.finish());
}

/** A list of encoded items. */
export function encodeProtobufList(
  { apiVersion, kind, metadata }: { readonly apiVersion: string; readonly kind: string; readonly metadata: ListMeta },
  items: Iterable<Uint8Array>,
): Buffer {
  const writer = newWriter();
  bytes(writer, 1, listMeta(metadata));
  for (const item of items) bytes(writer, 2, item);
  return envelope(apiVersion, kind, writer.finish());
}
