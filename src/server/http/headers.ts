// Headers between Node's lists of names and values and the server's own form.

import type { ApiResponse, Headers } from "../exchange.ts";

/**
 * Reads headers as they came, names and values in turn: names in lower case, repeated ones as lists, since a comma is part of a group's
 * name like any other character. HTTP/2's pseudo headers are left out.
 */
export function readHeaders(raw: readonly string[]): Headers {
  // Without a prototype, so that a header named `constructor` or `__proto__` is one like any other.
  const headers: Record<string, string | string[]> = Object.create(null);
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = (raw[at] ?? "").toLowerCase();
    const value = raw[at + 1] ?? "";
    if (name.startsWith(":")) continue;
    const known = headers[name];
    if (known === undefined) headers[name] = value;
    else if (typeof known === "object") known.push(value);
    // HTTP/2 sends each cookie for itself. https://www.rfc-editor.org/rfc/rfc9113#section-8.2.3
    else headers[name] = name === "cookie" ? `${known}; ${value}` : [known, value];
  }
  return headers;
}

type NodeHeaders = Record<string, string | number | string[]>;

/** Headers that mean a connection of HTTP/1.1, which HTTP/2 forbids. https://www.rfc-editor.org/rfc/rfc9113#section-8.2.2 */
const connectionHeaders = new Set(["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"]);

/** An answer's headers as they are sent, with the length of a body that is known beforehand. */
export function writeHeaders({ status, headers, body }: ApiResponse, version: "1.1" | "2.0"): NodeHeaders {
  const written: NodeHeaders = {};
  for (const name in headers) {
    if (version === "2.0" && connectionHeaders.has(name)) continue;
    const value = headers[name];
    if (value !== undefined) written[name] = typeof value === "string" ? value : [...value];
  }
  const sizeBytes = bodySize(status, body);
  if (sizeBytes !== undefined) written["content-length"] ??= sizeBytes;
  return written;
}

function bodySize(status: number, body: ApiResponse["body"]): number | undefined {
  if (body === undefined) return status < 200 || status === 204 || status === 304 ? undefined : 0;
  if (Buffer.isBuffer(body)) return body.length;
  if (!Array.isArray(body)) return undefined;
  let sizeBytes = 0;
  for (const chunk of body) sizeBytes += chunk.length;
  return sizeBytes;
}
