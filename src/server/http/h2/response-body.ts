// The body of an answer that comes bit by bit, for who writes to Node's streams.

import { Writable } from "node:stream";

export interface BodySink {
  /** Calls back when everything has gone. */
  write(chunks: readonly Buffer[], onTaken: () => void): void;
  end(onTaken: () => void): void;
  /** Half an answer must not look like a whole one. */
  breakOff(): void;
}

export class ResponseBody extends Writable {
  readonly #sink: BodySink;

  constructor(sink: BodySink) {
    super();
    this.#sink = sink;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#sink.write([chunk], done);
  }

  override _writev(chunks: readonly { readonly chunk: Buffer }[], done: () => void): void {
    this.#sink.write(
      chunks.map(({ chunk }) => chunk),
      done,
    );
  }

  override _final(done: () => void): void {
    this.#sink.end(done);
  }

  override _destroy(_error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.writableFinished) this.#sink.breakOff();
    done();
  }
}
