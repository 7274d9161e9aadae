// One request and its answer on a connection: what both sides know of it.

import type { Readable } from "node:stream";
import type { Connection } from "./connection.ts";
import { IncomingBody } from "./incoming-body.ts";
import { type ErrorCode, errorCodes, int31Max } from "./protocol.ts";
import { OutgoingBody } from "./sender.ts";

/** So much may wait for the other side before whoever makes it waits, too. */
const unsentBytesMax = 64 * 1024;
/** And so much of what is passed on, so that a large body goes out in few writes. 1,000 slow readers hold 256 MiB. */
const passedBytesMax = 256 * 1024;

export class Http2Stream {
  readonly id: number;
  /** What goes out after the head. */
  readonly outgoing: OutgoingBody;
  protected readonly connection: Connection;
  readonly #listeners: (() => void)[] = [];
  #incoming: IncomingBody | undefined;
  #isRemoteOpen: boolean;
  #isLocalOpen = true;
  #isClosed = false;
  #resetCode: number | undefined;

  constructor(connection: Connection, id: number, { isRemoteOpen }: { readonly isRemoteOpen: boolean }) {
    this.connection = connection;
    this.id = id;
    this.#isRemoteOpen = isRemoteOpen;
    this.outgoing = new OutgoingBody(id, {
      windowBytes: connection.outgoingWindowBytes,
      onEnd: () => this.localEnded(),
      onStalled: () => this.reset(errorCodes.cancel),
    });
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Whether the other side may still send. */
  get isRemoteOpen(): boolean {
    return this.#isRemoteOpen;
  }

  /** Why the other side ended the stream before its end; undefined where it did not. */
  get resetCode(): number | undefined {
    return this.#resetCode;
  }

  /** What comes after the other side's head; undefined where nothing does, or before the head has come. */
  get incoming(): IncomingBody | undefined {
    return this.#incoming;
  }

  /** The head has come and a body follows. */
  expectBody(contentLength: number | undefined): IncomingBody {
    const credit = (sizeBytes: number) => {
      if (this.#isRemoteOpen) this.connection.credit(this, sizeBytes);
    };
    this.#incoming = new IncomingBody(contentLength, credit);
    return this.#incoming;
  }

  onClose(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Sends a part of the body. False where the other side should take some of it before there is more. */
  send(chunk: Buffer): boolean {
    if (!this.#isClosed) this.connection.sender.body(this.outgoing, [chunk], false);
    return this.outgoing.waitingBytes < unsentBytesMax;
  }

  /** Resolves when everything that was sent has gone, or the stream has closed. */
  taken(): Promise<void> {
    if (this.#isClosed || this.outgoing.waitingBytes === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.outgoing.onTaken = resolve;
    });
  }

  /** Ends the body. */
  sendEnd(): void {
    if (!this.#isClosed) this.connection.sender.body(this.outgoing, [], true);
  }

  /**
   * Sends what a source gives, no faster than the other side takes it. A source that breaks off ends in a reset, never as a whole body; one
   * that the other side does not want is left as it is. Resolves when everything was handed over or either has gone.
   */
  sendFrom(source: Readable): Promise<void> {
    return new Promise((resolve) => {
      const take = (chunk: Buffer) => {
        this.send(chunk);
        if (this.outgoing.waitingBytes < passedBytesMax) return;
        source.pause();
        void this.taken().then(() => {
          if (!this.#isClosed) source.resume();
        });
      };
      source.once("end", () => {
        this.sendEnd();
        resolve();
      });
      // The close event that follows tells.
      source.on("error", () => {});
      source.once("close", () => {
        if (!source.readableEnded) this.breakOff();
        resolve();
      });
      this.onClose(() => {
        source.off("data", take).pause();
        resolve();
      });
      if (this.#isClosed) resolve();
      else source.on("data", take);
    });
  }

  /** What is sent cannot be given, or not as a whole. */
  breakOff(): void {
    this.reset(errorCodes.internalError);
  }

  /** Ends both sides, and tells the other one why. */
  reset(code: ErrorCode): void {
    if (!this.#isClosed) this.connection.reset(this, code);
  }

  /** The end of our side has gone. */
  localEnded(): void {
    this.#isLocalOpen = false;
    if (!this.#isRemoteOpen) this.close();
  }

  /** The other side has ended. */
  remoteEnded(): void {
    this.#isRemoteOpen = false;
    if (!this.#isLocalOpen) this.close();
  }

  /** The other side has reset the stream. */
  wasReset(code: number): void {
    if (!this.#isClosed) this.#resetCode = code;
    this.close();
  }

  /** Ends both sides without another word. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#isLocalOpen = false;
    this.#isRemoteOpen = false;
    this.connection.sender.drop(this.outgoing);
    this.connection.forget(this);
    // A body that has ended may still be read.
    if (this.#incoming?.readableEnded === false && !this.#incoming.isWhole) this.#incoming.destroy();
    this.outgoing.onTaken?.();
    for (const listener of this.#listeners) listener();
  }

  /** The other side takes so much more. False for a window beyond what numbers can say. */
  widen(sizeBytes: number): boolean {
    this.outgoing.windowBytes += sizeBytes;
    return this.outgoing.windowBytes <= int31Max;
  }
}
