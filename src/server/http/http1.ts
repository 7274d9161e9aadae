// HTTP/1.1 on connections that are open already.

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { createServer, STATUS_CODES } from "../../base/node-http.ts";
import type { ApiResponse, Handler, Peer } from "../exchange.ts";
import { readHeaders, writeHeaders } from "./headers.ts";
import type { IncomingOptions } from "./incoming-request.ts";
import { headerBytesMax, headerCountMax, headersTimeoutMs, idleTimeoutMs } from "./limits.ts";
import { type ParserError, parseHead } from "./parse-head.ts";
import { peerOf } from "./peer.ts";
import { answer, ignore, text } from "./serve.ts";
import { discardBody } from "./unwanted-body.ts";
import { isReady, type ReadyBody, writeBody } from "./write-response.ts";

export interface Http1 {
  accept(socket: TLSSocket): void;
  /** Takes no more requests; each connection ends with the answer that is under way on it. */
  drain(): void;
}

interface Connection {
  readonly peer: Peer;
  /** Answers under way: more than one where the client pipelines. */
  answering: number;
}

export function makeHttp1(handler: Handler): Http1 {
  const connections = new Map<Duplex, Connection>();
  const state = { isDraining: false };
  const server = createServer({
    maxHeaderSize: headerBytesMax,
    headersTimeout: headersTimeoutMs,
    // Bodies have a time limit of their own, which is answered.
    requestTimeout: 0,
    keepAliveTimeout: idleTimeoutMs,
    shouldUpgradeCallback: (incoming) => upgradeOf(incoming) !== undefined,
  });
  server.maxHeadersCount = headerCountMax;
  const serveWith = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const connection = connections.get(incoming.socket);
    if (connection === undefined) return void incoming.destroy();
    connection.answering++;
    outgoing.once("close", () => {
      connection.answering--;
      if (state.isDraining && connection.answering === 0) incoming.socket.end();
    });
    if (state.isDraining) outgoing.shouldKeepAlive = false;
    void serve(handler, { incoming, outgoing, peer: connection.peer });
  };
  server.on("request", serveWith);
  server.on("checkContinue", (incoming, outgoing) => {
    outgoing.writeContinue();
    serveWith(incoming, outgoing);
  });
  server.on("upgrade", (incoming, socket, head) => {
    const peer = connections.get(socket)?.peer;
    if (peer === undefined) socket.destroy();
    else void serveUpgrade(handler, { incoming, socket, head, peer });
  });
  server.on("clientError", (error: ParserError, socket) => {
    const peer = connections.get(socket)?.peer;
    if (peer === undefined || !socket.writable) return void socket.destroy();
    void serveUnparsed(handler, { error, socket, peer });
  });
  return {
    accept(socket) {
      connections.set(socket, { peer: peerOf(socket), answering: 0 });
      socket.once("close", () => connections.delete(socket));
      server.emit("connection", socket);
    },
    drain() {
      state.isDraining = true;
      for (const [socket, { answering }] of connections) if (answering === 0) socket.end();
    },
  };
}

interface Exchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly peer: Peer;
}

async function serve(handler: Handler, { incoming, outgoing, peer }: Exchange): Promise<void> {
  outgoing.on("error", ignore);
  const response = await answer(
    handler,
    requestOf(incoming, peer, (listener) => outgoing.once("close", listener)),
  );
  if (outgoing.destroyed || outgoing.headersSent) return;
  // Many clients look for an answer only when they have sent everything; the connection then serves their next request.
  if (!incoming.complete) await discardBody(incoming);
  if (!incoming.complete) outgoing.shouldKeepAlive = false;
  if (!writeHead(outgoing, response)) return;
  if (incoming.method === "HEAD") return void outgoing.end();
  if (!incoming.complete && isReady(response.body)) return respondEarly({ incoming, outgoing, body: response.body });
  await writeBody(outgoing, response.body);
}

/** False for a header that HTTP does not allow. */
function writeHead(outgoing: ServerResponse, response: ApiResponse): boolean {
  try {
    outgoing.writeHead(response.status, writeHeaders(response, "1.1"));
  } catch {
    outgoing.destroy();
    return false;
  }
  // Node keeps the head until there is something of the body; a watch may have nothing to say for a long time. Not by `flushHeaders()`,
  // which takes headers for UTF-8, where every other way takes them for Latin-1.
  if (!isReady(response.body)) outgoing.write(Buffer.alloc(0));
  return true;
}

