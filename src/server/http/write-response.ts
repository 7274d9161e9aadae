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

async function writeChunks(stream: Writable, chunks: readonly Buffer[]): Promise<void> {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  for (const chunk of chunks) {
    if (pendingBytes + chunk.length > joinBytesMax && pendingBytes > 0) {
      if (!stream.write(joined(pending, pendingBytes)) && !(await drained(stream))) return;
      pending = [];
      pendingBytes = 0;
    }
    pending.push(chunk);
    pendingBytes += chunk.length;
  }
  stream.end(joined(pending, pendingBytes));
}

function joined(chunks: readonly Buffer[], sizeBytes: number): Buffer {
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks, sizeBytes);
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
