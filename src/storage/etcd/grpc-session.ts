// gRPC over one HTTP/2 connection: unary calls and streams of messages. The only file of storage that knows node:http2.
// https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md

import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type OutgoingHttpHeaders,
} from "node:http2";
import type { SecureContextOptions } from "node:tls";
import type { Clock } from "../../base/clock.ts";

/** What a gRPC call failed with: https://github.com/grpc/grpc/blob/master/doc/statuscodes.md */
export class GrpcError extends Error {
  override readonly name = "GrpcError";
  readonly code: number;
  /** Whether the server may have acted on the call. */
  readonly mayHaveHappened: boolean;

  constructor(code: number, message: string, options: { readonly mayHaveHappened: boolean; readonly cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.mayHaveHappened = options.mayHaveHappened;
  }
}

export const grpcCodes = {
  ok: 0,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  resourceExhausted: 8,
  outOfRange: 11,
  internal: 13,
  unavailable: 14,
  dataLoss: 15,
} as const;

export interface GrpcSessionOptions {
  readonly clock: Clock;
  readonly tls?: SecureContextOptions;
  readonly connectTimeoutMs: number;
  /** Whether somebody else could answer, so that a connection on which a call hangs is looked at soon. Default false. */
  readonly hasAlternatives?: boolean;
}

export interface UnaryOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** As kube-apiserver has them for its etcd: a connection that does not answer a ping is lost. */
const pingIntervalMs = 30_000;
const pingTimeoutMs = 10_000;
/** A member that failed us is given less time to show that its streams are still served. */
const leavingPingTimeoutMs = 2_000;
/** A member that is well answers in milliseconds. Where a call takes longer, a ping tells within these whether anybody is there: 2.5 s in all. */
const suspectAfterMs = 1_000;
const suspectPingTimeoutMs = 1_500;
/** A message is held in memory as a whole. Ranges are read in pages of about 8 MiB, of which 64 entries of 1.5 MiB are the worst. */
const messageSizeMaxBytes = 128 * 1024 * 1024;
/** What a server may send before we have read it: enough for a page on a fast network. */
const streamWindowBytes = 2 * 1024 * 1024;
const connectionWindowBytes = 16 * 1024 * 1024;
const frameHeadBytes = 5;

/** Connects to `url`. Throws an unavailable GrpcError where nobody answers in time. */
export async function connectGrpc(url: string, options: GrpcSessionOptions): Promise<GrpcSession> {
  const session = connect(url, { ...options.tls, settings: { initialWindowSize: streamWindowBytes } });
  await new Promise<void>((resolve, reject) => {
    const fail = (cause?: unknown) => {
      cancelTimer();
      session.destroy();
      const reason = cause instanceof Error ? cause.message : "no answer in time";
      reject(
        new GrpcError(grpcCodes.unavailable, `Cannot connect to ${url}: ${reason}`, { mayHaveHappened: false, cause }),
      );
    };
    const cancelTimer = options.clock.after(options.connectTimeoutMs, fail);
    session.once("error", fail);
    session.once("close", fail);
    session.once("connect", () => {
      cancelTimer();
      session.off("error", fail).off("close", fail);
      resolve();
    });
  });
  session.setLocalWindowSize(connectionWindowBytes);
  return new GrpcSession(session, options);
}

/** One open connection. */
export class GrpcSession {
  readonly #session: ClientHttp2Session;
  readonly #clock: Clock;
  readonly #hasAlternatives: boolean;
  #isSuspect = false;
  #cancelPing: () => void = () => {};

