// The few messages of etcd's API that we speak, as functions between values and bytes. Numbers beside the fields are those of
// etcd's rpc.proto and kv.proto: https://etcd.io/docs/latest/dev-guide/api_reference_v3/

import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { copyValue } from "../copy-value.ts";
import type { KeyValue, StorageEvent, Write } from "../storage.ts";

export const methods = {
  range: "/etcdserverpb.KV/Range",
  txn: "/etcdserverpb.KV/Txn",
  compact: "/etcdserverpb.KV/Compact",
  watch: "/etcdserverpb.Watch/Watch",
  status: "/etcdserverpb.Maintenance/Status",
} as const;

export interface RangeRequest {
  readonly key: string;
  /** Missing where one key is read. */
  readonly end?: string;
  readonly limit?: number;
  readonly revision?: number;
  readonly keysOnly?: boolean;
  readonly countOnly?: boolean;
}

export interface RangeResponse {
  readonly entries: readonly EtcdKeyValue[];
  readonly more: boolean;
  readonly revision: number;
}

/** A key with etcd's count of its writes since it was created. */
export interface EtcdKeyValue extends KeyValue {
  readonly version: number;
}

export interface TxnResponse {
  readonly succeeded: boolean;
  readonly revision: number;
  /** The first entry of each range that was read, in order. */
  readonly reads: readonly (EtcdKeyValue | undefined)[];
}

export interface WatchResponse {
  readonly revision: number;
  readonly created: boolean;
  readonly canceled: boolean;
  readonly compactRevision: number;
  readonly cancelReason: string;
  /** Whether the next message goes on with the same events. */
  readonly fragment: boolean;
  readonly events: readonly StorageEvent[];
}

export function encodeRange({ key, end, limit, revision, keysOnly, countOnly }: RangeRequest): Uint8Array {
  const writer = bytesField(new BinaryWriter(), 1, key);
  if (end !== undefined) bytesField(writer, 2, end);
  if (limit !== undefined) intField(writer, 3, limit);
  if (revision !== undefined) intField(writer, 4, revision);
  if (keysOnly) intField(writer, 8, 1);
  if (countOnly) intField(writer, 9, 1);
  return writer.finish();
}

export function decodeRange(bytes: Buffer): RangeResponse {
  const entries: EtcdKeyValue[] = [];
  let more = false;
  let revision = 0;
  readFields(bytes, (field, reader) => {
    if (field === 1) revision = readHeader(reader);
    else if (field === 2) entries.push(readKeyValue(reader));
    else if (field === 3) more = reader.bool();
    else return false;
    return true;
  });
  return { entries, more, revision };
}

/** A transaction that applies the writes where each key has its expected revision, and reads the keys where one has not. */
export function encodeCommit(writes: readonly Write[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const { key, expected } of writes) {
    if (expected !== undefined) compareField(writer, { key, target: compareTargets.modRevision, value: expected });
  }
  for (const { key, value } of writes) {
    const operation = writer.tag(2, WireType.LengthDelimited).fork();
    operation.tag(value === undefined ? 3 : 2, WireType.LengthDelimited).fork();
    bytesField(operation, 1, key);
    if (value !== undefined) operation.tag(2, WireType.LengthDelimited).bytes(value);
    operation.join().join();
  }
  for (const { key } of writes) readField(writer, key);
  return writer.finish();
}

/** A transaction that puts the key where it was written so many times, and reads it where not. */
export function encodePutAtVersion(key: string, value: string, version: number): Uint8Array {
  const writer = new BinaryWriter();
  compareField(writer, { key, target: compareTargets.version, value: version });
  const put = writer.tag(2, WireType.LengthDelimited).fork().tag(2, WireType.LengthDelimited).fork();
  bytesField(put, 1, key);
  bytesField(put, 2, value).join().join();
  readField(writer, key);
  return writer.finish();
}

export function decodeTxn(bytes: Buffer): TxnResponse {
  const reads: (EtcdKeyValue | undefined)[] = [];
  let succeeded = false;
  let revision = 0;
  readFields(bytes, (field, reader) => {
    if (field === 1) revision = readHeader(reader);
    else if (field === 2) succeeded = reader.bool();
    else if (field === 3) reads.push(readResponseOfRange(reader));
    else return false;
    return true;
  });
  return { succeeded, revision, reads };
}

export function encodeCompact(revision: number): Uint8Array {
  return intField(new BinaryWriter(), 1, revision).finish();
}

/** Watches all keys from `key` up to `end`, from this revision on. Large batches come in fragments. */
export function encodeWatchCreate(key: string, end: string, startRevision: number): Uint8Array {
  const writer = new BinaryWriter();
  const create = writer.tag(1, WireType.LengthDelimited).fork();
  bytesField(create, 1, key);
  bytesField(create, 2, end);
  intField(create, 3, startRevision);
  intField(create, 8, 1);
  return create.join().finish();
}

