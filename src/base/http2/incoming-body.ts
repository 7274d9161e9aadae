// A body on its way to us, which the other side sends no faster than it is read.

import { Readable } from "node:stream";

/** Room is given back in pieces of this size, at most a quarter of a window, so that few frames say it. */
const creditBytesMin = 64 * 1024;

export class IncomingBody extends Readable {
  /** Tells the other side that so much more is welcome. */
  readonly #onRead: (sizeBytes: number) => void;
  readonly #contentLength: number | undefined;
  #creditBytes = 0;
  #arrivedBytes = 0;
  #isWhole = false;

  constructor(contentLength: number | undefined, onRead: (sizeBytes: number) => void) {
    super();
    this.#contentLength = contentLength;
    this.#onRead = onRead;
  }

  /** What has arrived and was not read yet, padding included: the other side's window is smaller by that. */
  get unreadBytes(): number {
    return this.#creditBytes;
  }

  /** Whether all of it has arrived, read or not. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** Takes data, which had `paddedBytes` on the wire. False where it is more than was said. */
  arrive(data: Buffer, paddedBytes: number): boolean {
    this.#arrivedBytes += data.length;
    if (this.#contentLength !== undefined && this.#arrivedBytes > this.#contentLength) return false;
    this.#creditBytes += paddedBytes;
    if (data.length > 0 && !this.destroyed) this.push(data);
    return true;
  }

  /** Nothing more comes. False where it is less than was said. */
  end(): boolean {
    if (this.#contentLength !== undefined && this.#arrivedBytes !== this.#contentLength) return false;
    this.#isWhole = true;
    this.push(null);
    return true;
  }

  override _read(): void {
    if (this.#creditBytes < creditBytesMin) return;
    this.#onRead(this.#creditBytes);
    this.#creditBytes = 0;
  }
}
