// Connections to one address: HTTP/2 where the server offers it, else HTTP/1.1. The only file of the client that knows Node's http modules.

import type { Agent, ClientRequest } from "node:http";
import type { Readable, Writable } from "node:stream";
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from "node:tls";
import { ClientConnection, type ClientStream } from "../base/http2/client-connection.ts";
import { errorCodes, errorName } from "../base/http2/protocol.ts";
import { IdleTimer } from "../base/idle-timer.ts";
import * as nodeHttp from "../base/node-http.ts";

export interface HttpPoolOptions {
  readonly host: string;
  readonly port: number;
  /** The name sent and verified. Default: the host. */
  readonly serverName?: string;
  /** PEM. Default: the machine's own authorities. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly insecureSkipTlsVerify?: boolean;
  /** A connection that is not there by then counts as failed. Default 30 s, as Go's dialer has it. */
  readonly connectTimeoutMs?: number;
}

export interface OutgoingRequest {
  readonly method: string;
  readonly path: string;
  /** The Host header, or :authority. */
  readonly authority: string;
  /** Names are lower case, hop-by-hop headers left out. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body?: Buffer | Readable;
  readonly signal?: AbortSignal;
}

export interface IncomingResponse {
  readonly status: number;
  /** Names are lower case; headers that came several times are lists. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Readable;
  readonly httpVersion: "1.1" | "2.0";
}

const connectTimeoutDefaultMs = 30_000;
/** A connection that nobody uses is closed after this long, before servers close it at theirs. */
const idleTimeoutMs = 90_000;
/** Bytes under way to us on one stream: 16 MB answers go through without waiting for window updates each 64 KiB. */
const streamWindowBytes = 1024 * 1024;
/** The same for all streams of a connection together. */
const connectionWindowBytes = 16 * 1024 * 1024;
/** Headers of an answer: as many as Go's client takes. */
const headerLimits = { bytesMax: 10 * 1024 * 1024, countMax: 10_000 };
/** A server that takes nothing of a request's body for this long does not get the rest. */
const stalledTimeoutMs = 60_000;
/** What a connection is taken to bear before its server has said so. */
const streamsMaxDefault = 100;

/** A connection broke before anything of the answer came. */
export class NoAnswerError extends Error {
  override readonly name = "NoAnswerError";
  /** Whether the connection had served before: then it may just have been closed at the other end, and another one will do. */
  readonly wasReused: boolean;

  constructor(message: string, { wasReused, cause }: { readonly wasReused: boolean; readonly cause?: unknown }) {
    super(message, cause === undefined ? undefined : { cause });
    this.wasReused = wasReused;
  }
}

interface Session {
  readonly connection: ClientConnection;
  readonly socket: TLSSocket;
  /** Counts streams. */
  readonly idle: IdleTimer;
  /** Whether it has carried a request before. */
  wasUsed: boolean;
}

export class HttpPool {
  readonly #options: HttpPoolOptions;
  readonly #connect: ConnectionOptions;
  #sessions: Session[] = [];
  #agent: Agent | undefined;
  /** Sockets that were opened to learn what the server speaks, for the HTTP/1.1 requests that come next. */
  readonly #spare: TLSSocket[] = [];
  #opening: Promise<Session | undefined> | undefined;
  #state: "open" | "retired" | "closed" = "open";

  constructor(options: HttpPoolOptions) {
    this.#options = options;
    this.#connect = connectionOptions(options);
  }

