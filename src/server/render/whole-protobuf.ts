// A whole object in protobuf, of a kind that has numbers for its fields.

import { encodeProtobufObject, formatApiVersion, type Kind, objectSchema, protobufEnvelope } from "../../api/door.ts";

/** As get and watch show it, with its type. `object` is in the shape of `version`. */
export function wholeProtobuf(kind: Kind, version: string, object: object): Buffer {
  const apiVersion = formatApiVersion({ group: kind.group, version });
  return protobufEnvelope(apiVersion, kind.kind, messageOf(kind, version, object));
}

/** As an item of a list. */
export function messageOf(kind: Kind, version: string, object: object): Uint8Array {
  const { root } = objectSchema(kind, version);
  return encodeProtobufObject(object, { root, name: kind.kind, numbers: kind.protobuf ?? {} });
}
