// One request and its answer. Nothing above this file knows Node's http modules.

import type { Duplex } from "node:stream";
import type { UserInfo } from "./authentication/user.ts";
import type { RequestInfo } from "./request-info.ts";

/** Header names are lower case; a header that came several times is a list. */
export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Who is at the other end of the connection, resolved once per connection. */
export interface Peer {
  readonly remoteAddress: string;
  /** The client's certificate chain as DER, leaf first; empty where the client sent none. Not verified yet. */
  readonly certificates: readonly Buffer[];
  /** A place for filters to keep what they worked out about this connection (verified identity, decisions). */
  readonly memo: Map<symbol, unknown>;
}

/** A request on its way through the filters, which fill in what they find out. */
export interface ApiRequest {
  readonly method: string;
  /** The path as sent, still percent-encoded, without the query. */
  readonly rawPath: string;
  /** The decoded path, segments not cleaned. */
  readonly path: string;
  /** The query as sent, without the question mark. */
  readonly rawQuery: string;
  /** The decoded query; pairs with a bad percent escape are dropped. */
  readonly query: URLSearchParams;
  readonly headers: Headers;
  readonly peer: Peer;
  readonly httpVersion: "1.0" | "1.1" | "2.0";
  /** Aborts when the client goes away or the request's deadline passes. */
  readonly signal: AbortSignal;
  /** Aborts `signal` with `reason` after that time, unless the answer was given before. Of several such times the first counts. */
  abortAfter(delayMs: number, reason: unknown): void;
  /** Reads the whole body, once. Throws a 413 StatusError above `maxBytes`. */
  readBody(maxBytes: number): Promise<Buffer>;
  /** The body as it comes, for those who pass it on; undefined where the request has none. */
  readonly body: AsyncIterable<Buffer> | undefined;
  /** Set where the client asks to leave HTTP/1.1 (Connection: Upgrade). */
  readonly upgrade: string | undefined;

  /** Set by the audit-id filter. */
  auditId: string;
  /** Set by the request-info filter. */
  info: RequestInfo;
  /** Set by the authentication filter, replaced by impersonation. */
  user: UserInfo;
  /** Where filters and verbs put `Warning` texts; each becomes a header of the answer. */
  readonly warnings: string[];
  /** Annotations of the audit event. */
  readonly auditAnnotations: Map<string, string>;
}

/** Bytes, ready chunks, a stream that is pulled as the client reads, or nothing. */
export type ResponseBody = Buffer | readonly Buffer[] | AsyncIterable<Buffer> | undefined;

export interface ApiResponse {
  readonly status: number;
  readonly headers: Record<string, string | readonly string[]>;
  readonly body: ResponseBody;
  /** Takes over the connection after a 101 has been sent by it; `head` is what already came after the request. HTTP/1.1 only. */
  readonly takeOver?: (socket: Duplex, head: Buffer) => void;
}

/** Answers one request. */
export type Handler = (request: ApiRequest) => Promise<ApiResponse>;

/** Wraps a handler. In a list of filters the first one sees the request first. */
export type Filter = (next: Handler) => Handler;

/** Puts filters around a handler. */
export function compose(filters: readonly Filter[], handler: Handler): Handler {
  return filters.reduceRight((next, filter) => filter(next), handler);
}

/** The first value of a header, or undefined. */
export function header(headers: Headers, name: string): string | undefined {
  const value = headers[name];
  return typeof value === "object" ? value[0] : value;
}