/** An answer to a request that is still being sent. Node closes such a connection with the end of the answer, which therefore waits. */
async function respondEarly({
  incoming,
  outgoing,
  body,
}: {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly body: ReadyBody;
}): Promise<void> {
  if (body === undefined) outgoing.flushHeaders();
  else outgoing.write(Buffer.isBuffer(body) ? body : Buffer.concat(body));
  await discardBody(incoming);
  outgoing.end();
}

function requestOf(
  incoming: IncomingMessage,
  peer: Peer,
  onClose: IncomingOptions["onClose"],
  upgrade?: string,
): IncomingOptions {
  const { headers, method = "", url = "" } = incoming;
  const hasBody = headers["transfer-encoding"] !== undefined || (headers["content-length"] ?? "0") !== "0";
  return {
    method,
    url,
    headers: readHeaders(incoming.rawHeaders),
    peer,
    httpVersion: incoming.httpVersion === "1.0" ? "1.0" : "1.1",
    stream: hasBody ? incoming : undefined,
    onClose,
    upgrade,
  };
}

/** The protocols that anybody upgrades to here; any other wish is ignored, as the reference ignores it. */
function upgradeOf({ headers: { upgrade } }: IncomingMessage): string | undefined {
  return upgrade !== undefined && /^(websocket|SPDY\/3\.1)$/i.test(upgrade) ? upgrade : undefined;
}

interface Upgrade {
  readonly incoming: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
  readonly peer: Peer;
}

async function serveUpgrade(handler: Handler, { incoming, socket, head, peer }: Upgrade): Promise<void> {
  socket.on("error", ignore);
  const onClose = (listener: () => void) => void socket.once("close", listener);
  const response = await answer(handler, requestOf(incoming, peer, onClose, upgradeOf(incoming)));
  if (socket.destroyed) return;
  if (response.takeOver === undefined) return respondOnSocket(socket, response, incoming.method === "HEAD");
  socket.write(headOf(response));
  response.takeOver(socket, head);
}

/**
 * Node's parser knows the methods that are registered and refuses others before anybody has looked at the request; Kubernetes answers
 * them like any method that a path does not have. https://www.iana.org/assignments/http-methods
 */
async function serveUnparsed(
  handler: Handler,
  { error, socket, peer }: { readonly error: ParserError; readonly socket: Duplex; readonly peer: Peer },
): Promise<void> {
  socket.on("error", ignore);
  const head = error.code === "HPE_INVALID_METHOD" ? parseHead(error) : undefined;
  if (head === undefined)
    return respondOnSocket(
      socket,
      error.code === "HPE_HEADER_OVERFLOW"
        ? text(431, "431 Request Header Fields Too Large")
        : text(400, "400 Bad Request"),
      false,
    );
  const onClose = (listener: () => void) => void socket.once("close", listener);
  const response = await answer(handler, {
    ...head,
    headers: readHeaders(head.rawHeaders),
    peer,
    httpVersion: "1.1",
    stream: undefined,
    onClose,
    upgrade: undefined,
  });
  if (!socket.destroyed) await respondOnSocket(socket, response, false);
}

/** An answer on a connection that Node's parser has let go of, and the end of the connection. */
async function respondOnSocket(socket: Duplex, response: ApiResponse, isHead: boolean): Promise<void> {
  const { body } = response;
  const headers = { ...writeHeaders(response, "1.1"), connection: "close" };
  socket.write(headOf({ status: response.status, headers }));
  if (isHead) socket.end();
  else await writeBody(socket, body);
}

/** The head of an answer. A stream without a length ends with the connection. */
function headOf({
  status,
  headers,
}: {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number | readonly string[]>>;
}): string {
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    (typeof value === "object" ? value : [value]).map((one) => `${name}: ${String(one).replace(/[\r\n]/g, " ")}\r\n`),
  );
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Unknown"}\r\n${lines.join("")}\r\n`;
}
