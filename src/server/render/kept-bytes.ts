// Bytes that many answers share, and their compressed form from the first client on that reads it.

import { type Deflated, deflate } from "./deflated.ts";

export class KeptBytes {
  readonly bytes: Buffer;
  #deflated: Deflated | Promise<Deflated> | undefined;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** Made once, for all that wait for it. */
  deflated(): Deflated | Promise<Deflated> {
    this.#deflated ??= this.#deflate();
    return this.#deflated;
  }

  async #deflate(): Promise<Deflated> {
    const deflated = await deflate(this.bytes);
    this.#deflated = deflated;
    return deflated;
  }
}

/** A part of an answer: made for it, or kept for many. */
export type Piece = Buffer | KeptBytes;

export function bytesOf(piece: Piece): Buffer {
  return piece instanceof KeptBytes ? piece.bytes : piece;
}
