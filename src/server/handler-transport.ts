// A client's way to a server in the same process: no network, and an identity that nobody outside can claim.

import { Readable } from "node:stream";
import type { Transport, TransportRequest, TransportResponse } from "../client/door.ts";
import type { Authenticator, UserInfo } from "./authentication/user.ts";
import type { ApiResponse, Handler, Peer, ResponseBody } from "./exchange.ts";
import { IncomingRequest } from "./http/incoming-request.ts";

/** Only code of this process can put something here: connections begin with an empty memo. */
const identity = Symbol("identity of a request from this process");

/** Believes requests that came by way of `handlerTransport`. */
export const inProcessAuthenticator: Authenticator = {
  authenticate({ peer }) {
    const user = peer.memo.get(identity);
    return isUser(user) ? user : undefined;
  },
};

function isUser(value: unknown): value is UserInfo {
  return typeof value === "object" && value !== null && "groups" in value;
}

/** Sends requests to a handler as `user`. The server must have `inProcessAuthenticator` among its authenticators. */
export function handlerTransport(handler: Handler, user: UserInfo): Transport {
  const peer: Peer = { remoteAddress: "127.0.0.1", certificates: [], memo: new Map([[identity, user]]) };
  return {
    async send(request) {
      request.signal?.throwIfAborted();
      const closed = new AbortController();
      const signal = request.signal === undefined ? closed.signal : AbortSignal.any([request.signal, closed.signal]);
      return answerOf(await handler(incoming(request, peer, signal)), closed);
    },
    close() {},
  };
}

function incoming({ method, path, headers, body }: TransportRequest, peer: Peer, signal: AbortSignal): IncomingRequest {
  return new IncomingRequest({
    method,
    url: path,
    headers,
    peer,
    httpVersion: "2.0",
    stream: body === undefined ? undefined : Readable.from([body]),
    onClose: (listener) => signal.addEventListener("abort", listener, { once: true }),
    upgrade: undefined,
  });
}

function answerOf({ status, headers, body }: ApiResponse, closed: AbortController): TransportResponse {
  return { status, headers, body: readable(body, closed) };
}

/** Tells the server when the reader has had enough. */
async function* readable(body: ResponseBody, closed: AbortController): AsyncIterable<Buffer> {
  try {
    if (body === undefined) return;
    if (Buffer.isBuffer(body)) yield body;
    else yield* body;
  } finally {
    closed.abort();
  }
}
