// How the events of a watch stand in its stream: JSON a line each, or protobuf with lengths between.

import { encodeProtobufEvent, encodeProtobufStatus, type Status } from "../api/door.ts";

export interface WatchFraming {
  /** An event around an encoded object, given in pieces. */
  event(type: string, object: readonly Buffer[]): Buffer;
  /** The event that tells why a watch cannot go on. */
  error(status: Status): Buffer;
}

const closing = Buffer.from("}\n");

export const jsonFraming: WatchFraming = {
  event: (type, object) => Buffer.concat([Buffer.from(`{"type":"${type}","object":`), ...object, closing]),
  error: (status) => jsonFraming.event("ERROR", [Buffer.from(JSON.stringify(status))]),
};

export const protobufFraming: WatchFraming = {
  event: (type, object) => encodeProtobufEvent(type, Buffer.concat(object)),
  error: (status) => encodeProtobufEvent("ERROR", encodeProtobufStatus(status)),
};
