// One request of a connection and its answer.

import type { Writable } from "node:stream";
import type { OutgoingHeaders } from "./hpack-encoder.ts";
import { type ErrorCode, errorCodes, int31Max } from "./protocol.ts";
import { RequestBody } from "./request-body.ts";
import type { RequestHead } from "./request-head.ts";
import { ResponseBody } from "./response-body.ts";
import { OutgoingBody, type Sender } from "./sender.ts";

/** So much of an answer may wait for the client before whoever makes it waits, too. */
const unsentBytesMax = 64 * 1024;

/** What a stream needs of its connection. */
export interface StreamOwner {
  readonly sender: Sender;
  /** Sends the head of an answer; with chunks, the whole of it in one go. Throws a TypeError for what is no header. */
  sendHead(stream: ServerStream, status: number, headers: OutgoingHeaders, body: readonly Buffer[] | "later"): void;
  reset(stream: ServerStream, code: ErrorCode): void;
  credit(stream: ServerStream, sizeBytes: number): void;
  /** Both sides have ended. */
  forget(stream: ServerStream): void;
}

export class ServerStream {
  readonly id: number;
  readonly head: RequestHead;
  /** Undefined for a request without one. */
  readonly requestBody: RequestBody | undefined;
  readonly outgoing: OutgoingBody;
  readonly #owner: StreamOwner;
  readonly #listeners: (() => void)[] = [];
  #responseBody: ResponseBody | undefined;
  #isRemoteOpen: boolean;
  #isLocalOpen = true;
  #isClosed = false;

  constructor(owner: StreamOwner, id: number, options: { head: RequestHead; hasBody: boolean; windowBytes: number }) {
    const { head, hasBody, windowBytes } = options;
    this.#owner = owner;
    this.id = id;
    this.head = head;
    this.#isRemoteOpen = hasBody;
    this.requestBody = hasBody
      ? new RequestBody(head.contentLength, (sizeBytes) => this.#isRemoteOpen && owner.credit(this, sizeBytes))
      : undefined;
    this.outgoing = new OutgoingBody(id, {
      windowBytes,
      onEnd: () => this.localEnded(),
      onStalled: () => this.#reset(errorCodes.cancel),
    });
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Whether the client may still send of its body. */
  get isRemoteOpen(): boolean {
    return this.#isRemoteOpen;
  }

  onClose(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Answers with what is ready. Throws a TypeError for what is no header. */
  respond(status: number, headers: OutgoingHeaders, body: readonly Buffer[]): void {
    this.#owner.sendHead(this, status, headers, body);
  }

  /** Answers with what comes bit by bit, by `send` or by a stream of Node's. Throws a TypeError for what is no header. */
  respondLater(status: number, headers: OutgoingHeaders): void {
    this.#owner.sendHead(this, status, headers, "later");
  }

  /** Sends a part of the answer. False where the client should take some of it before there is more. */
  send(chunk: Buffer): boolean {
    if (!this.#isClosed) this.#owner.sender.body(this.outgoing, [chunk], false);
    return this.outgoing.waitingBytes < unsentBytesMax;
  }

  /** Resolves when everything that was sent has gone, or the stream has closed. */
  taken(): Promise<void> {
    if (this.#isClosed || this.outgoing.waitingBytes === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.outgoing.onTaken = resolve;
      this.onClose(resolve);
    });
  }

  /** Ends the answer. */
  sendEnd(): void {
    if (!this.#isClosed) this.#owner.sender.body(this.outgoing, [], true);
  }

  /** The answer's body for who writes to Node's streams. */
  writable(): Writable {
    const { sender } = this.#owner;
    const give = (chunks: readonly Buffer[], hasEnd: boolean, onTaken: () => void) => {
      if (this.#isClosed) {
        onTaken();
        return;
      }
      this.outgoing.onTaken = onTaken;
      sender.body(this.outgoing, chunks, hasEnd);
    };
    const body = new ResponseBody({
      write: (chunks, onTaken) => give(chunks, false, onTaken),
      end: (onTaken) => give([], true, onTaken),
      breakOff: () => this.breakOff(),
    });
    this.#responseBody = body;
    // Who writes hears of it by the close event.
    body.on("error", () => {});
    return body;
  }

  /** The end of the answer has gone. */
  localEnded(): void {
    this.#isLocalOpen = false;
    if (!this.#isRemoteOpen) this.close();
  }

  /** The client's side has ended. */
  remoteEnded(): void {
    this.#isRemoteOpen = false;
    if (!this.#isLocalOpen) this.close();
  }

  /** The answer cannot be given, or not as a whole. */
  breakOff(): void {
    this.#reset(errorCodes.internalError);
  }

  /** The answer is there and the rest of the request is not wanted. */
  refuseRest(): void {
    this.#reset(errorCodes.noError);
  }

  /** Ends both sides without another word to the client. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#isLocalOpen = false;
    this.#isRemoteOpen = false;
    this.#owner.sender.drop(this.outgoing);
    this.#owner.forget(this);
    // A body that has ended may still be read.
    if (this.requestBody?.readableEnded === false && !this.requestBody.isWhole) this.requestBody.destroy();
    this.#responseBody?.destroy();
    for (const listener of this.#listeners) listener();
  }

  /** The client takes so much more of the answer. False for a window beyond what numbers can say. */
  widen(sizeBytes: number): boolean {
    this.outgoing.windowBytes += sizeBytes;
    return this.outgoing.windowBytes <= int31Max;
  }

  #reset(code: ErrorCode): void {
    if (!this.#isClosed) this.#owner.reset(this, code);
  }
}
