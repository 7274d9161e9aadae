// The outgoing half of a connection: frames in one write per turn of the loop, and bodies as fast as the other side takes them.

import type { Socket } from "node:net";
import {
  ConnectionError,
  errorCodes,
  flags,
  frameBytesMax,
  frameHeadBytes,
  frameTypes,
  initialWindowBytes,
  int31Max,
  writeFrameHead,
} from "./protocol.ts";
import { giveMemory, takeMemory } from "./write-memory.ts";

/** Frames that wait because the other side does not read: beyond that it is heard no further, which ends every flood of questions. */
const waitingBytesMax = 1024 * 1024;
/** What goes out in one write, at most: large enough that a list takes a few of them. */
const writeBytesMax = 512 * 1024;
/** What one body gets of a write, so that a list does not keep others waiting. */
const pieceBytes = 256 * 1024;
/** A frame of data with its head fills one TLS record of 16 KiB. */
const dataBytesMax = frameBytesMax - frameHeadBytes;

/** The body of one request or answer, on its way. */
export class OutgoingBody {
  readonly streamId: number;
  windowBytes: number;
  readonly chunks: Buffer[] = [];
  /** How much of the first chunk has gone. */
  sentOfFirst = 0;
  waitingBytes = 0;
  hasEnd = false;
  /** Called when everything that was given has gone, the end included. */
  onTaken: (() => void) | undefined;
  /** Called when the end has gone. */
  readonly onEnd: () => void;
  /** Called when the other side takes nothing for too long. */
  readonly onStalled: () => void;
  stallTimer: NodeJS.Timeout | undefined;

  constructor(
    streamId: number,
    { windowBytes, onEnd, onStalled }: Pick<OutgoingBody, "windowBytes" | "onEnd" | "onStalled">,
  ) {
    this.streamId = streamId;
    this.windowBytes = windowBytes;
    this.onEnd = onEnd;
    this.onStalled = onStalled;
  }
}

export interface SenderOptions {
  readonly socket: Socket;
  /** How long the other side may take nothing while there is something for it. */
  readonly stalledTimeoutMs: number;
  /** Called when the other side takes something again. */
  readonly onRoom: () => void;
}

export class Sender {
  readonly #socket: Socket;
  /** Called when the other side takes something again. */
  readonly #onRoom: () => void;
  readonly #stalledTimeoutMs: number;
  #queue: Buffer[] = [];
  #queuedBytes = 0;
  #isScheduled = false;
  /** One write at a time: what comes meanwhile goes together in the next one. */
  #isWriting = false;
  /** Bodies that have something to send, in the order of their turns. */
  readonly #bodies = new Set<OutgoingBody>();
  #windowBytes = initialWindowBytes;

