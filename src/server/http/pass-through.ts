// Writes a stream that somebody else sends to us, as it comes: the way of everything that the aggregator proxies to clients of HTTP/1.1.

import type { Readable, Writable } from "node:stream";
import { stalledTimeoutMs } from "./limits.ts";

/** So much may wait for a client: a large answer then goes out in few writes. 1,000 slow clients hold 256 MiB. */
const waitingBytesMax = 256 * 1024;
/** Chunks are joined up to this size, one TLS record; larger ones go as they are, without a copy. */
const joinBytesMax = 16 * 1024;

/**
 * What comes in one turn of the loop goes out in one write, so that twenty small events of a watch cost about as much as one. Whoever is
 * slower sets the pace. Half an answer ends in a cut connection, never as a whole one. Resolves when everything was handed over or either
 * has gone.
 */
export function passThrough(source: Readable, target: Writable): Promise<void> {
  return new Promise((resolve) => {
    const joined = new Joined(target);
    let stalled: NodeJS.Timeout | undefined;
    source.on("data", (chunk: Buffer) => {
      joined.add(chunk);
      if (target.writableLength < waitingBytesMax || !target.writableNeedDrain || stalled !== undefined) return;
      source.pause();
      stalled = setTimeout(() => target.destroy(), stalledTimeoutMs);
    });
    target.on("drain", () => {
      clearTimeout(stalled);
      stalled = undefined;
      source.resume();
    });
    source.once("end", () => {
      joined.flush();
      target.end();
      resolve();
    });
    // The close event that follows tells.
    source.on("error", ignore);
    source.once("close", () => {
      if (!source.readableEnded) target.destroy(new Error("the source broke off"));
      resolve();
    });
    target.once("close", () => {
      clearTimeout(stalled);
      source.destroy();
      resolve();
    });
    if (target.destroyed) source.destroy();
  });
}

/** Small chunks wait for each other until the end of the turn. Not by `cork`, after which an HTTP/1.1 answer may never say that it has drained. */
class Joined {
  readonly #target: Writable;
  #chunks: Buffer[] = [];
  #sizeBytes = 0;
  #isScheduled = false;

  constructor(target: Writable) {
    this.#target = target;
  }

  add(chunk: Buffer): void {
    if (this.#sizeBytes + chunk.length > joinBytesMax) this.flush();
    if (chunk.length >= joinBytesMax) {
      this.#target.write(chunk);
      return;
    }
    this.#chunks.push(chunk);
    this.#sizeBytes += chunk.length;
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    // TLS hands over record by record, each with its own microtasks: an immediate waits for the last of them.
    setImmediate(() => {
      this.#isScheduled = false;
      this.flush();
    });
  }

  flush(): void {
    const [only] = this.#chunks;
    if (only === undefined) return;
    const bytes = this.#chunks.length === 1 ? only : Buffer.concat(this.#chunks, this.#sizeBytes);
    this.#chunks = [];
    this.#sizeBytes = 0;
    if (!this.#target.destroyed) this.#target.write(bytes);
  }
}

function ignore(): void {
  // An error is always followed by the end of its stream.
}