  /** Sends a request and waits for the head of its answer. A request without a body is tried again where a kept connection turns out to be dead. */
  async request(request: OutgoingRequest): Promise<IncomingResponse> {
    request.signal?.throwIfAborted();
    // Ends: each round uses up one connection that was kept, and a new one is not tried twice.
    for (;;) {
      const session =
        this.#freeSession() ??
        (this.#agent === undefined ? await untilAborted(this.#open(), request.signal) : undefined);
      request.signal?.throwIfAborted();
      try {
        return await (session === undefined ? this.#sendHttp1(request) : this.#sendHttp2(session, request));
      } catch (error) {
        if (!(error instanceof NoAnswerError && error.wasReused && isRepeatable(request))) throw error;
      }
    }
  }

  /** A connection of its own that speaks HTTP/1.1, for those who upgrade it. */
  dial(signal?: AbortSignal): Promise<TLSSocket> {
    return this.#dial(["http/1.1"], signal);
  }

  /** Closes connections that carry nothing, so that the next request opens a new one. */
  closeIdle(): void {
    for (const entry of this.#sessions) if (entry.idle.underWay === 0) entry.connection.close();
    this.#sessions = this.#sessions.filter(({ idle }) => idle.underWay > 0);
    for (const socket of this.#spare.splice(0)) socket.destroy();
    const agent = this.#agent;
    if (agent === undefined) return;
    for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
    // What the server speaks may have changed with whatever failed.
    if (Object.keys(agent.sockets).length === 0) this.#agent = undefined;
  }

  /** Cuts everything. */
  close(): void {
    this.#state = "closed";
    for (const { connection } of this.#sessions.splice(0)) connection.destroy();
    for (const socket of this.#spare.splice(0)) socket.destroy();
    this.#agent?.destroy();
  }

  /** Lets what is under way end, connections that are only being made included, and keeps none of them. */
  retire(): void {
    this.#state = "retired";
    this.closeIdle();
    for (const { connection } of this.#sessions) connection.close();
    for (const sockets of Object.values(this.#agent?.sockets ?? {}))
      for (const socket of sockets ?? []) endAfterAnswer(socket);
  }

  #freeSession(): Session | undefined {
    return this.#sessions.find(
      ({ connection, idle }) =>
        connection.isOpen &&
        idle.underWay < (Number.isFinite(connection.streamsMax) ? connection.streamsMax : streamsMaxDefault),
    );
  }

  /** All who need a connection at the same time wait for the same one; the first tells what the server speaks. */
  async #open(): Promise<Session | undefined> {
    this.#opening ??= this.#connectSession().finally(() => {
      this.#opening = undefined;
    });
    const opened = await this.#opening;
    return opened === undefined ? undefined : (this.#freeSession() ?? this.#connectSession());
  }

  async #connectSession(): Promise<Session | undefined> {
    const socket = await this.#dial(["h2", "http/1.1"]);
    if (this.#state === "closed") {
      socket.destroy();
      throw new NoAnswerError("the connection was given up", { wasReused: false });
    }
    if (socket.alpnProtocol !== "h2") {
      this.#keepForHttp1(socket);
      return undefined;
    }
    return this.#keepSession(socket);
  }

  #keepSession(socket: TLSSocket): Session {
    const connection = new ClientConnection({
      socket,
      headerLimits,
      streamWindowBytes,
      connectionWindowBytes,
      stalledTimeoutMs,
    });
    const idle = new IdleTimer(idleTimeoutMs, () => connection.close());
    const entry: Session = { connection, socket, idle, wasUsed: false };
    this.#sessions.push(entry);
    socket.once("close", () => {
      idle.stop();
      this.#forget(entry);
    });
    socket.unref();
    return entry;
  }

  #forget(entry: Session): void {
    this.#sessions = this.#sessions.filter((other) => other !== entry);
  }

  #keepForHttp1(socket: TLSSocket): void {
    this.#spare.push(socket);
    socket.once("close", () => {
      const index = this.#spare.indexOf(socket);
      if (index >= 0) this.#spare.splice(index, 1);
    });
    this.#agent ??= this.#makeAgent();
  }

  #makeAgent(): Agent {
    const agent = new nodeHttp.Agent({ keepAlive: this.#state === "open", timeout: idleTimeoutMs, scheduling: "lifo" });
    agent.createConnection = () => this.#spare.pop() ?? this.#connectForHttp1();
    return agent;
  }

  #connectForHttp1(): TLSSocket {
    const socket = connectTls({ ...this.#connect, ALPNProtocols: ["http/1.1"] });
    socket.setNoDelay(true);
    return socket;
  }

  #dial(protocols: string[], signal?: AbortSignal): Promise<TLSSocket> {
    return new Promise((resolve, reject) => {
      const socket = connectTls({ ...this.#connect, ALPNProtocols: protocols });
      const timeout = setTimeout(
        () => fail(Object.assign(new Error("i/o timeout"), { code: "ETIMEDOUT" })),
        this.#options.connectTimeoutMs ?? connectTimeoutDefaultMs,
      );
      const done = () => {
        clearTimeout(timeout);
        signal?.removeEventListener("abort", abort);
        socket.off("error", fail);
        socket.off("close", closed);
      };
      const fail = (error: Error) => {
        done();
        socket.on("error", ignore);
        socket.destroy();
        reject(error);
      };
      const abort = () => fail(reasonOf(signal));
      const closed = () => fail(Object.assign(new Error("EOF"), { code: "EOF" }));
      socket.once("error", fail);
      socket.once("close", closed);
      signal?.addEventListener("abort", abort);
      socket.once("secureConnect", () => {
        done();
        socket.setNoDelay(true);
        socket.on("error", ignore);
        resolve(socket);
      });
    });
  }

  // --- HTTP/2

  #sendHttp2(entry: Session, request: OutgoingRequest): Promise<IncomingResponse> {
    const { method, path, authority, headers, body, signal } = request;
    return new Promise((resolve, reject) => {
      const { connection, idle, wasUsed } = entry;
      if (!connection.isOpen) {
        this.#forget(entry);
        reject(new NoAnswerError("the connection is closed", { wasReused: true }));
        return;
      }
      const line = { method, scheme: "https", authority, path };
      const ready = body === undefined ? [] : Buffer.isBuffer(body) ? [body] : "later";
      const stream = connection.request(line, definedHeaders(headers), ready);
      this.#begin(entry);
      let isAnswered = false;
      const abort = () => {
        reject(reasonOf(signal));
        stream.reset(errorCodes.cancel);
      };
      signal?.addEventListener("abort", abort);
      stream.onClose(() => {
        signal?.removeEventListener("abort", abort);
        idle.end();
        if (idle.underWay === 0) this.#released(entry);
        if (isAnswered) return;
        const isGone = !connection.isOpen || stream.isUnseen;
        reject(new NoAnswerError(describeReset(stream), { wasReused: wasUsed && isGone }));
      });
      stream.onHead((head) => {
        isAnswered = true;
        resolve({ status: head.status, headers: headersOf(head.raw), body: head.body, httpVersion: "2.0" });
      });
      if (body !== undefined && !Buffer.isBuffer(body)) void stream.sendFrom(body);
    });
  }

  #begin(entry: Session): void {
    entry.wasUsed = true;
    if (entry.idle.underWay === 0) entry.socket.ref();
    entry.idle.begin();
  }

  /** Nothing is under way on a connection any more. */
  #released({ connection, socket }: Session): void {
    if (this.#state === "open") socket.unref();
    else connection.close();
  }

  // --- HTTP/1.1

  #sendHttp1({ method, path, authority, headers, body, signal }: OutgoingRequest): Promise<IncomingResponse> {
    return new Promise((resolve, reject) => {
      const { host, port } = this.#options;
      this.#agent ??= this.#makeAgent();
      const agent = this.#agent;
      const request: ClientRequest = nodeHttp.request({
        agent,
        host,
        port,
        method,
        path,
        headers: { host: authority, ...definedHeaders(headers), ...framingHeaders(headers, body) },
        setDefaultHeaders: false,
        maxHeaderSize: headerLimits.bytesMax,
      });
      const abort = () => {
        reject(reasonOf(signal));
        request.destroy(reasonOf(signal));
      };
      signal?.addEventListener("abort", abort);
      request.once("close", () => {
        signal?.removeEventListener("abort", abort);
        reject(new NoAnswerError("EOF", { wasReused: request.reusedSocket }));
      });
      request.once("upgrade", ({ headers: { upgrade = "" } }, socket) => {
        socket.destroy();
        reject(new Error(`backend tried to switch protocol "${upgrade}" when "" was requested`));
      });
      request.on("error", (error: NodeJS.ErrnoException) => {
        const isBroken = error.code === "ECONNRESET" || error.code === "EPIPE";
        reject(isBroken ? new NoAnswerError("EOF", { wasReused: request.reusedSocket, cause: error }) : error);
      });
      request.once("response", (response) =>
        resolve({
          status: response.statusCode ?? 0,
          headers: headersOf(response.rawHeaders),
          body: response,
          httpVersion: "1.1",
        }),
      );
      if (body === undefined) request.end();
      else sendBody(request, body);
    });
  }
}

/** Node keeps the connection when its answer is complete, but for one that has been asked to end. */
function endAfterAnswer(socket: NodeJS.EventEmitter): void {
  socket.once("free", () => "destroy" in socket && typeof socket.destroy === "function" && socket.destroy());
}

/** How long a body is, where the headers do not say. */
function framingHeaders(headers: OutgoingRequest["headers"], body: OutgoingRequest["body"]): Record<string, string> {
  if (body === undefined || headers["content-length"] !== undefined) return {};
  return Buffer.isBuffer(body) ? { "content-length": String(body.length) } : { "transfer-encoding": "chunked" };
}

function connectionOptions({
  host,
  port,
  serverName,
  ca,
  cert,
  key,
  insecureSkipTlsVerify,
}: HttpPoolOptions): ConnectionOptions {
  return {
    host,
    port,
    servername: serverName ?? (isAddress(host) ? "" : host),
    // A certificate that was given counts by itself, as in Go, also where it is a server's own and no authority's.
    ...(ca === undefined ? {} : { ca, allowPartialTrustChain: true }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    rejectUnauthorized: insecureSkipTlsVerify !== true,
  };
}

function isAddress(host: string): boolean {
  return host.includes(":") || /^\d+(\.\d+){3}$/.test(host);
}

/** Whether sending it twice does no harm, and can be done. */
function isRepeatable({ method, body }: OutgoingRequest): boolean {
  return body === undefined && (method === "GET" || method === "HEAD" || method === "OPTIONS");
}

function sendBody(target: Writable, body: Buffer | Readable): void {
  if (Buffer.isBuffer(body)) {
    target.end(body);
    return;
  }
  // A body that breaks off must not look complete at the other end.
  body.once("close", () => {
    if (!body.readableEnded) target.destroy();
  });
  body.pipe(target);
}

function definedHeaders(headers: OutgoingRequest["headers"]): Record<string, string | string[]> {
  const defined: Record<string, string | string[]> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) defined[name] = typeof value === "string" ? value : [...value];
  }
  return defined;
}

function headersOf(raw: readonly string[]): Record<string, string | readonly string[]> {
  const headers: Record<string, string | string[]> = Object.create(null);
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = (raw[index] ?? "").toLowerCase();
    const value = raw[index + 1] ?? "";
    const known = headers[name];
    if (known === undefined) headers[name] = value;
    else if (typeof known === "string") headers[name] = [known, value];
    else known.push(value);
  }
  return headers;
}

/** In the words of Go's client. */
function describeReset({ id, resetCode }: ClientStream): string {
  if (resetCode === undefined || resetCode === errorCodes.noError) return "EOF";
  return `stream error: stream ID ${id}; ${errorName(resetCode)}; received from peer`;
}

/** Others may wait for the same thing, so that giving up does not end it. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(reasonOf(signal));
    signal.addEventListener("abort", abort);
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

function reasonOf(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new Error("the request was given up");
}

function ignore(): void {
  // Whoever waits is told by the close event.
}
