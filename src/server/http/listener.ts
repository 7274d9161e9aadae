// One TLS port that speaks HTTP/2 and HTTP/1.1. The only place where the server touches Node's http modules.

import {
  createServer as createHttp1,
  type Server as Http1Server,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import {
  constants,
  createServer as createHttp2,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { Duplex } from "node:stream";
import {
  createServer as createTls,
  type SecureContextOptions,
  type TLSSocket,
  type Server as TlsServer,
} from "node:tls";
import type { ApiResponse, Handler, Headers, Peer } from "../exchange.ts";
import { IncomingRequest } from "./incoming-request.ts";
import { BadPathError } from "./url.ts";
import { writeBody } from "./write-response.ts";

export interface ListenOptions {
  readonly handler: Handler;
  /** 0 for any free port. */
  readonly port: number;
  readonly host: string;
  readonly tls: { readonly key: string | Buffer; readonly cert: string | Buffer };
}

export interface Listener {
  readonly port: number;
  /** New connections use these certificates from now on. */
  setCertificates(tls: ListenOptions["tls"]): void;
  /** Stops listening, lets answers under way end for `graceMs`, then cuts what is left. */
  close(graceMs: number): Promise<void>;
}

/** Headers of a request together, as Go's server takes them: 1 MiB. */
const headerBytesMax = 1024 * 1024;
/** Requests under way on one HTTP/2 connection, as the reference announces. */
const streamsPerConnectionMax = 250;
/** A client gets this long for its headers, as in Go's server of the reference (32 s). */
const headersTimeoutMs = 32_000;
/** A connection without a request is kept this long. */
const idleTimeoutMs = 90_000;
/** What an HTTP/2 client may send of one body before we read it: 256 KiB on one stream. */
const windowBytes = 256 * 1024;

/** Listens. Throws what the operating system says: EADDRINUSE, EACCES, EADDRNOTAVAIL. */
export async function listen({ handler, port, host, tls }: ListenOptions): Promise<Listener> {
  const sockets = new Set<TLSSocket>();
  const sessions = new Set<ServerHttp2Session>();
  const http1 = makeHttp1(handler);
  const http2 = makeHttp2(handler, sessions);
  const server = createTls(
    {
      ...secureOptions(tls),
      requestCert: true,
      rejectUnauthorized: false,
      ALPNProtocols: ["h2", "http/1.1"],
      noDelay: true,
      keepAlive: true,
    },
    (socket) => {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
      socket.on("error", () => socket.destroy());
      (socket.alpnProtocol === "h2" ? http2 : http1).emit("connection", socket);
    },
  );
  server.on("tlsClientError", (_error, socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  return {
    port: portOf(server),
    setCertificates: (next) => server.setSecureContext(secureOptions(next)),
    close: (graceMs) => close({ server, http1, sessions, sockets, graceMs }),
  };
}

function secureOptions({ key, cert }: ListenOptions["tls"]): SecureContextOptions {
  return { key, cert, minVersion: "TLSv1.2" };
}

function portOf(server: TlsServer): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

interface CloseOptions {
  readonly server: TlsServer;
  readonly http1: Http1Server;
  readonly sessions: ReadonlySet<ServerHttp2Session>;
  readonly sockets: ReadonlySet<TLSSocket>;
  readonly graceMs: number;
}

async function close({ server, http1, sessions, sockets, graceMs }: CloseOptions): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  for (const session of sessions) session.close();
  http1.closeIdleConnections();
  const cut = setTimeout(() => {
    for (const session of sessions) session.destroy();
    for (const socket of sockets) socket.destroy();
  }, graceMs);
  // Idle HTTP/1.1 connections are not known to a server that did not accept them.
  if (sessions.size === 0) for (const socket of sockets) socket.end();
  await closed;
  clearTimeout(cut);
}

// --- HTTP/2

function makeHttp2(handler: Handler, sessions: Set<ServerHttp2Session>): Http2Server {
  const server = createHttp2({
    settings: {
      maxConcurrentStreams: streamsPerConnectionMax,
      initialWindowSize: windowBytes,
      maxHeaderListSize: headerBytesMax,
    },
    maxSendHeaderBlockLength: headerBytesMax,
    maxSessionMemory: 64,
  });
  server.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
    session.on("error", () => session.destroy());
    session.setTimeout(idleTimeoutMs, () => session.close());
  });
  server.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void serveHttp2(handler, stream, headers));
  return server;
}