  constructor({ socket, stalledTimeoutMs, onRoom }: SenderOptions) {
    this.#socket = socket;
    this.#stalledTimeoutMs = stalledTimeoutMs;
    this.#onRoom = onRoom;
    // Nothing was read and nothing was written for so long: who waits for something is not there any more.
    socket.setTimeout(stalledTimeoutMs, () => {
      if (this.#isWriting) socket.destroy();
    });
    socket.once("close", () => {
      for (const body of this.#bodies) clearTimeout(body.stallTimer);
      this.#bodies.clear();
    });
  }

  /** Whether the other side reads so slowly that it should be heard no further. */
  get isFull(): boolean {
    return this.#queuedBytes > waitingBytesMax;
  }

  /** Sends whole frames. */
  frames(frames: Buffer): void {
    this.#queue.push(frames);
    this.#queuedBytes += frames.length;
    this.#schedule();
  }

  /** Takes room for a body that goes out at once; false where the other side has not given so much. */
  takeWindow(body: OutgoingBody, sizeBytes: number): boolean {
    if (sizeBytes > Math.min(dataBytesMax, body.windowBytes, this.#windowBytes) || this.#bodies.size > 0) return false;
    body.windowBytes -= sizeBytes;
    this.#windowBytes -= sizeBytes;
    return true;
  }

  /** Sends a part of a body, after what it sent before. */
  body(body: OutgoingBody, chunks: readonly Buffer[], hasEnd: boolean): void {
    for (const chunk of chunks) {
      if (chunk.length === 0) continue;
      body.chunks.push(chunk);
      body.waitingBytes += chunk.length;
    }
    body.hasEnd = hasEnd;
    this.#bodies.add(body);
    this.#schedule();
  }

  /** Sends no more of a body. */
  drop(body: OutgoingBody): void {
    clearTimeout(body.stallTimer);
    this.#bodies.delete(body);
    body.chunks.length = 0;
    body.waitingBytes = 0;
  }

  /** The other side takes so much more on the connection. Throws a ConnectionError. */
  widen(sizeBytes: number): void {
    this.#windowBytes += sizeBytes;
    if (this.#windowBytes > int31Max) throw new ConnectionError(errorCodes.flowControlError, "the window is too large");
    this.retry();
  }

  /** Tries bodies again whose windows are wider. */
  retry(): void {
    if (this.#bodies.size > 0) this.#schedule();
  }

  /** Says what there is to say, and no more. */
  end(): void {
    this.#bodies.clear();
    this.#socket.end(Buffer.concat(this.#queue));
    this.#queue = [];
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isWriting) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#flush();
    });
  }

  /** One write of the frames that wait, and of a piece of each body in turn. */
  #flush(): void {
    if (this.#isWriting || this.#socket.destroyed || this.#socket.writableEnded) return;
    const wasFull = this.isFull;
    const frames = this.#queue;
    const framesBytes = this.#queuedBytes;
    this.#queue = [];
    this.#queuedBytes = 0;
    const [only] = frames;
    if (this.#bodies.size > 0 || frames.length > 1) this.#writeTogether(frames, framesBytes);
    else if (only !== undefined) this.#write(only);
    if (wasFull) this.#onRoom();
  }

  #writeTogether(frames: readonly Buffer[], framesBytes: number): void {
    let bodyBytes = 0;
    for (const { waitingBytes } of this.#bodies) bodyBytes += Math.min(waitingBytes, pieceBytes) + frameHeadBytes;
    // Every frame of data has a head, and one more where a piece ends.
    const sizeMax = framesBytes + bodyBytes + Math.ceil(bodyBytes / dataBytesMax) * frameHeadBytes;
    const target = takeMemory(Math.min(sizeMax, Math.max(writeBytesMax, framesBytes)));
    let at = 0;
    for (const frame of frames) at += frame.copy(target, at);
    const { end, whole } = this.#layOutBodies(target, at);
    if (end > 0) this.#write(target.subarray(0, end), target);
    else giveMemory(target);
    // Only now: with its last answer a connection may end, and nothing can be written behind that.
    for (const body of whole) finish(body);
  }

  #write(bytes: Buffer, memory?: Buffer): void {
    this.#isWriting = true;
    this.#socket.write(bytes, () => {
      this.#isWriting = false;
      if (memory !== undefined) giveMemory(memory);
      this.#flush();
    });
  }

  /** Each body has one turn. Tells where the target's bytes end, and which bodies have nothing left. */
  #layOutBodies(target: Buffer, start: number): { readonly end: number; readonly whole: readonly OutgoingBody[] } {
    let end = start;
    const whole: OutgoingBody[] = [];
    for (const body of [...this.#bodies]) {
      const room = roomFor(target.length - end);
      const sizeBytes = Math.min(body.waitingBytes, body.windowBytes, this.#windowBytes, pieceBytes, room);
      const isWhole = sizeBytes === body.waitingBytes;
      if (room <= 0) break;
      this.#bodies.delete(body);
      if (sizeBytes > 0 || isWhole) {
        clearTimeout(body.stallTimer);
        body.stallTimer = undefined;
        if (sizeBytes > 0 || body.hasEnd)
          end = layOut(body, { target, at: end, sizeBytes, hasEnd: isWhole && body.hasEnd });
        body.windowBytes -= sizeBytes;
        this.#windowBytes -= sizeBytes;
      } else body.stallTimer ??= setTimeout(body.onStalled, this.#stalledTimeoutMs);
      if (isWhole) whole.push(body);
      else this.#bodies.add(body);
    }
    return { end, whole };
  }
}

/** How many bytes of a body fit with the heads of their frames. */
function roomFor(sizeBytes: number): number {
  return sizeBytes - Math.ceil(sizeBytes / frameBytesMax) * frameHeadBytes;
}

/** Everything that was given so far has gone. */
function finish(body: OutgoingBody): void {
  const taken = body.onTaken;
  body.onTaken = undefined;
  if (body.hasEnd) body.onEnd();
  taken?.();
}

interface Layout {
  readonly target: Buffer;
  readonly at: number;
  readonly sizeBytes: number;
  readonly hasEnd: boolean;
}

/** Writes frames of the next bytes of a body. Returns where they end. */
function layOut(body: OutgoingBody, { target, at: start, sizeBytes, hasEnd }: Layout): number {
  const frameCount = Math.max(1, Math.ceil(sizeBytes / dataBytesMax));
  let at = start;
  for (let left = sizeBytes, frame = 1; frame <= frameCount; frame++) {
    const payload = Math.min(left, dataBytesMax);
    const flag = hasEnd && frame === frameCount ? flags.endStream : flags.none;
    writeFrameHead(target, at, { sizeBytes: payload, type: frameTypes.data, flag, streamId: body.streamId });
    at = copyNext(body, target, at + frameHeadBytes, payload);
    left -= payload;
  }
  body.waitingBytes -= sizeBytes;
  return at;
}

function copyNext(body: OutgoingBody, target: Buffer, start: number, sizeBytes: number): number {
  const end = start + sizeBytes;
  let at = start;
  let used = 0;
  while (at < end) {
    const chunk = body.chunks[used];
    if (chunk === undefined) break;
    const copied = chunk.copy(target, at, body.sentOfFirst, body.sentOfFirst + end - at);
    at += copied;
    body.sentOfFirst += copied;
    if (body.sentOfFirst < chunk.length) break;
    used++;
    body.sentOfFirst = 0;
  }
  if (used > 0) body.chunks.splice(0, used);
  return end;
}