export function encodeWatchProgress(): Uint8Array {
  return new BinaryWriter().tag(3, WireType.LengthDelimited).fork().join().finish();
}

export function decodeWatch(bytes: Buffer): WatchResponse {
  const events: StorageEvent[] = [];
  const response = {
    revision: 0,
    created: false,
    canceled: false,
    compactRevision: 0,
    cancelReason: "",
    fragment: false,
  };
  readFields(bytes, (field, reader) => {
    if (field === 1) response.revision = readHeader(reader);
    else if (field === 3) response.created = reader.bool();
    else if (field === 4) response.canceled = reader.bool();
    else if (field === 5) response.compactRevision = Number(reader.int64());
    else if (field === 6) response.cancelReason = reader.string();
    else if (field === 7) response.fragment = reader.bool();
    else if (field === 11) events.push(readEvent(reader));
    else return false;
    return true;
  });
  return { ...response, events };
}

/** The version of the server that a status names, such as "3.5.21". */
export function decodeStatusVersion(bytes: Buffer): string {
  let version = "";
  readFields(bytes, (field, reader) => {
    if (field !== 2) return false;
    version = reader.string();
    return true;
  });
  return version;
}

const compareTargets = { version: { target: 0, field: 4 }, modRevision: { target: 2, field: 6 } } as const;

interface Compare {
  readonly key: string;
  readonly target: (typeof compareTargets)[keyof typeof compareTargets];
  readonly value: number;
}

function compareField(writer: BinaryWriter, { key, target, value }: Compare): void {
  const compare = writer.tag(1, WireType.LengthDelimited).fork();
  intField(compare, 2, target.target); // Field 1 says how to compare; its default is "equal".
  bytesField(compare, 3, key);
  intField(compare, target.field, value).join();
}

function readField(writer: BinaryWriter, key: string): void {
  const range = writer.tag(3, WireType.LengthDelimited).fork().tag(1, WireType.LengthDelimited).fork();
  bytesField(range, 1, key).join().join();
}

function bytesField(writer: BinaryWriter, field: number, text: string): BinaryWriter {
  return writer.tag(field, WireType.LengthDelimited).string(text);
}

function intField(writer: BinaryWriter, field: number, value: number): BinaryWriter {
  return writer.tag(field, WireType.Varint).int64(value);
}

/** Calls `read` for each field; one that it does not take is skipped. */
function readFields(bytes: Uint8Array, read: (field: number, reader: BinaryReader) => boolean): void {
  readFieldsUntil(new BinaryReader(bytes), bytes.length, read);
}

/** Reads the message that the reader stands before. */
function readMessage(reader: BinaryReader, read: (field: number, reader: BinaryReader) => boolean): void {
  const length = reader.uint32();
  readFieldsUntil(reader, reader.pos + length, read);
}

function readFieldsUntil(
  reader: BinaryReader,
  end: number,
  read: (field: number, reader: BinaryReader) => boolean,
): void {
  while (reader.pos < end) {
    const [field, wireType] = reader.tag();
    if (!read(field, reader)) reader.skip(wireType);
  }
}

/** The revision of a response's header. */
function readHeader(reader: BinaryReader): number {
  let revision = 0;
  readMessage(reader, (field) => {
    if (field !== 3) return false;
    revision = Number(reader.int64());
    return true;
  });
  return revision;
}

function readKeyValue(reader: BinaryReader): EtcdKeyValue {
  let key = "";
  let value: Buffer = Buffer.alloc(0);
  let revision = 0;
  let version = 0;
  readMessage(reader, (field) => {
    if (field === 1) key = reader.string();
    else if (field === 3) revision = Number(reader.int64());
    else if (field === 4) version = Number(reader.int64());
    else if (field === 5) value = copyValue(reader.bytes());
    else return false;
    return true;
  });
  return { key, value, revision, version };
}

function readEvent(reader: BinaryReader): StorageEvent {
  let isDeletion = false;
  let entry: KeyValue | undefined;
  readMessage(reader, (field) => {
    if (field === 1) isDeletion = reader.int32() === 1;
    else if (field === 2) entry = readKeyValue(reader);
    else return false;
    return true;
  });
  const { key = "", value, revision = 0 } = entry ?? {};
  return { key, value: isDeletion ? undefined : value, revision };
}

function readResponseOfRange(reader: BinaryReader): EtcdKeyValue | undefined {
  let first: EtcdKeyValue | undefined;
  readMessage(reader, (field) => {
    if (field !== 1) return false;
    readMessage(reader, (inner) => {
      if (inner !== 2) return false;
      first ??= readKeyValue(reader);
      return true;
    });
    return true;
  });
  return first;
}
