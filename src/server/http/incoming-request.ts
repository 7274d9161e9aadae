// A request as it came over HTTP/1.1 or HTTP/2, in the server's own words.

import type { Readable } from "node:stream";
import { StatusError } from "../../api/door.ts";
import { anonymous, type UserInfo } from "../authentication/user.ts";
import type { ApiRequest, Headers, Peer } from "../exchange.ts";
import type { RequestInfo } from "../request-info.ts";
import { noRequestInfo } from "../request-info.ts";
import { decodePath, parseQuery } from "./url.ts";

interface IncomingOptions {
  readonly method: string;
  /** Path and query as sent. */
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

  /** Throws a BadPathError for a path with a bad percent escape. */
  constructor({ method, url, headers, peer, httpVersion, stream, onClose, upgrade }: IncomingOptions) {
    this.method = method;
    const mark = url.indexOf("?");
    this.rawPath = mark < 0 ? url : url.slice(0, mark);
    this.rawQuery = mark < 0 ? "" : url.slice(mark + 1);
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
        abort.abort();
      });
    }
    return this.#abort.signal;
  }

  abortAfter(delayMs: number, reason: unknown): void {
    void this.signal;
    this.#deadline = setTimeout(() => this.#abort?.abort(reason), delayMs);
    this.#deadline.unref();
  }

  get body(): AsyncIterable<Buffer> | undefined {
    return this.#stream;
  }

  readBody(maxBytes: number): Promise<Buffer> {
    const stream = this.#stream;
    if (stream === undefined) return Promise.resolve(Buffer.alloc(0));
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      let sizeBytes = 0;
      stream.on("data", (chunk: Buffer) => {
        sizeBytes += chunk.length;
        if (sizeBytes <= maxBytes) {
          chunks.push(chunk);
          return;
        }
        stream.removeAllListeners("data");
        // What is still to come is thrown away, a little of it: a client that goes on sending does not get to fill our memory.
        stream.resume();
        reject(tooLarge(maxBytes));
      });
      stream.once("end", () =>
        resolve(
          chunks.length === 1 && chunks[0] !== undefined
            ? chunks[0]
            : Buffer.concat(chunks, Math.min(sizeBytes, maxBytes)),
        ),
      );
      stream.once("error", (error) => reject(StatusError.badRequest(`unable to read the body: ${error.message}`)));
      stream.once("close", () => reject(StatusError.badRequest("unable to read the body: unexpected EOF")));
    });
  }
}

function tooLarge(maxBytes: number): StatusError {
  return new StatusError("RequestEntityTooLarge", `Request entity too large: limit is ${maxBytes}`);
}
