// One connection that speaks HTTP/2, from either end: reads frames, holds them to the rules, and keeps the windows.
// Which streams there are, and what headers mean, is for its side to say. https://www.rfc-editor.org/rfc/rfc9113

import type { Socket } from "node:net";
import type { FloodGuard } from "./flood-guard.ts";
import { FrameReader, type IncomingFrame } from "./frame-reader.ts";
import { type HeaderBlock, HeaderBlocks } from "./header-blocks.ts";
import { type HeaderLimits, HpackDecoder } from "./hpack-decoder.ts";
import { HpackEncoder } from "./hpack-encoder.ts";
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
  preface,
  type Setting,
  settingIds,
  settingsFrame,
  writeFrameHead,
} from "./protocol.ts";
import { Sender } from "./sender.ts";
import type { Http2Stream } from "./stream.ts";

/** Who has broken the rules gets this long to read so. */
const goawayMs = 1_000;

/** What a client and a server do in different ways. All may throw a ConnectionError. */
export interface Side {
  /** Headers have come, of a stream that may not be there yet, or not any more. `raw` is undefined for more than the limits allow. */
  headers(streamId: number, raw: readonly string[] | undefined, hasEnd: boolean): void;
  /** Whether a stream of that number has ever begun. */
  hasBegun(streamId: number): boolean;
  /** The other side takes no more requests, and has seen none after that stream. */
  goaway(lastStreamId: number): void;
  /** The last stream that the other side has begun. */
  readonly lastStreamId: number;
}

export interface ConnectionOptions {
  readonly socket: Socket;
  readonly isServer: boolean;
  readonly side: Side;
  readonly headerLimits: HeaderLimits;
  /** What the other side may send of one body before we read it. */
  readonly streamWindowBytes: number;
  /** And of all bodies together before it hears that they have arrived. */
  readonly connectionWindowBytes: number;
  /** What else the other side is told. */
  readonly settings: readonly Setting[];
  /** How long the other side may take nothing while there is something for it. */
  readonly stalledTimeoutMs: number;
  /** Where the other side is not to be trusted. */
  readonly floods?: FloodGuard;
}

export class Connection {
  readonly sender: Sender;
  readonly encoder = new HpackEncoder();
  readonly #socket: Socket;
  readonly #side: Side;
  readonly #streams = new Map<number, Http2Stream>();
  readonly #decoder: HpackDecoder;
  readonly #floods: FloodGuard | undefined;
  readonly #reader: FrameReader;
  readonly #blocks: HeaderBlocks;
  readonly #streamWindowBytes: number;
  readonly #connectionWindowBytes: number;
  /** Who waits for answers to pings, in their order. */
  readonly #pings: (() => void)[] = [];
  #hasSettings = false;
  #outgoingWindowBytes = initialWindowBytes;
  /** How many requests the other side takes at once. */
  #streamsMax = Number.POSITIVE_INFINITY;
  /** What the other side may still send. */
  #receiveBytes: number;
  #state: "open" | "draining" | "failed" = "open";

