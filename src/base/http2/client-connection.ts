// The client's end of a connection that speaks HTTP/2: sends requests, and tells what comes back.

import type { Socket } from "node:net";
import { Connection, protocolError, type Side } from "./connection.ts";
import { areTrailers, lengthOf, malformed, requireHeader } from "./fields.ts";
import type { HeaderLimits } from "./hpack-decoder.ts";
import type { OutgoingHeaders, RequestLine } from "./hpack-encoder.ts";
import type { IncomingBody } from "./incoming-body.ts";
import { errorCodes, int31Max, StreamError, settingIds } from "./protocol.ts";
import { Http2Stream } from "./stream.ts";

export interface ClientConnectionOptions {
  /** Connected, and agreed on HTTP/2. */
  readonly socket: Socket;
  readonly headerLimits: HeaderLimits;
  /** What a server may send of one body before it is read. */
  readonly streamWindowBytes: number;
  /** And of all bodies together before it hears that they have arrived. */
  readonly connectionWindowBytes: number;
  /** How long a server may take nothing of a request's body. */
  readonly stalledTimeoutMs: number;
}

export interface ResponseHead {
  readonly status: number;
  /** Names and values in turn, without pseudo headers. */
  readonly raw: readonly string[];
  readonly body: IncomingBody;
}

/** A request on its way, and its answer. */
export class ClientStream extends Http2Stream {
  readonly #hasNoBody: boolean;
  #onHead: (head: ResponseHead) => void = () => {};
  #onTrailers: (raw: readonly string[]) => void = () => {};
  #hasHead = false;
  #isUnseen = false;

  constructor(connection: Connection, id: number, { method }: RequestLine) {
    super(connection, id, { isRemoteOpen: true });
    this.#hasNoBody = method === "HEAD";
  }

  /** Whether the server has said that it did nothing with the request, which may then be sent again. */
  get isUnseen(): boolean {
    return this.#isUnseen || this.resetCode === errorCodes.refusedStream;
  }

  /** To be called before the turn of the loop ends. */
  onHead(listener: (head: ResponseHead) => void): void {
    this.#onHead = listener;
  }

  /** Headers behind the body, names and values in turn. */
  onTrailers(listener: (raw: readonly string[]) => void): void {
    this.#onTrailers = listener;
  }

  /** The server goes away without having looked at it. */
  wasNotSeen(): void {
    this.#isUnseen = true;
    this.close();
  }

  /** Headers have come. Throws a StreamError. */
  headers(raw: readonly string[], hasEnd: boolean): void {
    if (this.#hasHead) {
      if (!hasEnd || !areTrailers(raw) || this.incoming?.end() === false) throw malformed("trailers");
      this.#onTrailers(raw);
      this.remoteEnded();
      return;
    }
    const status = statusOf(raw);
    if (status < 200) {
      if (hasEnd) throw malformed(":status");
      return;
    }
    const fields = raw.slice(2);
    const length = checkedLength(fields);
    this.#hasHead = true;
    const body = this.expectBody(this.#hasNoBody || status === 304 ? undefined : length);
    if (hasEnd && !body.end()) throw malformed("content-length");
    this.#onHead({ status, raw: fields, body });
    if (hasEnd) this.remoteEnded();
  }
}

export class ClientConnection implements Side {
  readonly #connection: Connection;
  readonly #socket: Socket;
  /** We take no streams of the server's. */
  readonly lastStreamId = 0;
  #nextStreamId = 1;
  #isLeaving = false;

  constructor({ socket, ...limits }: ClientConnectionOptions) {
    this.#socket = socket;
    this.#connection = new Connection({
      ...limits,
      socket,
      isServer: false,
      side: this,
      settings: [[settingIds.enablePush, 0]],
    });
  }

  /** Whether requests can be sent. */
  get isOpen(): boolean {
    return this.#connection.isOpen && !this.#isLeaving && this.#nextStreamId < int31Max;
  }

  /** How many requests the server takes at once; infinity where it has not said. */
  get streamsMax(): number {
    return this.#connection.streamsMax;
  }

  /**
   * Sends a request with a body that is there, or with one that comes later. Throws a TypeError for what is no header, and an Error where
   * the connection is not open.
   */
  request(line: RequestLine, headers: OutgoingHeaders, body: readonly Buffer[] | "later"): ClientStream {
    if (!this.isOpen) throw new Error("The connection is closed");
    const head = this.#connection.encoder.request(line, headers);
    const stream = new ClientStream(this.#connection, this.#nextStreamId, line);
    this.#nextStreamId += 2;
    this.#connection.add(stream);
    this.#connection.sendHead(stream, head, body);
    return stream;
  }

  /** Asks whether the server is there. */
  ping(onAnswer: () => void): void {
    this.#connection.ping(onAnswer);
  }

  /** Sends no more requests; ends with the last answer. */
  close(): void {
    this.#connection.drain();
  }

  /** Cuts everything. */
  destroy(): void {
    this.#socket.destroy();
  }

  hasBegun(streamId: number): boolean {
    return streamId % 2 === 1 && streamId < this.#nextStreamId;
  }

  headers(streamId: number, raw: readonly string[] | undefined, hasEnd: boolean): void {
    if (!this.hasBegun(streamId)) throw protocolError("nobody asked for an answer");
    const stream = this.#connection.stream(streamId);
    // Of a request that we have given up, while they were on their way.
    if (!(stream instanceof ClientStream)) return;
    try {
      if (raw === undefined) throw malformed("headers that are too large");
      stream.headers(raw, hasEnd);
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      stream.reset(error.code);
    }
  }

  goaway(lastStreamId: number): void {
    this.#isLeaving = true;
    for (const stream of this.#connection.streams())
      if (stream.id > lastStreamId && stream instanceof ClientStream) stream.wasNotSeen();
    this.#connection.drain();
  }
}

/** The first header, and the only pseudo header, of an answer. Throws a StreamError. */
function statusOf([name, value = ""]: readonly string[]): number {
  if (name !== ":status" || !/^[1-9]\d\d$/.test(value)) throw malformed(":status");
  return Number(value);
}

/** Throws a StreamError for what is no header. */
function checkedLength(raw: readonly string[]): number | undefined {
  let length: number | undefined;
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at] ?? "";
    const value = raw[at + 1] ?? "";
    requireHeader(name, value);
    if (name === "content-length") length = lengthOf(value, length);
  }
  return length;
}
