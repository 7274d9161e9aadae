// Headers as they come: in one frame, or in one and those that continue it.

import type { IncomingFrame } from "./frame-reader.ts";
import { unpadded } from "./padding.ts";
import { ConnectionError, errorCodes, flags, frameBytesMax } from "./protocol.ts";

/** What a frame of headers may say of its stream's importance, which nobody listens to. */
const priorityBytes = 5;

/** All headers of a request or an answer, or of what follows its body. */
export interface HeaderBlock {
  readonly streamId: number;
  /** Whether the stream ends with them. */
  readonly hasEnd: boolean;
  readonly bytes: Buffer;
}

export class HeaderBlocks {
  readonly #bytesMax: number;
  /** Frames of 16 KiB in which headers of the largest size come, with some to spare. */
  readonly #partsMax: number;
  #parts: Buffer[] = [];
  #sizeBytes = 0;
  #streamId = 0;
  #hasEnd = false;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
    this.#partsMax = (2 * bytesMax) / frameBytesMax;
  }

  /** Whether a block has begun and is not whole: nothing else may come then. */
  get isOpen(): boolean {
    return this.#streamId !== 0;
  }

  /** Takes the first frame. Undefined where others follow. Throws a ConnectionError. */
  begin({ flag, streamId, payload }: IncomingFrame): HeaderBlock | undefined {
    let bytes = unpadded(flag, payload);
    if ((flag & flags.priority) !== 0) {
      if (bytes.length < priorityBytes) throw new ConnectionError(errorCodes.frameSizeError, "headers are too short");
      bytes = bytes.subarray(priorityBytes);
    }
    const hasEnd = (flag & flags.endStream) !== 0;
    if ((flag & flags.endHeaders) !== 0) return { streamId, hasEnd, bytes };
    this.#streamId = streamId;
    this.#hasEnd = hasEnd;
    this.#parts = [Buffer.from(bytes)];
    this.#sizeBytes = bytes.length;
    return undefined;
  }

  /** Takes one more frame. Undefined where others follow. Throws a ConnectionError. */
  continue({ flag, streamId, payload }: IncomingFrame): HeaderBlock | undefined {
    if (!this.isOpen || this.#streamId !== streamId)
      throw new ConnectionError(errorCodes.protocolError, "a continuation of nothing");
    this.#sizeBytes += payload.length;
    if (this.#sizeBytes > this.#bytesMax || this.#parts.length >= this.#partsMax)
      throw new ConnectionError(errorCodes.enhanceYourCalm, "headers go on for too long");
    this.#parts.push(Buffer.from(payload));
    if ((flag & flags.endHeaders) === 0) return undefined;
    const bytes = Buffer.concat(this.#parts, this.#sizeBytes);
    this.#parts = [];
    this.#streamId = 0;
    return { streamId, hasEnd: this.#hasEnd, bytes };
  }
}