  constructor(
    session: ClientHttp2Session,
    { clock, hasAlternatives = false }: Pick<GrpcSessionOptions, "clock" | "hasAlternatives">,
  ) {
    this.#session = session;
    this.#clock = clock;
    this.#hasAlternatives = hasAlternatives;
    session.on("error", () => {}); // Each call hears of it by itself.
    session.on("close", () => this.#cancelPing());
    this.#ping();
  }

  /** Whether further calls can be made. */
  get isOpen(): boolean {
    return !this.#session.closed && !this.#session.destroyed;
  }

  /** Breaks off everything. */
  close(): void {
    this.#session.destroy();
  }

  /** Takes no further calls and closes once those that are under way have ended, or at once where nobody answers any more. */
  closeWhenIdle(): void {
    if (this.isOpen) this.#assertAnswers(leavingPingTimeoutMs, () => {});
    this.#session.close();
  }

  /** Sends one message and answers the one that comes back. */
  unary(path: string, message: Uint8Array, { timeoutMs, signal }: UnaryOptions): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const stream = this.#request(path, { "grpc-timeout": `${Math.ceil(timeoutMs)}m` });
      const call = new Call(stream);
      const chunks: Buffer[] = [];
      let sizeBytes = 0;

      const stop = (reason: unknown) => {
        stream.close(constants.NGHTTP2_CANCEL);
        settle(() => reject(reason));
      };
      const onAbort = () => stop(signal?.reason);
      const cancelTimer = this.#clock.after(timeoutMs, () => {
        const message = `No answer to ${path} within ${timeoutMs} ms`;
        stop(new GrpcError(grpcCodes.deadlineExceeded, message, { mayHaveHappened: true }));
      });
      const cancelSuspicion = this.#clock.after(suspectAfterMs, () => this.#suspect());
      const settle = (finish: () => void) => {
        cancelTimer();
        cancelSuspicion();
        signal?.removeEventListener("abort", onAbort);
        finish();
      };
      signal?.addEventListener("abort", onAbort);

      stream.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        sizeBytes += chunk.length;
        if (sizeBytes > messageSizeMaxBytes + frameHeadBytes) stop(tooLarge());
      });
      stream.once("close", () => {
        settle(() => {
          const error = call.error();
          if (error !== undefined) return reject(error);
          const frame = chunks.length === 1 ? (chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(chunks);
          resolve(frame.subarray(frameHeadBytes));
        });
      });
      stream.end(frameOf(message));
    });
  }

  /** Opens a stream of messages in both directions, which ends when the signal aborts. */
  stream(path: string, signal: AbortSignal): GrpcStream {
    return new GrpcStream(this.#request(path, { hasleader: "true" }), signal);
  }

  #request(path: string, headers: OutgoingHttpHeaders): ClientHttp2Stream {
    try {
      return this.#session.request({
        ":method": "POST",
        ":path": path,
        "content-type": "application/grpc",
        te: "trailers",
        ...headers,
      });
    } catch (cause) {
      throw new GrpcError(grpcCodes.unavailable, "The connection is closed", { mayHaveHappened: false, cause });
    }
  }

  #ping(): void {
    this.#cancelPing = this.#clock.after(pingIntervalMs, () => {
      if (this.isOpen) this.#assertAnswers(pingTimeoutMs, () => this.#ping());
    });
  }

  /** Looks whether anybody is there. A member that is, and waits for others, may take its time. */
  #suspect(): void {
    if (!this.#hasAlternatives || this.#isSuspect || !this.isOpen) return;
    this.#isSuspect = true;
    this.#assertAnswers(suspectPingTimeoutMs, () => {
      this.#isSuspect = false;
    });
  }

  /** Breaks everything off where a ping is not answered in time. */
  #assertAnswers(timeoutMs: number, then: () => void): void {
    let isAnswered = false;
    const giveUp = () => {
      if (!isAnswered) this.#session.destroy();
    };
    // Where we ourselves were held up, the answer may lie there, still unread: it is read before the turn is over.
    const cancelTimer = this.#clock.after(timeoutMs, () => setImmediate(giveUp));
    this.#session.ping(() => {
      isAnswered = true;
      cancelTimer();
      then();
    });
  }
}

/** A stream of messages. What is not read stays with the server, beyond what the window lets through. */
export class GrpcStream implements AsyncIterable<Buffer> {
  readonly #stream: ClientHttp2Stream;
  readonly #call: Call;
  readonly #signal: AbortSignal;

  constructor(stream: ClientHttp2Stream, signal: AbortSignal) {
    this.#stream = stream;
    this.#call = new Call(stream);
    this.#signal = signal;
    signal.addEventListener("abort", this.close);
    stream.once("close", () => signal.removeEventListener("abort", this.close));
    if (signal.aborted) this.close();
  }

  readonly close = (): void => {
    this.#stream.close(constants.NGHTTP2_CANCEL);
  };

