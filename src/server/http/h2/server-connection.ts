// The server's end of a connection that speaks HTTP/2: begins a stream for each request.

import type { TLSSocket } from "node:tls";
import { Connection, protocolError, type Side } from "../../../base/http2/connection.ts";
import { areTrailers } from "../../../base/http2/fields.ts";
import { FloodGuard } from "../../../base/http2/flood-guard.ts";
import { errorCodes, StreamError, settingIds } from "../../../base/http2/protocol.ts";
import { IdleTimer } from "../../../base/idle-timer.ts";
import { headerBytesMax, headerCountMax, idleTimeoutMs, stalledTimeoutMs } from "../limits.ts";
import { readRequestHead } from "./request-head.ts";
import { ServerStream } from "./server-stream.ts";

/** Requests under way on one connection: as many as the reference announces. */
const streamsMax = 250;
/** What a client may send of one body before we read it: 256 KiB, so that the 250 bodies of a connection hold at most 64 MiB. */
const streamWindowBytes = 256 * 1024;
/** And of all bodies together before it hears that they have arrived. */
const connectionWindowBytes = 1024 * 1024;

/** Answers a request that has begun. Resolves when nobody works on it any more. */
export type StreamHandler = (stream: ServerStream) => Promise<void>;

/** Answers a request whose headers are too large. */
export type TooLargeHandler = (stream: ServerStream) => void;

export interface ServerConnectionOptions {
  readonly socket: TLSSocket;
  readonly onStream: StreamHandler;
  readonly onTooLarge: TooLargeHandler;
}

export class ServerConnection implements Side {
  readonly #connection: Connection;
  readonly #onStream: StreamHandler;
  readonly #onTooLarge: TooLargeHandler;
  readonly #idle: IdleTimer;
  #lastStreamId = 0;
  /** Streams that began and whose handler works still, whether or not the client has given them up. */
  #underWay = 0;

  constructor({ socket, onStream, onTooLarge }: ServerConnectionOptions) {
    this.#onStream = onStream;
    this.#onTooLarge = onTooLarge;
    this.#connection = new Connection({
      socket,
      isServer: true,
      side: this,
      headerLimits: { bytesMax: headerBytesMax, countMax: headerCountMax },
      streamWindowBytes,
      connectionWindowBytes,
      settings: [[settingIds.maxConcurrentStreams, streamsMax]],
      stalledTimeoutMs,
      floods: new FloodGuard(),
    });
    this.#idle = new IdleTimer(idleTimeoutMs, () => this.drain());
    socket.once("close", () => this.#idle.stop());
  }

  get lastStreamId(): number {
    return this.#lastStreamId;
  }

  /** Takes no more requests; ends with the last answer. */
  drain(): void {
    this.#connection.drain();
  }

  hasBegun(streamId: number): boolean {
    return streamId <= this.#lastStreamId;
  }

  goaway(): void {
    // Clients begin streams, and we none.
  }

  headers(streamId: number, raw: readonly string[] | undefined, hasEnd: boolean): void {
    if (streamId <= this.#lastStreamId) {
      this.#trailers(streamId, raw, hasEnd);
      return;
    }
    if (streamId % 2 === 0) throw protocolError("clients have odd streams");
    if (!this.#connection.isOpen) return;
    this.#lastStreamId = streamId;
    try {
      if (this.#underWay >= streamsMax) throw new StreamError(errorCodes.refusedStream, "too many requests at once");
      this.#open(streamId, raw, hasEnd);
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      this.#connection.countFlood();
      this.#connection.refuse(streamId, error.code);
    }
  }

  #open(streamId: number, raw: readonly string[] | undefined, hasEnd: boolean): void {
    const head = readRequestHead(raw ?? unknownHead);
    const { contentLength = 0 } = head;
    if (hasEnd && contentLength !== 0) throw new StreamError(errorCodes.protocolError, "a body is missing");
    const stream = new ServerStream(this.#connection, streamId, { head, hasBody: !hasEnd });
    this.#connection.add(stream);
    this.#idle.begin();
    this.#underWay++;
    let isWorking = raw !== undefined;
    const release = () => {
      if (isWorking || !stream.isClosed) return;
      this.#underWay--;
      this.#idle.end();
    };
    stream.onClose(release);
    if (raw === undefined) {
      this.#onTooLarge(stream);
      return;
    }
    void this.#onStream(stream).finally(() => {
      isWorking = false;
      release();
    });
  }

  #trailers(streamId: number, raw: readonly string[] | undefined, hasEnd: boolean): void {
    const stream = this.#connection.stream(streamId);
    // Of a stream that has ended on our side, while they were on their way.
    if (stream === undefined) this.#connection.countFlood();
    else if (
      !hasEnd ||
      raw === undefined ||
      !stream.isRemoteOpen ||
      !areTrailers(raw) ||
      stream.incoming?.end() === false
    )
      stream.reset(errorCodes.protocolError);
    else stream.remoteEnded();
  }
}

/** Stands for headers that were too many to be kept. */
const unknownHead = [":method", "GET", ":scheme", "https", ":path", "/"];
