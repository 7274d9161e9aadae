// Protobuf as the body of a request: no kind is declared as a protobuf message, so that the most that can be said is what is wrong with it.
// https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding

/** A body that is no protobuf message of Kubernetes, or of a kind that has no such form. */
export class ProtobufError extends Error {
  override readonly name = "ProtobufError";
}

/** Every protobuf document of Kubernetes begins with `k8s` and a zero byte. */
const magic = Buffer.from([0x6b, 0x38, 0x73, 0x00]);

/** The document behind those bytes. Throws a ProtobufError. */
export function withoutMagic(bytes: Buffer): Buffer {
  if (bytes.subarray(0, magic.length).equals(magic)) return bytes.subarray(magic.length);
  throw new ProtobufError(
    `provided data does not appear to be a protobuf message, expected prefix [${[...magic].join(" ")}]`,
  );
}

/** Throws a ProtobufError that says why the body cannot be read. */
export function refuseProtobuf(bytes: Buffer): never {
  if (bytes.length === 0) throw new ProtobufError("empty data");
  const document = withoutMagic(bytes);
  if (document.length === 0) throw new ProtobufError("empty body");
  skipFields(document);
  throw new ProtobufError("the object cannot be read as a protobuf message, as its kind has no such form");
}

/** Steps over the fields of a message. Throws where it is cut short. */
function skipFields(bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) {
    const tag = readVarint(bytes, at);
    at = skipField(bytes, tag.end, tag.value & 7);
    if (at > bytes.length) throw new ProtobufError("unexpected EOF");
  }
}

function skipField(bytes: Buffer, at: number, wireType: number): number {
  switch (wireType) {
    case 0:
      return readVarint(bytes, at).end;
    case 1:
      return at + 8;
    case 2: {
      const length = readVarint(bytes, at);
      return length.end + length.value;
    }
    case 5:
      return at + 4;
    default:
      throw new ProtobufError(`proto: illegal wireType ${wireType}`);
  }
}

function readVarint(bytes: Buffer, start: number): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let at = start, factor = 1; ; at++, factor *= 128) {
    const byte = bytes[at];
    if (byte === undefined) throw new ProtobufError("unexpected EOF");
    if (at - start >= 10) throw new ProtobufError("proto: integer overflow");
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return { value, end: at + 1 };
  }
}
