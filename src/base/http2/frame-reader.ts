// Cuts what the other side sends into frames.

import { ConnectionError, errorCodes, frameBytesMax, frameHeadBytes, int31Max, preface } from "./protocol.ts";

export interface IncomingFrame {
  readonly type: number;
  readonly flag: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

export class FrameReader {
  readonly #onFrame: (frame: IncomingFrame) => void;
  /** What has come of a frame that is not whole yet. */
  #parts: Buffer[] = [];
  #partBytes = 0;
  #neededBytes: number;
  #hasPreface: boolean;

  /** What clients send begins with a preface; what servers send does not. */
  constructor(onFrame: (frame: IncomingFrame) => void, { isFromClient }: { readonly isFromClient: boolean }) {
    this.#onFrame = onFrame;
    this.#hasPreface = !isFromClient;
    this.#neededBytes = isFromClient ? preface.length : frameHeadBytes;
  }

  /** Takes what has come, and hands over all frames that are whole. Throws a ConnectionError, and what the frames' taker throws. */
  read(chunk: Buffer): void {
    this.#parts.push(chunk);
    this.#partBytes += chunk.length;
    // Many small parts are joined once, when there is enough of them.
    if (this.#partBytes < this.#neededBytes) return;
    const bytes = this.#parts.length === 1 ? chunk : Buffer.concat(this.#parts, this.#partBytes);
    const used = this.#readFrames(bytes);
    this.#parts = used === bytes.length ? [] : [bytes.subarray(used)];
    this.#partBytes = bytes.length - used;
  }

  /** Returns how many bytes the whole frames took. */
  #readFrames(bytes: Buffer): number {
    let at = 0;
    if (!this.#hasPreface) {
      if (!bytes.subarray(0, preface.length).equals(preface))
        throw new ConnectionError(errorCodes.protocolError, "this is not HTTP/2");
      this.#hasPreface = true;
      at = preface.length;
    }
    while (bytes.length - at >= frameHeadBytes) {
      const sizeBytes = bytes.readUIntBE(at, 3);
      if (sizeBytes > frameBytesMax) throw new ConnectionError(errorCodes.frameSizeError, "a frame is too large");
      const end = at + frameHeadBytes + sizeBytes;
      if (end > bytes.length) {
        this.#neededBytes = end - at;
        return at;
      }
      this.#onFrame({
        type: bytes[at + 3] ?? 0,
        flag: bytes[at + 4] ?? 0,
        streamId: bytes.readUInt32BE(at + 5) & int31Max,
        payload: bytes.subarray(at + frameHeadBytes, end),
      });
      at = end;
    }
    this.#neededBytes = frameHeadBytes;
    return at;
  }
}