  send(message: Uint8Array): void {
    if (this.#stream.writable) this.#stream.write(frameOf(message));
  }

  /** The messages as they come. Throws a GrpcError where the stream ends before the signal aborts. */
  async *[Symbol.asyncIterator](): AsyncIterator<Buffer> {
    const messages = new MessageParser();
    try {
      for await (const chunk of this.#stream) yield* messages.push(chunk);
    } catch (error) {
      if (error instanceof GrpcError) throw error;
      // What the stream itself says is told better by its status.
    }
    await closed(this.#stream);
    if (this.#signal.aborted) return;
    const message = "The stream ended";
    throw this.#call.error() ?? new GrpcError(grpcCodes.unavailable, message, { mayHaveHappened: true });
  }
}

/** Gathers what a stream says about its end: its status in headers or trailers, or how it broke. */
class Call {
  readonly #stream: ClientHttp2Stream;
  #status: { readonly code: number; readonly message: string } | undefined;
  #cause: unknown;

  constructor(stream: ClientHttp2Stream) {
    this.#stream = stream;
    const hear = (headers: { readonly [name: string]: unknown }) => {
      if (headers["grpc-status"] === undefined) return;
      const message = decodeMessage(`${headers["grpc-message"] ?? ""}`);
      this.#status = { code: Number(headers["grpc-status"]), message };
    };
    stream.on("response", hear);
    stream.on("trailers", hear);
    stream.on("error", (error) => {
      this.#cause = error;
    });
  }

  /** Why the call failed; undefined where it did not. To be asked once the stream is closed. */
  error(): GrpcError | undefined {
    if (this.#status?.code === grpcCodes.ok) return undefined;
    if (this.#status !== undefined) {
      return new GrpcError(this.#status.code, this.#status.message, { mayHaveHappened: true });
    }
    const isRefused = this.#stream.rstCode === constants.NGHTTP2_REFUSED_STREAM;
    const message = this.#cause instanceof Error ? this.#cause.message : "The connection was lost";
    return new GrpcError(grpcCodes.unavailable, message, {
      mayHaveHappened: !isRefused && !this.#stream.pending,
      cause: this.#cause,
    });
  }
}

/** Cuts messages out of the chunks in which they arrive: compressed (1), length (4), message. */
class MessageParser {
  #chunks: Buffer[] = [];
  #sizeBytes = 0;

  *push(chunk: Buffer): Generator<Buffer> {
    this.#chunks.push(chunk);
    this.#sizeBytes += chunk.length;
    for (;;) {
      if (this.#sizeBytes < frameHeadBytes) return;
      const length = this.#joined(frameHeadBytes).readUInt32BE(1);
      if (length > messageSizeMaxBytes) throw tooLarge();
      const frameBytes = frameHeadBytes + length;
      if (this.#sizeBytes < frameBytes) return;
      const bytes = this.#joined(frameBytes);
      this.#chunks = bytes.length === frameBytes ? [] : [bytes.subarray(frameBytes)];
      this.#sizeBytes -= frameBytes;
      yield bytes.subarray(frameHeadBytes, frameBytes);
    }
  }

  /** The first chunk, joined with the others where it alone is too short. */
  #joined(neededBytes: number): Buffer {
    const [first = Buffer.alloc(0)] = this.#chunks;
    if (first.length >= neededBytes) return first;
    const joined = Buffer.concat(this.#chunks);
    this.#chunks = [joined];
    return joined;
  }
}

function frameOf(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(frameHeadBytes + message.length);
  frame[0] = 0;
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, frameHeadBytes);
  return frame;
}

function closed(stream: ClientHttp2Stream): Promise<void> {
  if (stream.closed && stream.destroyed) return Promise.resolve();
  return new Promise((resolve) => stream.once("close", resolve));
}

function tooLarge(): GrpcError {
  const message = `Cannot take a message as it must have at most ${messageSizeMaxBytes} bytes`;
  return new GrpcError(grpcCodes.internal, message, { mayHaveHappened: true });
}

/** Messages are percent-encoded. */
function decodeMessage(message: string): string {
  try {
    return decodeURIComponent(message);
  } catch {
    return message;
  }
}
