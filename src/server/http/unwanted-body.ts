// The rest of a request's body that nobody wants.

import type { Readable } from "node:stream";
import { unwantedBodyBytesMax, unwantedBodySilenceMs, unwantedBodyTimeoutMs } from "./limits.ts";

/**
 * Reads on and throws away, since a client that still writes when its connection ends does not see its answer. Resolves at the body's end, and
 * for bodies that do not end once there was enough of them.
 */
export function discardBody(body: Readable): Promise<void> {
  return new Promise((resolve) => {
    let sizeBytes = 0;
    const done = () => {
      clearTimeout(timeout);
      clearTimeout(silence);
      body.off("data", count).off("end", done).off("close", done).off("error", done);
      body.pause();
      resolve();
    };
    const count = (chunk: Buffer) => {
      sizeBytes += chunk.length;
      silence.refresh();
      if (sizeBytes > unwantedBodyBytesMax) done();
    };
    const silence = setTimeout(done, unwantedBodySilenceMs);
    const timeout = setTimeout(done, unwantedBodyTimeoutMs);
    if (body.readableEnded || body.destroyed) done();
    else body.on("data", count).on("end", done).on("close", done).on("error", done).resume();
  });
}