  constructor(options: ConnectionOptions) {
    const { socket, isServer, side, headerLimits, streamWindowBytes, connectionWindowBytes } = options;
    this.#socket = socket;
    this.#side = side;
    this.#decoder = new HpackDecoder(headerLimits);
    this.#blocks = new HeaderBlocks(headerLimits.bytesMax);
    this.#reader = new FrameReader((frame) => this.#frame(frame), { isFromClient: isServer });
    this.#floods = options.floods;
    this.#streamWindowBytes = streamWindowBytes;
    this.#connectionWindowBytes = connectionWindowBytes;
    this.#receiveBytes = connectionWindowBytes;
    const { stalledTimeoutMs } = options;
    this.sender = new Sender({ socket, stalledTimeoutMs, onRoom: () => socket.resume() });
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.once("close", () => {
      for (const stream of [...this.#streams.values()]) stream.close();
    });
    if (!isServer) this.sender.frames(preface);
    const own: readonly Setting[] = [
      [settingIds.initialWindowSize, streamWindowBytes],
      [settingIds.maxHeaderListSize, headerLimits.bytesMax],
    ];
    this.sender.frames(settingsFrame([...options.settings, ...own]));
    this.sender.frames(numbersFrame(frameTypes.windowUpdate, 0, connectionWindowBytes - initialWindowBytes));
  }

  /** Whether streams may begin. */
  get isOpen(): boolean {
    return this.#state === "open" && !this.#socket.destroyed && !this.#socket.writableEnded;
  }

  /** What the other side takes of a body before it asks for more. */
  get outgoingWindowBytes(): number {
    return this.#outgoingWindowBytes;
  }

  /** How many streams the other side takes at once; infinity where it has not said. */
  get streamsMax(): number {
    return this.#streamsMax;
  }

  stream(streamId: number): Http2Stream | undefined {
    return this.#streams.get(streamId);
  }

  streams(): readonly Http2Stream[] {
    return [...this.#streams.values()];
  }

  /** A stream has begun. */
  add(stream: Http2Stream): void {
    this.#streams.set(stream.id, stream);
  }

  /** Both sides of a stream have ended. */
  forget({ id }: Http2Stream): void {
    this.#streams.delete(id);
    this.#endIfDone();
  }

  /** Takes no more requests; ends with the last answer. */
  drain(): void {
    if (this.#state !== "open") return;
    this.#state = "draining";
    this.sender.frames(numbersFrame(frameTypes.goaway, 0, this.#side.lastStreamId, errorCodes.noError));
    this.#endIfDone();
  }

  /** Asks whether the other side is there. */
  ping(onAnswer: () => void): void {
    this.#pings.push(onAnswer);
    const frame = Buffer.alloc(frameHeadBytes + 8);
    writeFrameHead(frame, 0, { sizeBytes: 8, type: frameTypes.ping, flag: flags.none, streamId: 0 });
    this.sender.frames(frame);
  }

  /** Sends a head as the encoder has made it; with chunks, all of the body behind it, in one go where the windows allow. */
  sendHead(stream: Http2Stream, head: Buffer, body: readonly Buffer[] | "later"): void {
    const sizeBytes = head.length - frameHeadBytes;
    const bodyBytes = body === "later" ? 0 : body.reduce((sum, chunk) => sum + chunk.length, 0);
    const isEmpty = body !== "later" && bodyBytes === 0;
    if (sizeBytes > frameBytesMax) this.sender.frames(longHead(stream.id, head.subarray(frameHeadBytes), isEmpty));
    else {
      const flag = isEmpty ? flags.endHeaders | flags.endStream : flags.endHeaders;
      writeFrameHead(head, 0, { sizeBytes, type: frameTypes.headers, flag, streamId: stream.id });
      if (body !== "later" && bodyBytes > 0 && this.sender.takeWindow(stream.outgoing, bodyBytes)) {
        this.sender.frames(headAndBody(head, stream.id, { chunks: body, sizeBytes: bodyBytes }));
        stream.localEnded();
        return;
      }
      this.sender.frames(Buffer.from(head));
    }
    if (isEmpty) stream.localEnded();
    else if (body !== "later") this.sender.body(stream.outgoing, body, true);
  }

  reset(stream: Http2Stream, code: ErrorCode): void {
    this.refuse(stream.id, code);
    stream.close();
  }

  /** Resets a stream that has not begun. */
  refuse(streamId: number, code: ErrorCode): void {
    this.sender.frames(numbersFrame(frameTypes.rstStream, streamId, code));
  }

  /** The other side may send so much more on a stream. */
  credit({ id }: Http2Stream, sizeBytes: number): void {
    this.sender.frames(numbersFrame(frameTypes.windowUpdate, id, sizeBytes));
  }

  /** Counts what costs the other side nothing. Throws a ConnectionError for one too many. */
  countFlood(): void {
    this.#floods?.count();
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
        this.#headers(this.#blocks.begin(frame));
        return;
      case frameTypes.continuation:
        this.#headers(this.#blocks.continue(frame));
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
        this.countFlood();
        return;
      case frameTypes.goaway:
        if (streamId !== 0) throw protocolError("a goodbye is not a stream's");
        if (payload.length < 8) throw new ConnectionError(errorCodes.frameSizeError, "a goodbye is too short");
        this.#side.goaway(payload.readUInt32BE(0) & int31Max);
        return;
      case frameTypes.pushPromise:
        throw protocolError("nobody asked for a push");
      default:
        this.countFlood();
    }
  }

  #headers(block: HeaderBlock | undefined): void {
    if (block === undefined) return;
    // Read in any case: the table learns from all headers.
    this.#side.headers(block.streamId, this.#decoder.decode(block.bytes), block.hasEnd);
  }

  #data(streamId: number, flag: number, payload: Buffer): void {
    requireStream(streamId);
    this.#requireBegun(streamId);
    this.#receiveBytes -= payload.length;
    if (this.#receiveBytes < 0) throw new ConnectionError(errorCodes.flowControlError, "more data than allowed");
    this.#creditConnection();
    const data = unpadded(flag, payload);
    const hasEnd = (flag & flags.endStream) !== 0;
    if (data.length === 0 && !hasEnd) this.countFlood();
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return;
    const { incoming } = stream;
    if (incoming === undefined || !stream.isRemoteOpen) this.reset(stream, errorCodes.streamClosed);
    else if (incoming.unreadBytes + payload.length > this.#streamWindowBytes)
      this.reset(stream, errorCodes.flowControlError);
    else if (!incoming.arrive(data, payload.length) || (hasEnd && !incoming.end()))
      this.reset(stream, errorCodes.protocolError);
    else if (hasEnd) stream.remoteEnded();
  }

  /** What has arrived counts against a stream until it is read, and against the connection no longer. */
  #creditConnection(): void {
    const sizeBytes = this.#connectionWindowBytes - this.#receiveBytes;
    if (sizeBytes < this.#connectionWindowBytes / 2) return;
    this.#receiveBytes = this.#connectionWindowBytes;
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
    // Who reads our end asks for more before it has seen it.
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return;
    if (sizeBytes === 0) this.reset(stream, errorCodes.protocolError);
    else if (!stream.widen(sizeBytes)) this.reset(stream, errorCodes.flowControlError);
    else this.sender.retry();
  }

  #settings(streamId: number, flag: number, payload: Buffer): void {
    if (streamId !== 0) throw protocolError("settings are not a stream's");
    this.#hasSettings = true;
    this.countFlood();
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
        this.encoder.limitTable(value);
        return;
      case settingIds.enablePush:
        if (value > 1) throw protocolError("push is neither on nor off");
        return;
      case settingIds.maxConcurrentStreams:
        this.#streamsMax = value;
        return;
      case settingIds.initialWindowSize: {
        if (value > int31Max) throw new ConnectionError(errorCodes.flowControlError, "the window is too large");
        const difference = value - this.#outgoingWindowBytes;
        this.#outgoingWindowBytes = value;
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
    if ((flag & flags.ack) !== 0) {
      this.#pings.shift()?.();
      return;
    }
    this.countFlood();
    this.sender.frames(ackFrame(frameTypes.ping, payload));
  }

  #rstStream(streamId: number, payload: Buffer): void {
    requireStream(streamId);
    requireSize(payload, 4);
    this.#requireBegun(streamId);
    this.countFlood();
    this.#streams.get(streamId)?.wasReset(payload.readUInt32BE(0));
  }

  #requireBegun(streamId: number): void {
    if (!this.#side.hasBegun(streamId) && this.#state === "open") throw protocolError("the stream has not begun");
  }

  // --- The end

  #fail(error: unknown): void {
    // Whatever the other side sends, it ends its own connection and nothing else.
    const { code, message } =
      error instanceof ConnectionError
        ? error
        : new ConnectionError(errorCodes.internalError, "a frame was not understood");
    this.#state = "failed";
    const why = Buffer.from(message);
    const frame = Buffer.allocUnsafe(frameHeadBytes + 8 + why.length);
    const sizeBytes = 8 + why.length;
    writeFrameHead(frame, 0, { sizeBytes, type: frameTypes.goaway, flag: flags.none, streamId: 0 });
    frame.writeUInt32BE(this.#side.lastStreamId, frameHeadBytes);
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
}

/** Head and body of what is small, in one piece. */
function headAndBody(
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

/** A head that one frame cannot hold. */
function longHead(streamId: number, block: Buffer, isEmpty: boolean): Buffer {
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
  return Buffer.concat(frames);
}

function requireSize(payload: Buffer, sizeBytes: number): void {
  if (payload.length !== sizeBytes) throw new ConnectionError(errorCodes.frameSizeError, "a frame has the wrong size");
}

function requireStream(streamId: number): void {
  if (streamId === 0) throw protocolError("a frame must belong to a stream");
}

/** The other side broke the rules of the protocol itself. */
export function protocolError(message: string): ConnectionError {
  return new ConnectionError(errorCodes.protocolError, message);
}
