// Writes an answer as fast as the client reads it, and no faster.

import { Readable, type Writable } from "node:stream";
import type { ResponseBody } from "../exchange.ts";
import { stalledTimeoutMs } from "./limits.ts";
import { passThrough } from "./pass-through.ts";

/** Writes a body and ends the stream. Resolves when everything was handed over or the client has gone. */
export async function writeBody(stream: Writable, body: ResponseBody): Promise<void> {
  if (body === undefined) {
    stream.end();
    return;
  }
  if (Buffer.isBuffer(body)) {
    stream.end(body);
    return;
  }
  if (isChunks(body)) return writeChunks(stream, body);
  if (body instanceof Readable) return passThrough(body, stream);
  await writeStream(stream, body);
}

function isChunks(body: readonly Buffer[] | AsyncIterable<Buffer>): body is readonly Buffer[] {
  return Array.isArray(body);
}

/** What can be said at once. */
export type ReadyBody = Exclude<ResponseBody, AsyncIterable<Buffer>>;

export function isReady(body: ResponseBody): body is ReadyBody {
  return body === undefined || Buffer.isBuffer(body) || Array.isArray(body);
}

/** Small chunks are joined up to this size, so that a list costs a few writes and a few copies: four TLS records. */
const joinBytesMax = 64 * 1024;
/** A chunk that fills a TLS record goes out as it is: copying it would cost more than a write, and the copy would lie there until a collection. */
const largeBytesMin = 16 * 1024;

async function writeChunks(stream: Writable, chunks: readonly Buffer[]): Promise<void> {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  for (const chunk of chunks) {
    const isLarge = chunk.length >= largeBytesMin;
    if (!isLarge && pendingBytes + chunk.length <= joinBytesMax) {
      pending.push(chunk);
      pendingBytes += chunk.length;
      continue;
    }
    const small = joined(pending, pendingBytes);
    const isReady = writeTogether(stream, isLarge ? [small, chunk] : [small]);
    pending = isLarge ? [] : [chunk];
    pendingBytes = isLarge ? 0 : chunk.length;
    if (!isReady && !(await drained(stream))) return;
  }
  stream.end(joined(pending, pendingBytes));
}

function joined(chunks: readonly Buffer[], sizeBytes: number): Buffer {
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks, sizeBytes);
}

/** Hands chunks over at once, uncopied. False where the client has to read before more is written. */
function writeTogether(stream: Writable, chunks: readonly Buffer[]): boolean {
  let isReady = true;
  stream.cork();
  for (const chunk of chunks) if (chunk.length > 0) isReady = stream.write(chunk);
  stream.uncork();
  return isReady;
}

async function writeStream(stream: Writable, body: AsyncIterable<Buffer>): Promise<void> {
  const chunks = body[Symbol.asyncIterator]();
  let isOpen = true;
  const stop = () => {
    isOpen = false;
    void chunks.return?.();
  };
  stream.once("close", stop);
  try {
    while (isOpen) {
      const { done, value } = await chunks.next();
      if (done === true || !isOpen) break;
      if (!stream.write(value)) await drained(stream);
    }
    if (isOpen) stream.end();
  } catch (error) {
    // Half an answer must not look like a whole one.
    stream.destroy(error instanceof Error ? error : new Error(String(error)));
  } finally {
    stream.off("close", stop);
  }
}

/** False where the client has gone, or reads nothing for so long that it might as well. */
function drained(stream: Writable): Promise<boolean> {
  if (stream.destroyed) return Promise.resolve(false);
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timeout);
      stream.off("drain", done);
      stream.off("close", done);
      resolve(!stream.destroyed);
    };
    const timeout = setTimeout(() => stream.destroy(), stalledTimeoutMs);
    stream.once("drain", done);
    stream.once("close", done);
  });
}
