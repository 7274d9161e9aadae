// One connection that speaks HTTP/2: reads the client's frames, holds them to the rules, and begins a stream for each request.
// https://www.rfc-editor.org/rfc/rfc9113

import type { TLSSocket } from "node:tls";
import { IdleTimer } from "../../../base/idle-timer.ts";
import { headerBytesMax, headerCountMax, idleTimeoutMs } from "../limits.ts";
import { FloodGuard } from "./flood-guard.ts";
import { FrameReader, type IncomingFrame } from "./frame-reader.ts";
import { type HeaderBlock, HeaderBlocks } from "./header-blocks.ts";
import { HpackDecoder } from "./hpack-decoder.ts";
import { HpackEncoder, type OutgoingHeaders } from "./hpack-encoder.ts";
import { unpadded } from "./padding.ts";
import {
  ackFrame,
  ConnectionError,
  type ErrorCode,
  errorCodes,
  flags,
  frameBytesMax,
  frameHeadBytes,
  frameTypes,
  initialWindowBytes,
  int31Max,
  numbersFrame,
  StreamError,
  settingIds,
  settingsFrame,
  writeFrameHead,
} from "./protocol.ts";
import { areTrailers, readRequestHead } from "./request-head.ts";
import { Sender } from "./sender.ts";
import { ServerStream, type StreamOwner } from "./server-stream.ts";

/** Requests under way on one connection: as many as the reference announces. */
const streamsMax = 250;
/** What a client may send of one body before we read it: 256 KiB, so that the 250 bodies of a connection hold at most 64 MiB. */
const streamWindowBytes = 256 * 1024;
/** And of all bodies together before it hears that they have arrived. */
const connectionWindowBytes = 1024 * 1024;
/** Who has broken the rules gets this long to read so. */
const goawayMs = 1_000;

/** Answers a request that has begun. Resolves when nobody works on it any more. */
export type StreamHandler = (stream: ServerStream) => Promise<void>;

/** Answers a request whose headers are too large. */
export type TooLargeHandler = (stream: ServerStream) => void;

export interface ConnectionOptions {
  readonly socket: TLSSocket;
  readonly onStream: StreamHandler;
  readonly onTooLarge: TooLargeHandler;
}

export class Http2Connection implements StreamOwner {
  readonly sender: Sender;
  readonly #socket: TLSSocket;
  readonly #onStream: StreamHandler;
  readonly #onTooLarge: TooLargeHandler;
  readonly #streams = new Map<number, ServerStream>();
  readonly #decoder = new HpackDecoder({ bytesMax: headerBytesMax, countMax: headerCountMax });
  readonly #encoder = new HpackEncoder();
  readonly #floods = new FloodGuard();
  readonly #idle: IdleTimer;
  readonly #reader = new FrameReader((frame) => this.#frame(frame));
  readonly #blocks = new HeaderBlocks();
  #hasSettings = false;
  #lastStreamId = 0;
  /** Streams that began and whose handler works still, whether or not the client has given them up. */
  #underWay = 0;
  #clientWindowBytes = initialWindowBytes;
  /** What the client may still send. */
  #receiveBytes = connectionWindowBytes;
  #state: "open" | "draining" | "failed" = "open";