async function serveHttp2(handler: Handler, stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
  stream.on("error", ignore);
  const { session } = stream;
  if (session === undefined) return;
  const request = makeRequest(() => {
    const { socket } = session;
    return new IncomingRequest({
      method: String(headers[constants.HTTP2_HEADER_METHOD]),
      url: String(headers[constants.HTTP2_HEADER_PATH]),
      headers,
      peer: peerOf(session, socket),
      httpVersion: "2.0",
      stream: hasNoBody(headers) ? undefined : stream,
      onClose: (listener) => stream.once("close", listener),
      upgrade: undefined,
    });
  });
  const response = request === undefined ? badPath : await handler(request);
  if (stream.destroyed || stream.headersSent) return;
  const isHead = headers[constants.HTTP2_HEADER_METHOD] === "HEAD";
  const hasBody = response.body !== undefined && !isHead;
  try {
    stream.respond(
      { [constants.HTTP2_HEADER_STATUS]: response.status, ...sizeHeaders(response), ...mutable(response.headers) },
      { endStream: !hasBody },
    );
  } catch (error) {
    stream.destroy(error instanceof Error ? error : new Error(String(error)));
    return;
  }
  if (hasBody) await writeBody(stream, response.body);
}

/** A request that says neither how long its body is nor has one by its method. */
function hasNoBody(headers: IncomingHttpHeaders): boolean {
  const method = headers[constants.HTTP2_HEADER_METHOD];
  if (method === "GET" || method === "HEAD") return true;
  return headers["content-length"] === "0";
}

// --- HTTP/1.1

function makeHttp1(handler: Handler): Http1Server {
  const server = createHttp1(
    {
      maxHeaderSize: headerBytesMax,
      headersTimeout: headersTimeoutMs,
      requestTimeout: 0,
      keepAliveTimeout: idleTimeoutMs,
      shouldUpgradeCallback: ({ headers }) => upgradeOf(headers) !== undefined,
    },
    (incoming, outgoing) => void serveHttp1(handler, incoming, outgoing),
  );
  server.on("upgrade", (incoming, socket, head) => void serveUpgrade(handler, { incoming, socket, head }));
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (!socket.writable) return;
    const tooLarge = error.code === "HPE_HEADER_OVERFLOW";
    const line = tooLarge ? "431 Request Header Fields Too Large" : "400 Bad Request";
    socket.end(`HTTP/1.1 ${line}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n${line}`);
  });
  server.on("checkContinue", (incoming, outgoing) => {
    outgoing.writeContinue();
    void serveHttp1(handler, incoming, outgoing);
  });
  return server;
}

/** The protocols that anybody upgrades to here; any other wish is ignored, as the reference ignores it. */
function upgradeOf(headers: IncomingMessage["headers"]): string | undefined {
  const { upgrade } = headers;
  return upgrade !== undefined && /^(websocket|SPDY\/3\.1)$/i.test(upgrade) ? upgrade : undefined;
}

async function serveHttp1(handler: Handler, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  outgoing.on("error", ignore);
  const request = makeRequest(() => fromHttp1(incoming, (listener) => outgoing.once("close", listener), undefined));
  const response = request === undefined ? badPath : await handler(request);
  if (outgoing.destroyed) return;
  if (request === undefined) outgoing.shouldKeepAlive = false;
  const isHead = incoming.method === "HEAD";
  outgoing.writeHead(response.status, { ...sizeHeaders(response), ...mutable(response.headers) });
  if (isHead) outgoing.end();
  else await writeBody(outgoing, response.body);
  // A body that nobody read must not be taken for the next request.
  if (!incoming.complete) incoming.resume();
}

