// Protobuf's wire format, from a library that is loaded by the first client who asks for protobuf.
// https://protobuf.dev/programming-guides/encoding/

import type { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";
import { lazily } from "../../base/lazily.ts";

export type { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";

const library = lazily<typeof import("@bufbuild/protobuf/wire")>("@bufbuild/protobuf/wire");

/** How a field's value is laid out. */
export const WireType = { Varint: 0, Bit64: 1, LengthDelimited: 2, StartGroup: 3, EndGroup: 4, Bit32: 5 } as const;
export type WireType = (typeof WireType)[keyof typeof WireType];

export function newWriter(): BinaryWriter {
  const { BinaryWriter } = library();
  return new BinaryWriter();
}

export function newReader(bytes: Uint8Array): BinaryReader {
  const { BinaryReader } = library();
  return new BinaryReader(bytes);
}