  constructor({ socket, onStream, onTooLarge }: ConnectionOptions) {
    this.#socket = socket;
    this.#onStream = onStream;
    this.#onTooLarge = onTooLarge;
    this.sender = new Sender(socket, () => socket.resume());
    this.#idle = new IdleTimer(idleTimeoutMs, () => this.drain());
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.once("close", () => this.#closed());
    this.sender.frames(
      settingsFrame([
        [settingIds.maxConcurrentStreams, streamsMax],
        [settingIds.initialWindowSize, streamWindowBytes],
        [settingIds.maxHeaderListSize, headerBytesMax],
      ]),
    );
    this.sender.frames(numbersFrame(frameTypes.windowUpdate, 0, connectionWindowBytes - initialWindowBytes));
  }

  /** Takes no more requests; ends with the last answer. */
  drain(): void {
    if (this.#state !== "open") return;
    this.#state = "draining";
    this.sender.frames(numbersFrame(frameTypes.goaway, 0, this.#lastStreamId, errorCodes.noError));
    this.#endIfDone();
  }

  sendHead(stream: ServerStream, status: number, headers: OutgoingHeaders, body: readonly Buffer[] | "later"): void {
    const head = this.#encoder.encode(status, headers, frameHeadBytes);
    const sizeBytes = head.length - frameHeadBytes;
    const bodyBytes = body === "later" ? 0 : body.reduce((sum, chunk) => sum + chunk.length, 0);
    const isEmpty = body !== "later" && bodyBytes === 0;
    if (sizeBytes > frameBytesMax) this.#sendLongHead(stream.id, head.subarray(frameHeadBytes), isEmpty);
    else {
      const flag = isEmpty ? flags.endHeaders | flags.endStream : flags.endHeaders;
      writeFrameHead(head, 0, { sizeBytes, type: frameTypes.headers, flag, streamId: stream.id });
      if (body !== "later" && bodyBytes > 0 && this.sender.takeWindow(stream.outgoing, bodyBytes)) {
        this.sender.frames(wholeAnswer(head, stream.id, { chunks: body, sizeBytes: bodyBytes }));
        stream.localEnded();
        return;
      }
      this.sender.frames(Buffer.from(head));
    }
    if (isEmpty) stream.localEnded();
    else if (body !== "later") this.sender.body(stream.outgoing, body, true);
  }

  reset(stream: ServerStream, code: ErrorCode): void {
    this.sender.frames(numbersFrame(frameTypes.rstStream, stream.id, code));
    stream.close();
  }

  credit({ id }: ServerStream, sizeBytes: number): void {
    this.sender.frames(numbersFrame(frameTypes.windowUpdate, id, sizeBytes));
  }

  forget({ id }: ServerStream): void {
    this.#streams.delete(id);
    this.#endIfDone();
  }

  // --- Frames

  #read(chunk: Buffer): void {
    if (this.#state === "failed") return;
    try {
      this.#reader.read(chunk);
    } catch (error) {
      this.#fail(error);
    }
    if (this.sender.isFull) this.#socket.pause();
  }

  #frame(frame: IncomingFrame): void {
    const { type, flag, streamId, payload } = frame;
    if (!this.#hasSettings && type !== frameTypes.settings) throw protocolError("settings must come first");
    if (this.#blocks.isOpen && type !== frameTypes.continuation) throw protocolError("headers are not whole");
    switch (type) {
      case frameTypes.data:
        this.#data(streamId, flag, payload);
        return;
      case frameTypes.headers:
        requireStream(streamId);
        this.#begin(this.#blocks.begin(frame));
        return;
      case frameTypes.continuation:
        this.#begin(this.#blocks.continue(frame));
        return;
      case frameTypes.windowUpdate:
        this.#windowUpdate(streamId, payload);
        return;
      case frameTypes.settings:
        this.#settings(streamId, flag, payload);
        return;
      case frameTypes.ping:
        this.#ping(streamId, flag, payload);
        return;
      case frameTypes.rstStream:
        this.#rstStream(streamId, payload);
        return;
      case frameTypes.priority:
        requireSize(payload, 5);
        requireStream(streamId);
        this.#floods.count();
        return;
      case frameTypes.goaway:
        if (streamId !== 0) throw protocolError("a goodbye is not a stream's");
        return;
      case frameTypes.pushPromise:
        throw protocolError("clients do not push");
      default:
        this.#floods.count();
    }
  }

  #data(streamId: number, flag: number, payload: Buffer): void {
    requireStream(streamId);
    this.#requireBegun(streamId);
    this.#receiveBytes -= payload.length;
    if (this.#receiveBytes < 0) throw new ConnectionError(errorCodes.flowControlError, "more data than allowed");
    this.#creditConnection();
    const data = unpadded(flag, payload);
    const hasEnd = (flag & flags.endStream) !== 0;
    if (data.length === 0 && !hasEnd) this.#floods.count();
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return;
    const { requestBody } = stream;
    if (requestBody === undefined || !stream.isRemoteOpen) this.reset(stream, errorCodes.streamClosed);
    else if (requestBody.unreadBytes + payload.length > streamWindowBytes)
      this.reset(stream, errorCodes.flowControlError);
    else if (!requestBody.arrive(data, payload.length) || (hasEnd && !requestBody.end()))
      this.reset(stream, errorCodes.protocolError);
    else if (hasEnd) stream.remoteEnded();
  }

  /** What has arrived counts against a stream until it is read, and against the connection no longer. */
  #creditConnection(): void {
    const sizeBytes = connectionWindowBytes - this.#receiveBytes;
    if (sizeBytes < connectionWindowBytes / 2) return;
    this.#receiveBytes = connectionWindowBytes;
    this.sender.frames(numbersFrame(frameTypes.windowUpdate, 0, sizeBytes));
  }

  #windowUpdate(streamId: number, payload: Buffer): void {
    requireSize(payload, 4);
    const sizeBytes = payload.readUInt32BE(0) & int31Max;
    if (streamId === 0) {
      if (sizeBytes === 0) throw protocolError("a window grows by nothing");
      this.sender.widen(sizeBytes);
      return;
    }
    this.#requireBegun(streamId);
    const stream = this.#streams.get(streamId);
    if (stream === undefined) this.#floods.count();
    else if (sizeBytes === 0) this.reset(stream, errorCodes.protocolError);
    else if (!stream.widen(sizeBytes)) this.reset(stream, errorCodes.flowControlError);
    else this.sender.retry();
  }

  #settings(streamId: number, flag: number, payload: Buffer): void {
    if (streamId !== 0) throw protocolError("settings are not a stream's");
    this.#hasSettings = true;
    this.#floods.count();
    if ((flag & flags.ack) !== 0) {
      requireSize(payload, 0);
      return;
    }
    if (payload.length % 6 !== 0) throw new ConnectionError(errorCodes.frameSizeError, "settings are cut off");
    for (let at = 0; at < payload.length; at += 6) this.#set(payload.readUInt16BE(at), payload.readUInt32BE(at + 2));
    this.sender.frames(ackFrame(frameTypes.settings, Buffer.alloc(0)));
    this.sender.retry();
  }

  #set(id: number, value: number): void {
    switch (id) {
      case settingIds.headerTableSize:
        this.#encoder.limitTable(value);
        return;
      case settingIds.enablePush:
        if (value > 1) throw protocolError("push is neither on nor off");
        return;
      case settingIds.initialWindowSize: {
        if (value > int31Max) throw new ConnectionError(errorCodes.flowControlError, "the window is too large");
        const difference = value - this.#clientWindowBytes;
        this.#clientWindowBytes = value;
        for (const stream of this.#streams.values())
          if (!stream.widen(difference))
            throw new ConnectionError(errorCodes.flowControlError, "a window is too large");
        return;
      }
      case settingIds.maxFrameSize:
        if (value < frameBytesMax || value >= 2 ** 24) throw protocolError("frames cannot be of that size");
        return;
      default:
        return;
    }
  }

  #ping(streamId: number, flag: number, payload: Buffer): void {
    if (streamId !== 0) throw protocolError("a ping is not a stream's");
    requireSize(payload, 8);
    if ((flag & flags.ack) !== 0) return;
    this.#floods.count();
    this.sender.frames(ackFrame(frameTypes.ping, payload));
  }

  #rstStream(streamId: number, payload: Buffer): void {
    requireStream(streamId);
    requireSize(payload, 4);
    this.#requireBegun(streamId);
    this.#floods.count();
    this.#streams.get(streamId)?.close();
  }

