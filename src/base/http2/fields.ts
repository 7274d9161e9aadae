// What headers may look like, whichever way they go. https://www.rfc-editor.org/rfc/rfc9113#section-8.2

import { errorCodes, StreamError } from "./protocol.ts";

/** Headers of a connection of HTTP/1.1. */
const connectionHeaders = new Set(["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"]);

/** Throws a StreamError for what is no header of HTTP/2. */
export function requireHeader(name: string, value: string): void {
  if (!/^[!#$%&'*+\-.^_`|~\da-z]+$/.test(name) || connectionHeaders.has(name)) throw malformed(name);
  if (/[\0\r\n]|^[ \t]|[ \t]$/.test(value)) throw malformed(name);
  if (name === "te" && value !== "trailers") throw malformed(name);
}

/** A content-length, which may be said twice in the same way. Throws a StreamError. */
export function lengthOf(value: string, before: number | undefined): number {
  const length = /^\d{1,15}$/.test(value) ? Number(value) : undefined;
  if (length === undefined || (before !== undefined && before !== length)) throw malformed("content-length");
  return length;
}

/** Whether these may follow a body: trailers are headers like others, but never pseudo headers. */
export function areTrailers(raw: readonly string[]): boolean {
  try {
    for (let at = 0; at + 1 < raw.length; at += 2) requireHeader(raw[at] ?? "", raw[at + 1] ?? "");
    return true;
  } catch (error) {
    if (error instanceof StreamError) return false;
    throw error;
  }
}

/** A head that HTTP/2 does not allow. */
export function malformed(what: string): StreamError {
  return new StreamError(errorCodes.protocolError, `the head is malformed: ${what}`);
}
