// WebSocket frames: what a server sends, and as much of a client's as a watch has to hear.
// https://datatracker.ietf.org/doc/html/rfc6455#section-5.2

const opcodes = { text: 0x1, close: 0x8, ping: 0x9, pong: 0xa } as const;

/** One message in one frame. */
export function textFrame(payload: Buffer): Buffer {
  return frame(opcodes.text, payload);
}

export function pongFrame(payload: Buffer): Buffer {
  return frame(opcodes.pong, payload);
}

export function closeFrame(code: number): Buffer {
  const payload = Buffer.alloc(2);
  payload.writeUInt16BE(code);
  return frame(opcodes.close, payload);
}

/** Frames of a server are not masked. */
function frame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  const headBytes = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const bytes = Buffer.allocUnsafe(headBytes + length);
  bytes[0] = 0x80 | opcode;
  bytes[1] = length < 126 ? length : length < 65_536 ? 126 : 127;
  if (headBytes === 4) bytes.writeUInt16BE(length, 2);
  if (headBytes === 10) bytes.writeBigUInt64BE(BigInt(length), 2);
  payload.copy(bytes, headBytes);
  return bytes;
}

/** Control frames are never longer. */
const controlBytesMax = 125;

interface FrameListener {
  ping(payload: Buffer): void;
  close(): void;
}

/** Reads a client's frames as they come. Keeps at most one control frame; the payload of others is dropped unread. */
export class FrameReader {
  readonly #listener: FrameListener;
  #pending: Buffer = Buffer.alloc(0);
  /** Bytes of a payload that nobody wants. */
  #skip = 0;

  constructor(listener: FrameListener) {
    this.#listener = listener;
  }

  /** False for bytes that are no frames of a client. */
  read(data: Buffer): boolean {
    let bytes = this.#pending.length === 0 ? data : Buffer.concat([this.#pending, data]);
    for (;;) {
      const skipped = Math.min(this.#skip, bytes.length);
      this.#skip -= skipped;
      bytes = bytes.subarray(skipped);
      const head = headOf(bytes);
      if (head === "incomplete") break;
      if (!head.isMasked || (head.isControl && head.length > controlBytesMax)) return false;
      if (!head.isControl) {
        bytes = bytes.subarray(head.headBytes);
        this.#skip = head.length;
        continue;
      }
      const end = head.headBytes + head.length;
      if (bytes.length < end) break;
      this.#hear(head.opcode, unmasked(bytes.subarray(head.headBytes - 4, end)));
      bytes = bytes.subarray(end);
    }
    this.#pending = Buffer.from(bytes);
    return true;
  }

  #hear(opcode: number, payload: Buffer): void {
    if (opcode === opcodes.ping) this.#listener.ping(payload);
    if (opcode === opcodes.close) this.#listener.close();
  }
}

interface FrameHead {
  readonly opcode: number;
  readonly isControl: boolean;
  readonly isMasked: boolean;
  readonly length: number;
  readonly headBytes: number;
}

function headOf(bytes: Buffer): FrameHead | "incomplete" {
  const [first, second] = bytes;
  if (first === undefined || second === undefined) return "incomplete";
  const short = second & 0x7f;
  const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
  const isMasked = (second & 0x80) !== 0;
  const headBytes = 2 + lengthBytes + (isMasked ? 4 : 0);
  if (bytes.length < headBytes) return "incomplete";
  const length =
    lengthBytes === 0 ? short : lengthBytes === 2 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  return { opcode: first & 0x0f, isControl: (first & 0x08) !== 0, isMasked, length, headBytes };
}

/** The payload behind its four bytes of mask. */
function unmasked(masked: Buffer): Buffer {
  const payload = Buffer.allocUnsafe(masked.length - 4);
  for (let at = 0; at < payload.length; at++) payload[at] = (masked[at + 4] ?? 0) ^ (masked[at % 4] ?? 0);
  return payload;
}
