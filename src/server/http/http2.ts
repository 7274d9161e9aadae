// HTTP/2 on connections that are open already.

import { Readable } from "node:stream";
import type { TLSSocket } from "node:tls";
import type { Handler, Peer } from "../exchange.ts";
import { ServerConnection } from "./h2/server-connection.ts";
import type { ServerStream } from "./h2/server-stream.ts";
import { readHeaders, writeHeaders } from "./headers.ts";
import { peerOf } from "./peer.ts";
import { answer, text } from "./serve.ts";
import { discardBody } from "./unwanted-body.ts";
import { isReady, type ReadyBody } from "./write-response.ts";

export interface Http2 {
  accept(socket: TLSSocket): void;
  /** Takes no more requests; each connection ends with its last answer. */
  drain(): void;
}

export function makeHttp2(handler: Handler): Http2 {
  const connections = new Set<ServerConnection>();
  let isDraining = false;
  return {
    accept(socket) {
      const peer = peerOf(socket);
      const connection = new ServerConnection({
        socket,
        onStream: (stream) => serve(handler, stream, peer).catch(() => stream.breakOff()),
        onTooLarge: refuseHeaders,
      });
      connections.add(connection);
      socket.once("close", () => connections.delete(connection));
      if (isDraining) connection.drain();
    },
    drain() {
      isDraining = true;
      for (const connection of connections) connection.drain();
    },
  };
}

async function serve(handler: Handler, stream: ServerStream, peer: Peer): Promise<void> {
  const { method, path, raw } = stream.head;
  const response = await answer(handler, {
    method,
    url: path,
    headers: readHeaders(raw),
    peer,
    httpVersion: "2.0",
    stream: stream.incoming,
    onClose: (listener) => stream.onClose(listener),
    upgrade: undefined,
  });
  if (stream.isClosed) {
    if (response.body instanceof Readable) response.body.destroy();
    return;
  }
  const headers = writeHeaders(response, "2.0");
  const body = method === "HEAD" ? undefined : response.body;
  try {
    if (isReady(body)) stream.respond(response.status, headers, chunksOf(body));
    else stream.respondLater(response.status, headers);
  } catch {
    // A header that HTTP does not allow.
    stream.breakOff();
    return;
  }
  if (body instanceof Readable) {
    stream.onClose(() => body.destroy());
    await stream.sendFrom(body);
  } else if (!isReady(body)) await sendChunks(stream, body);
  if (stream.isRemoteOpen && stream.incoming !== undefined) await endRequest(stream, stream.incoming);
}

function chunksOf(body: ReadyBody): readonly Buffer[] {
  if (body === undefined) return [];
  return Buffer.isBuffer(body) ? [body] : body;
}

/** Sends what is pulled, as fast as the client takes it. */
async function sendChunks(stream: ServerStream, body: AsyncIterable<Buffer>): Promise<void> {
  const chunks = body[Symbol.asyncIterator]();
  stream.onClose(() => void chunks.return?.());
  try {
    while (!stream.isClosed) {
      const { done, value } = await chunks.next();
      if (done === true) break;
      if (!stream.send(value)) await stream.taken();
    }
    stream.sendEnd();
  } catch {
    // Half an answer must not look like a whole one.
    stream.breakOff();
  }
}

/** The answer is there and the client still sends. */
async function endRequest(stream: ServerStream, body: Readable): Promise<void> {
  await discardBody(body);
  if (body.readableEnded) return;
  body.resume();
  stream.refuseRest();
}

function refuseHeaders(stream: ServerStream): void {
  const response = text(431, "431 Request Header Fields Too Large");
  stream.respond(response.status, writeHeaders(response, "2.0"), [Buffer.from("431 Request Header Fields Too Large")]);
  if (stream.isRemoteOpen) stream.refuseRest();
}
