// Writes a stream that somebody else sends to us, as it comes: the way of everything that the aggregator proxies.

import type { Readable, Writable } from "node:stream";
import { stalledTimeoutMs } from "./limits.ts";

/**
 * What comes in one turn goes out in one write, so that twenty small events of a watch cost about as much as one. Whoever is slower sets
 * the pace. Half an answer ends in a cut connection, never as a whole one. Resolves when everything was handed over or either has gone.
 */
export function passThrough(source: Readable, target: Writable): Promise<void> {
  return new Promise((resolve) => {
    let isCorked = false;
    let stalled: NodeJS.Timeout | undefined;
    const uncork = () => {
      isCorked = false;
      target.uncork();
    };
    const wait = () => {
      source.pause();
      stalled = setTimeout(() => target.destroy(), stalledTimeoutMs);
    };
    source.on("data", (chunk: Buffer) => {
      if (!isCorked) {
        isCorked = true;
        target.cork();
        setImmediate(uncork);
      }
      if (!target.write(chunk) && stalled === undefined) wait();
    });
    target.on("drain", () => {
      clearTimeout(stalled);
      stalled = undefined;
      source.resume();
    });
    source.once("end", () => {
      target.end();
      resolve();
    });
    // The close event that follows tells.
    source.on("error", ignore);
    source.once("close", () => {
      // With an error, since HTTP/2 would otherwise end the stream in peace.
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

function ignore(): void {
  // An error is always followed by the end of its stream.
}
