// A client of HTTP/2 that says what it is told to, right or wrong, frame by frame.

import { once } from "node:events";
import { connect, type TLSSocket } from "node:tls";
import { frameHeadBytes, frameTypes, preface, writeFrameHead } from "../../src/base/http2/protocol.ts";

export interface RawFrame {
  readonly type: number;
  readonly flag: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

export function frame(type: number, flag: number, streamId: number, payload: Buffer | readonly number[] = []): Buffer {
  const body = Buffer.from(payload);
  const head = Buffer.alloc(frameHeadBytes);
  writeFrameHead(head, 0, { sizeBytes: body.length, type, flag, streamId });
  return Buffer.concat([head, body]);
}

/** A number of 32 bits as a frame's payload. */
export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Headers as literals, which no table remembers. */
export function headerBlock(...fields: readonly (readonly [name: string, value: string])[]): Buffer {
  const text = (value: string) => {
    const bytes = Buffer.from(value, "latin1");
    const length = bytes.length < 127 ? [bytes.length] : [127, ...sevenBits(bytes.length - 127)];
    return Buffer.concat([Buffer.from(length), bytes]);
  };
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]));
}

function sevenBits(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...sevenBits(value >>> 7)];
}

export const requestHead = [
  [":method", "GET"],
  [":scheme", "https"],
  [":authority", "a"],
  [":path", "/"],
] as const;

export class RawHttp2 {
  readonly socket: TLSSocket;
  readonly frames: RawFrame[] = [];
  isClosed = false;
  #rest: Buffer = Buffer.alloc(0);
  #wake: () => void = () => {};

  private constructor(socket: TLSSocket) {
    this.socket = socket;
    socket.on("error", () => {});
    socket.on("close", () => {
      this.isClosed = true;
      this.#wake();
    });
    socket.on("data", (chunk: Buffer) => {
      this.#rest = Buffer.concat([this.#rest, chunk]);
      this.#cut();
      this.#wake();
    });
  }

  /** Connects and says nothing yet. */
  static async dial(port: number): Promise<RawHttp2> {
    const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false, ALPNProtocols: ["h2"] });
    await once(socket, "secureConnect");
    return new RawHttp2(socket);
  }

  /** Connects and begins as clients do. */
  static async open(port: number): Promise<RawHttp2> {
    const client = await RawHttp2.dial(port);
    client.send(preface, frame(frameTypes.settings, 0, 0));
    return client;
  }

  send(...frames: readonly Buffer[]): void {
    if (!this.isClosed) this.socket.write(Buffer.concat(frames));
  }

  /** The first frame that is as asked for; undefined where the connection ends without one. */
  async receive(isWanted: (frame: RawFrame) => boolean): Promise<RawFrame | undefined> {
    for (let seen = 0; ; ) {
      for (; seen < this.frames.length; seen++) {
        const frame = this.frames[seen];
        if (frame !== undefined && isWanted(frame)) return frame;
      }
      if (this.isClosed) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  close(): void {
    this.socket.destroy();
  }

  #cut(): void {
    while (this.#rest.length >= frameHeadBytes) {
      const end = frameHeadBytes + this.#rest.readUIntBE(0, 3);
      if (this.#rest.length < end) return;
      this.frames.push({
        type: this.#rest[3] ?? 0,
        flag: this.#rest[4] ?? 0,
        streamId: this.#rest.readUInt32BE(5),
        payload: this.#rest.subarray(frameHeadBytes, end),
      });
      this.#rest = this.#rest.subarray(end);
    }
  }
}
