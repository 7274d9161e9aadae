// HTTP/2 on connections that are open already.

import {
  constants,
  type IncomingHttpHeaders,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { TLSSocket } from "node:tls";
import { IdleTimer } from "../../base/idle-timer.ts";
import type { Handler, Peer } from "../exchange.ts";
import { readHeaders, writeHeaders } from "./headers.ts";
import { headerBytesMax, headerCountMax, idleTimeoutMs } from "./limits.ts";
import { peerOf } from "./peer.ts";
import { answer, ignore } from "./serve.ts";
import { discardBody } from "./unwanted-body.ts";
import { writeBody } from "./write-response.ts";

/** Requests under way on one connection: as many as the reference announces. */
const streamsPerConnectionMax = 250;
/** What a client may send of one body before we read it: 256 KiB, so that the 250 bodies of a connection hold at most 64 MiB. */
const windowBytes = 256 * 1024;
/** What Node keeps for one connection, in MB: those 64, and as much again for answers that wait. */
const sessionMemoryMb = 128;

const sessionOptions = {
  settings: {
    maxConcurrentStreams: streamsPerConnectionMax,
    initialWindowSize: windowBytes,
    maxHeaderListSize: headerBytesMax,
  },
  maxHeaderListPairs: headerCountMax,
  maxSendHeaderBlockLength: headerBytesMax,
  maxSessionMemory: sessionMemoryMb,
};

export interface Http2 {
  accept(socket: TLSSocket): void;
  /** Takes no more requests; each connection ends with its last answer. */
  drain(): void;
}

export function makeHttp2(handler: Handler): Http2 {
  const sessions = new Set<ServerHttp2Session>();
  let isDraining = false;
  return {
    accept(socket) {
      const session = performServerHandshake(socket, sessionOptions);
      sessions.add(session);
      session.once("close", () => sessions.delete(session));
      session.on("error", () => session.destroy());
      follow(session, handler, peerOf(socket));
      if (isDraining) session.close();
    },
    drain() {
      isDraining = true;
      for (const session of sessions) session.close();
    },
  };
}

/** Serves the requests of one connection, and closes it when there were none for a while. */
function follow(session: ServerHttp2Session, handler: Handler, peer: Peer): void {
  const idle = new IdleTimer(idleTimeoutMs, () => session.close());
  session.once("close", () => idle.stop());
  const ended = () => idle.end();
  session.on(
    "stream",
    (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, flags: number, raw: readonly string[]) => {
      idle.begin();
      stream.once("close", ended);
      stream.on("error", ignore);
      void serve(handler, { stream, headers, flags, raw, peer });
    },
  );
}

interface Exchange {
  readonly stream: ServerHttp2Stream;
  readonly headers: IncomingHttpHeaders;
  readonly flags: number;
  readonly raw: readonly string[];
  readonly peer: Peer;
}

async function serve(handler: Handler, { stream, headers, flags, raw, peer }: Exchange): Promise<void> {
  const method = String(headers[constants.HTTP2_HEADER_METHOD] ?? "");
  const hasBody = (flags & constants.NGHTTP2_FLAG_END_STREAM) === 0;
  const response = await answer(handler, {
    method,
    url: String(headers[constants.HTTP2_HEADER_PATH] ?? ""),
    headers: readHeaders(raw),
    peer,
    httpVersion: "2.0",
    stream: hasBody ? stream : undefined,
    onClose: (listener) => stream.once("close", listener),
    upgrade: undefined,
  });
  if (stream.destroyed || stream.headersSent) return;
  const isEmpty = response.body === undefined || method === "HEAD";
  try {
    stream.respond(writeHeaders(response, "2.0"), { endStream: isEmpty });
  } catch (error) {
    // A header that HTTP/2 does not allow.
    stream.destroy(error instanceof Error ? error : new Error(String(error)));
    return;
  }
  if (!isEmpty) await writeBody(stream, response.body);
  if (!hasBody || stream.readableEnded) return;
  await discardBody(stream);
  if (stream.readableEnded) return;
  // What is on its way still counts against the connection's window until somebody takes it.
  stream.resume();
  stream.close(constants.NGHTTP2_NO_ERROR);
}