  // --- Streams

  /** The headers of a request, or what follows its body. */
  #begin(block: HeaderBlock | undefined): void {
    if (block === undefined) return;
    const { streamId, hasEnd } = block;
    // Read in any case: the table learns from all headers.
    const raw = this.#decoder.decode(block.bytes);
    if (streamId <= this.#lastStreamId) {
      this.#trailers(streamId, raw, hasEnd);
      return;
    }
    if (streamId % 2 === 0) throw protocolError("clients have odd streams");
    if (this.#state !== "open") return;
    this.#lastStreamId = streamId;
    try {
      if (this.#underWay >= streamsMax) throw new StreamError(errorCodes.refusedStream, "too many requests at once");
      this.#open(streamId, raw, hasEnd);
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      this.#floods.count();
      this.sender.frames(numbersFrame(frameTypes.rstStream, streamId, error.code));
    }
  }

  #open(streamId: number, raw: readonly string[] | undefined, hasEnd: boolean): void {
    const head = readRequestHead(raw ?? unknownHead);
    const { contentLength = 0 } = head;
    if (hasEnd && contentLength !== 0) throw new StreamError(errorCodes.protocolError, "a body is missing");
    const stream = new ServerStream(this, streamId, { head, hasBody: !hasEnd, windowBytes: this.#clientWindowBytes });
    this.#streams.set(streamId, stream);
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
    const stream = this.#streams.get(streamId);
    // Of a stream that has ended on our side, while they were on their way.
    if (stream === undefined) this.#floods.count();
    else if (
      !hasEnd ||
      raw === undefined ||
      !stream.isRemoteOpen ||
      !areTrailers(raw) ||
      stream.requestBody?.end() === false
    )
      this.reset(stream, errorCodes.protocolError);
    else stream.remoteEnded();
  }

  #requireBegun(streamId: number): void {
    if (streamId > this.#lastStreamId && this.#state === "open") throw protocolError("the stream has not begun");
  }

  #sendLongHead(streamId: number, block: Buffer, isEmpty: boolean): void {
    const frames: Buffer[] = [];
    for (let at = 0; at < block.length; at += frameBytesMax) {
      const payload = block.subarray(at, at + frameBytesMax);
      const isFirst = at === 0;
      const type = isFirst ? frameTypes.headers : frameTypes.continuation;
      const end = at + frameBytesMax >= block.length ? flags.endHeaders : flags.none;
      const frame = Buffer.allocUnsafe(frameHeadBytes + payload.length);
      const flag = end | (isFirst && isEmpty ? flags.endStream : flags.none);
      writeFrameHead(frame, 0, { sizeBytes: payload.length, type, flag, streamId });
      payload.copy(frame, frameHeadBytes);
      frames.push(frame);
    }
    this.sender.frames(Buffer.concat(frames));
  }

  // --- The end

  #fail(error: unknown): void {
    // Whatever a client sends, it ends its own connection and nothing else.
    const { code, message } =
      error instanceof ConnectionError
        ? error
        : new ConnectionError(errorCodes.internalError, "a frame was not understood");
    this.#state = "failed";
    const why = Buffer.from(message);
    const frame = Buffer.allocUnsafe(frameHeadBytes + 8 + why.length);
    const sizeBytes = 8 + why.length;
    writeFrameHead(frame, 0, { sizeBytes, type: frameTypes.goaway, flag: flags.none, streamId: 0 });
    frame.writeUInt32BE(this.#lastStreamId, frameHeadBytes);
    frame.writeUInt32BE(code, frameHeadBytes + 4);
    why.copy(frame, frameHeadBytes + 8);
    this.sender.frames(frame);
    for (const stream of [...this.#streams.values()]) stream.close();
    this.#end();
  }

  #endIfDone(): void {
    if (this.#state === "draining" && this.#streams.size === 0) this.#end();
  }

  /** Says what is left to say, and goes. */
  #end(): void {
    this.sender.end();
    const cut = setTimeout(() => this.#socket.destroy(), goawayMs);
    this.#socket.once("close", () => clearTimeout(cut));
  }

  #closed(): void {
    this.#idle.stop();
    for (const stream of [...this.#streams.values()]) stream.close();
  }
}

/** Stands for headers that were too many to be kept. */
const unknownHead = [":method", "GET", ":scheme", "https", ":path", "/"];

/** Head and body of a small answer in one piece. */
function wholeAnswer(
  head: Buffer,
  streamId: number,
  { chunks, sizeBytes }: { readonly chunks: readonly Buffer[]; readonly sizeBytes: number },
): Buffer {
  const frames = Buffer.allocUnsafe(head.length + frameHeadBytes + sizeBytes);
  head.copy(frames);
  writeFrameHead(frames, head.length, { sizeBytes, type: frameTypes.data, flag: flags.endStream, streamId });
  let at = head.length + frameHeadBytes;
  for (const chunk of chunks) at += chunk.copy(frames, at);
  return frames;
}

function requireSize(payload: Buffer, sizeBytes: number): void {
  if (payload.length !== sizeBytes) throw new ConnectionError(errorCodes.frameSizeError, "a frame has the wrong size");
}

function requireStream(streamId: number): void {
  if (streamId === 0) throw protocolError("a frame must belong to a stream");
}

function protocolError(message: string): ConnectionError {
  return new ConnectionError(errorCodes.protocolError, message);
}
