// A request's body as a stream that can be piped.

import { Readable } from "node:stream";

/** The body itself where it is a stream already, as over a network it is. */
export function bodyStream(body: AsyncIterable<Buffer>): Readable {
  return body instanceof Readable ? body : Readable.from(body, { objectMode: false });
}
