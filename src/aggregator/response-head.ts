// Reads the head of an HTTP/1.1 answer from a bare connection.

import type { Duplex } from "node:stream";
import { quoteText } from "../api/door.ts";

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
/** So much of a line is looked at, and shown where it is none. */
const firstLineMax = 1024;

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
    const closed = () => fail(new Error("unexpected EOF"));
    const abort = () => fail(new Error("the request was given up"));
    const timeout = setTimeout(() => fail(new Error("timeout awaiting response headers")), timeoutMs);
    const read = (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      const end = received.indexOf("\r\n\r\n");
      if (end < 0 && received.length <= headBytesMax) return;
      socket.pause();
      const head = parseHead(received.subarray(0, end < 0 ? headBytesMax : end).toString("latin1"));
      if (typeof head === "string") return fail(new Error(head));
      settled();
      resolve({ head, rest: received.subarray(end + 4) });
    };
    socket.on("data", read).once("close", closed).once("error", fail);
    signal.addEventListener("abort", abort);
  });
}

/** Or what is wrong with it, in Go's words. */
function parseHead(text: string): ResponseHead | string {
  const [line = "", ...lines] = text.split("\r\n");
  const first = line.slice(0, firstLineMax);
  const [, version = "", code = ""] = /^([^ ]*) +([^ ]*)/.exec(first) ?? [];
  if (code === "") return `malformed HTTP response ${quoteText(first)}`;
  const status = Number(code);
  if (!/^\d{3}$/.test(code)) return `malformed HTTP status code ${quoteText(code)}`;
  if (!/^HTTP\/1\.[01]$/.test(version)) return `malformed HTTP version ${quoteText(version)}`;
  const headers: Record<string, string | string[]> = Object.create(null);
  for (const field of lines) {
    const colon = field.indexOf(":");
    if (colon <= 0) return `malformed MIME header: missing colon: ${quoteText(field.slice(0, firstLineMax))}`;
    const name = field.slice(0, colon).toLowerCase();
    const value = field.slice(colon + 1).trim();
    const known = headers[name];
    if (known === undefined) headers[name] = value;
    else headers[name] = [known, value].flat();
  }
  const length = Number(headers["content-length"]);
  return { status, headers, bodyBytes: Number.isSafeInteger(length) && length >= 0 ? length : undefined };
}