async function serveUpgrade(
  handler: Handler,
  { incoming, socket, head }: { readonly incoming: IncomingMessage; readonly socket: Duplex; readonly head: Buffer },
): Promise<void> {
  socket.on("error", ignore);
  const request = makeRequest(() =>
    fromHttp1(incoming, (listener) => socket.once("close", listener), upgradeOf(incoming.headers)),
  );
  const response = request === undefined ? badPath : await handler(request);
  if (socket.destroyed) return;
  if (response.takeOver !== undefined) {
    if (response.status !== 0) socket.write(headOf(response));
    response.takeOver(socket, head);
    return;
  }
  socket.write(
    headOf({ ...response, headers: { ...sizeHeaders(response), ...response.headers, connection: "close" } }),
  );
  await writeBody(socket, response.body);
}

function headOf({ status, headers }: ApiResponse): string {
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    (typeof value === "string" ? [value] : value).map((one) => `${name}: ${one}`),
  );
  return `HTTP/1.1 ${status} ${status === 101 ? "Switching Protocols" : "Answer"}\r\n${lines.join("\r\n")}\r\n\r\n`;
}

function fromHttp1(
  incoming: IncomingMessage,
  onClose: (listener: () => void) => void,
  upgrade: string | undefined,
): IncomingRequest {
  const { socket } = incoming;
  return new IncomingRequest({
    method: incoming.method ?? "",
    url: incoming.url ?? "",
    headers: splitRepeated(incoming),
    peer: peerOf(socket, socket),
    httpVersion: incoming.httpVersion === "1.0" ? "1.0" : "1.1",
    stream:
      incoming.headers["content-length"] === undefined && incoming.headers["transfer-encoding"] === undefined
        ? undefined
        : incoming,
    onClose,
    upgrade,
  });
}

/** Node joins repeated headers with commas; for groups of an identity a comma is a character like any other. */
function splitRepeated(incoming: IncomingMessage): Headers {
  const { headers } = incoming;
  if (
    headers["x-remote-user"] === undefined &&
    headers["impersonate-user"] === undefined &&
    headers["impersonate-group"] === undefined &&
    headers["x-remote-group"] === undefined
  )
    return headers;
  return incoming.headersDistinct;
}

// --- both

function makeRequest(make: () => IncomingRequest): IncomingRequest | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof BadPathError) return undefined;
    throw error;
  }
}

const badPath: ApiResponse = {
  status: 400,
  headers: { "content-type": "text/plain; charset=utf-8" },
  body: Buffer.from("400 Bad Request"),
};

function ignore(): void {
  // A client that went away is not our failure; the stream's close event tells those who wait.
}

const peers = new WeakMap<object, Peer>();

/** Kept per connection: certificates are read once. */
function peerOf(connection: object, socket: Duplex & { remoteAddress?: string | undefined }): Peer {
  const known = peers.get(connection);
  if (known !== undefined) return known;
  const peer = {
    remoteAddress: socket.remoteAddress ?? "",
    certificates: certificatesOf(socket),
    memo: new Map<symbol, unknown>(),
  };
  peers.set(connection, peer);
  return peer;
}

/** At most so many certificates of a chain are looked at. */
const chainLengthMax = 10;

function certificatesOf(socket: Duplex): Buffer[] {
  if (!("getPeerX509Certificate" in socket) || typeof socket.getPeerX509Certificate !== "function") return [];
  const chain: Buffer[] = [];
  let certificate = socket.getPeerX509Certificate();
  while (certificate !== undefined && chain.length < chainLengthMax) {
    chain.push(certificate.raw);
    certificate = certificate.issuerCertificate;
  }
  return chain;
}

/** The length of a body that is known beforehand. */
function sizeHeaders({ body, status }: ApiResponse): Record<string, string> {
  if (body === undefined) return status === 101 || status === 204 || status === 304 ? {} : { "content-length": "0" };
  if (Buffer.isBuffer(body)) return { "content-length": String(body.length) };
  if (!Array.isArray(body)) return {};
  let sizeBytes = 0;
  for (const chunk of body) sizeBytes += chunk.length;
  return { "content-length": String(sizeBytes) };
}

function mutable(headers: ApiResponse["headers"]): Record<string, string | string[]> {
  const copy: Record<string, string | string[]> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) copy[name] = typeof value === "string" ? value : [...value];
  }
  return copy;
}
