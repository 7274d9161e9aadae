// Reads the head of an HTTP/1.1 answer from a bare connection.

import type { Duplex } from "node:stream";

export interface ResponseHead {
  readonly status: number;
  /** Names are lower case. */
  readonly headers: Record<string, string | readonly string[]>;
  /** Undefined where the body ends with the connection. */
  readonly bodyBytes: number | undefined;
}

interface ReadOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** As Go's client has it: 1 MiB of headers. */
const headBytesMax = 1024 * 1024;

/** Rejects where the connection ends, says nothing in time, or what comes is no HTTP. What came after the head is `rest`. */
export function readResponseHead(
  socket: Duplex,
  { timeoutMs, signal }: ReadOptions,
): Promise<{ readonly head: ResponseHead; readonly rest: Buffer }> {
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    const settled = () => {
      clearTimeout(timeout);
      socket.off("data", read).off("close", closed).off("error", fail);
      signal.removeEventListener("abort", abort);
    };
    const fail = (error: Error) => {
      settled();
      reject(error);
    };
    const closed = () => fail(new Error("EOF"));
    const abort = () => fail(new Error("the request was given up"));
    const timeout = setTimeout(() => fail(new Error("timeout awaiting response headers")), timeoutMs);
    const read = (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      const end = received.indexOf("\r\n\r\n");
      if (end < 0 && received.length <= headBytesMax) return;
      socket.pause();
      const head = end < 0 ? undefined : parseHead(received.subarray(0, end).toString("latin1"));
      if (head === undefined) return fail(new Error("malformed HTTP response"));
      settled();
      resolve({ head, rest: received.subarray(end + 4) });
    };
    socket.on("data", read).once("close", closed).once("error", fail);
    signal.addEventListener("abort", abort);
  });
}

function parseHead(text: string): ResponseHead | undefined {
  const [first = "", ...lines] = text.split("\r\n");
  const status = Number(/^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(first)?.[1]);
  if (!Number.isInteger(status)) return undefined;
  const headers: Record<string, string | string[]> = Object.create(null);
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon <= 0) return undefined;
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    const known = headers[name];
    if (known === undefined) headers[name] = value;
    else headers[name] = [known, value].flat();
  }
  const length = Number(headers["content-length"]);
  return { status, headers, bodyBytes: Number.isSafeInteger(length) && length >= 0 ? length : undefined };
}
