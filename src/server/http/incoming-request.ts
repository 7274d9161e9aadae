// A request as it came over HTTP/1.1 or HTTP/2, in the server's own words.

import type { Readable } from "node:stream";
import { StatusError } from "../../api/door.ts";
import { anonymous, type UserInfo } from "../authentication/user.ts";
import { type ApiRequest, type Headers, header, type Peer } from "../exchange.ts";
import { noRequestInfo, type RequestInfo } from "../request-info.ts";
import { bodyTimeoutMs } from "./limits.ts";
import { decodePath, parseQuery, splitTarget } from "./url.ts";

export interface IncomingOptions {
  readonly method: string;
  /** The request's target as sent, bytes above 127 as Latin-1. */
  readonly url: string;
  readonly headers: Headers;
  readonly peer: Peer;
  readonly httpVersion: ApiRequest["httpVersion"];
  /** Undefined where the request has no body. */
  readonly stream: Readable | undefined;
  /** Calls back when the client has gone away or the answer is done. */
  readonly onClose: (listener: () => void) => void;
  readonly upgrade: string | undefined;
}

export class IncomingRequest implements ApiRequest {
  readonly method: string;
  readonly rawPath: string;
  readonly path: string;
  readonly rawQuery: string;
  readonly headers: Headers;
  readonly peer: Peer;
  readonly httpVersion: ApiRequest["httpVersion"];
  readonly upgrade: string | undefined;
  auditId = "";
  info: RequestInfo = noRequestInfo;
  user: UserInfo = anonymous;
  readonly warnings: string[] = [];
  readonly #stream: Readable | undefined;
  readonly #onClose: IncomingOptions["onClose"];
  #query: URLSearchParams | undefined;
  #abort: AbortController | undefined;
  #auditAnnotations: Map<string, string> | undefined;
  #deadline: NodeJS.Timeout | undefined;
  #deadlineAtMs = Number.POSITIVE_INFINITY;

  /** Throws a BadPathError for a path with a bad percent escape. */
  constructor({ method, url, headers, peer, httpVersion, stream, onClose, upgrade }: IncomingOptions) {
    this.method = method;
    const { path, query } = splitTarget(url);
    this.rawPath = path;
    this.rawQuery = query;
    this.path = decodePath(this.rawPath);
    this.headers = headers;
    this.peer = peer;
    this.httpVersion = httpVersion;
    this.upgrade = upgrade;
    this.#stream = stream;
    this.#onClose = onClose;
  }

  get query(): URLSearchParams {
    this.#query ??= parseQuery(this.rawQuery);
    return this.#query;
  }

  get auditAnnotations(): Map<string, string> {
    this.#auditAnnotations ??= new Map();
    return this.#auditAnnotations;
  }

  /** Made when somebody asks: most requests are answered before anybody would. */
  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      const abort = new AbortController();
      this.#abort = abort;
      this.#onClose(() => {
        clearTimeout(this.#deadline);
        abort.abort(over);
      });
    }
    return this.#abort.signal;
  }

  abortAfter(delayMs: number, reason: unknown): void {
    const atMs = performance.now() + delayMs;
    if (atMs >= this.#deadlineAtMs) return;
    void this.signal;
    clearTimeout(this.#deadline);
    this.#deadlineAtMs = atMs;
    this.#deadline = setTimeout(() => this.#abort?.abort(reason), delayMs);
    this.#deadline.unref();
  }

  get body(): AsyncIterable<Buffer> | undefined {
    return this.#stream;
  }

  readBody(maxBytes: number): Promise<Buffer> {
    const stream = this.#stream;
    if (stream === undefined) return Promise.resolve(nothing);
    const sizeBytes = Number(header(this.headers, "content-length"));
    if (sizeBytes > maxBytes) return Promise.reject(tooLarge(maxBytes));
    const arrived = takeArrived(stream, sizeBytes);
    return arrived === undefined ? readAll(stream, maxBytes) : Promise.resolve(arrived);
  }
}

/** Made once: an error of its own for each request would cost more than most of the request. */
const over = new DOMException("the request is over", "AbortError");

const nothing = Buffer.alloc(0);

/** A body that is here as a whole, as small ones mostly are, without the listeners and the timer of one that is awaited. */
function takeArrived(stream: Readable, sizeBytes: number): Buffer | undefined {
  if (sizeBytes === 0 || stream.readableLength !== sizeBytes) return undefined;
  const body: unknown = stream.read();
  // Lets the stream see its end.
  stream.resume();
  return Buffer.isBuffer(body) ? body : undefined;
}

/** Reads a stream to its end. Leaves the rest of one that is too large unread: who wrote the answer ends it. */
function readAll(stream: Readable, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    const settled = () => {
      clearTimeout(timeout);
      stream.off("data", read).off("end", end).off("close", gone).off("error", gone);
    };
    const fail = (error: StatusError) => {
      settled();
      stream.pause();
      reject(error);
    };
    const read = (chunk: Buffer) => {
      sizeBytes += chunk.length;
      if (sizeBytes > maxBytes) fail(tooLarge(maxBytes));
      else chunks.push(chunk);
    };
    const end = () => {
      settled();
      const [only] = chunks;
      resolve(chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks, sizeBytes));
    };
    const gone = () => fail(StatusError.badRequest("unable to read the body: unexpected EOF"));
    const timeout = setTimeout(() => fail(tooSlow()), bodyTimeoutMs);
    // Who has gone before says nothing more.
    if (stream.destroyed) gone();
    else stream.on("data", read).on("end", end).on("close", gone).on("error", gone);
  });
}

function tooLarge(maxBytes: number): StatusError {
  return new StatusError("RequestEntityTooLarge", `Request entity too large: limit is ${maxBytes}`);
}

function tooSlow(): StatusError {
  return new StatusError("Timeout", "Timeout: request did not complete within the allotted timeout", { details: {} });
}
