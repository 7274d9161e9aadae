// The head of a request, and what makes it one. https://www.rfc-editor.org/rfc/rfc9113#section-8.3

import { lengthOf, malformed, requireHeader } from "../../../base/http2/fields.ts";

export interface RequestHead {
  readonly method: string;
  /** Empty for a CONNECT. */
  readonly path: string;
  /** Names and values in turn, pseudo headers among them. */
  readonly raw: readonly string[];
  /** What the client says of its body; undefined where it says nothing. */
  readonly contentLength: number | undefined;
}

/** Throws a StreamError for a malformed request. */
export function readRequestHead(raw: readonly string[]): RequestHead {
  const pseudo: Record<string, string> = Object.create(null);
  let contentLength: number | undefined;
  let isBehind = false;
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at] ?? "";
    const value = raw[at + 1] ?? "";
    if (name.startsWith(":")) {
      if (isBehind || !pseudoHeaders.has(name) || pseudo[name] !== undefined) throw malformed(name);
      pseudo[name] = value;
      continue;
    }
    isBehind = true;
    requireHeader(name, value);
    if (name === "content-length") contentLength = lengthOf(value, contentLength);
  }
  const { ":method": method = "", ":path": path = "" } = pseudo;
  requireTarget(method, path, pseudo);
  return { method, path, raw, contentLength };
}

const pseudoHeaders = new Set([":method", ":scheme", ":authority", ":path"]);

function requireTarget(method: string, path: string, pseudo: Readonly<Record<string, string>>): void {
  if (!/^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/.test(method)) throw malformed(":method");
  if (method === "CONNECT") {
    if (pseudo[":path"] !== undefined || pseudo[":scheme"] !== undefined || !pseudo[":authority"])
      throw malformed(method);
    return;
  }
  if (pseudo[":scheme"] === undefined) throw malformed(":scheme");
  if (/[\0-\x20\x7f]/.test(path)) throw malformed(":path");
  if (!path.startsWith("/") && !(method === "OPTIONS" && path === "*")) throw malformed(":path");
}
