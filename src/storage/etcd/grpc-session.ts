// gRPC over one HTTP/2 connection: unary calls and streams of messages.
// https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md

import { connect, isIP, type Socket } from "node:net";
import type { Readable } from "node:stream";
import { connect as connectTls, type SecureContextOptions } from "node:tls";
import type { Clock } from "../../base/clock.ts";
import { ClientConnection, type ClientStream } from "../../base/http2/client-connection.ts";
import { errorCodes } from "../../base/http2/protocol.ts";

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
/** A status and a few headers. */
const headerLimits = { bytesMax: 64 * 1024, countMax: 100 };
/** A member that takes nothing of a call for this long has gone; pings mostly tell before. */
const stalledTimeoutMs = 60_000;
const frameHeadBytes = 5;

/** Connects to `url`. Throws an unavailable GrpcError where nobody answers in time. */
export async function connectGrpc(url: string, options: GrpcSessionOptions): Promise<GrpcSession> {
  const { protocol, hostname, port } = new URL(url);
  const address = { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port || defaultPort) };
  const isSecure = protocol === "https:";
  const socket = isSecure
    ? connectTls({ ...options.tls, ...address, servername: serverName(address.host), ALPNProtocols: ["h2"] })
    : connect(address);
  socket.setNoDelay(true);
  await connected(socket, isSecure ? "secureConnect" : "connect", { url, ...options });
  return new GrpcSession(socket, { ...options, url });
}

/** Where etcd listens, if an endpoint does not say. */
const defaultPort = 2379;

/** Names are for names: an address is sent as none. */
function serverName(host: string): string {
  return isIP(host) === 0 ? host : "";
}

function connected(
  socket: Socket,
  event: string,
  { url, clock, connectTimeoutMs }: { url: string; clock: Clock; connectTimeoutMs: number },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (cause?: unknown) => {
      cancelTimer();
      socket.off("close", fail).destroy();
      const reason = cause instanceof Error ? cause.message : "no answer in time";
      reject(
        new GrpcError(grpcCodes.unavailable, `Cannot connect to ${url}: ${reason}`, { mayHaveHappened: false, cause }),
      );
    };
    const cancelTimer = clock.after(connectTimeoutMs, fail);
    socket.once("error", fail);
    socket.once("close", fail);
    socket.once(event, () => {
      cancelTimer();
      // From here on each call hears of it by itself.
      socket.off("close", fail).off("error", fail).on("error", ignore);
      resolve();
    });
  });
}

/** One open connection. */
export class GrpcSession {
  readonly #socket: Socket;
  readonly #connection: ClientConnection;
  readonly #url: URL;
  readonly #clock: Clock;
  readonly #hasAlternatives: boolean;
  #isSuspect = false;
  #cancelPing: () => void = () => {};

  /** Takes a socket that is connected. */
  constructor(
    socket: Socket,
    { url, clock, hasAlternatives = false }: Pick<GrpcSessionOptions, "clock" | "hasAlternatives"> & { url: string },
  ) {
    this.#socket = socket;
    this.#url = new URL(url);
    this.#clock = clock;
    this.#hasAlternatives = hasAlternatives;
    this.#connection = new ClientConnection({
      socket,
      headerLimits,
      streamWindowBytes,
      connectionWindowBytes,
      stalledTimeoutMs,
    });
    socket.on("close", () => this.#cancelPing());
    this.#ping();
  }

  /** Whether further calls can be made. */
  get isOpen(): boolean {
    return this.#connection.isOpen;
  }

  /** Breaks off everything. */
  close(): void {
    this.#socket.destroy();
  }

  /** Takes no further calls and closes once those that are under way have ended, or at once where nobody answers any more. */
  closeWhenIdle(): void {
    if (this.isOpen) this.#assertAnswers(leavingPingTimeoutMs, () => {});
    this.#connection.close();
  }

  /** Sends one message and answers the one that comes back. */
  unary(path: string, message: Uint8Array, { timeoutMs, signal }: UnaryOptions): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const stream = this.#request(path, { "grpc-timeout": `${Math.ceil(timeoutMs)}m` }, [frameOf(message)]);
      const call = new Call(stream);
      const chunks: Buffer[] = [];
      let sizeBytes = 0;

      const stop = (reason: unknown) => {
        settle(() => reject(reason));
        stream.reset(errorCodes.cancel);
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

      const ended = () =>
        settle(() => {
          const error = call.error();
          if (error !== undefined) return reject(error);
          const frame = chunks.length === 1 ? (chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(chunks);
          resolve(frame.subarray(frameHeadBytes));
        });
      call.onBody((body) => {
        body.on("data", (chunk: Buffer) => {
          chunks.push(chunk);
          sizeBytes += chunk.length;
          if (sizeBytes > messageSizeMaxBytes + frameHeadBytes) stop(tooLarge());
        });
        body.once("close", ended);
      }, ended);
    });
  }

  /** Opens a stream of messages in both directions, which ends when the signal aborts. */
  stream(path: string, signal: AbortSignal): GrpcStream {
    return new GrpcStream(this.#request(path, { hasleader: "true" }, "later"), signal);
  }

  #request(path: string, headers: Readonly<Record<string, string>>, body: readonly Buffer[] | "later"): ClientStream {
    const { protocol, host } = this.#url;
    const line = { method: "POST", scheme: protocol.slice(0, -1), authority: host, path };
    try {
      return this.#connection.request(line, { "content-type": "application/grpc", te: "trailers", ...headers }, body);
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
      if (!isAnswered) this.#socket.destroy();
    };
    // Where we ourselves were held up, the answer may lie there, still unread: it is read before the turn is over.
    const cancelTimer = this.#clock.after(timeoutMs, () => setImmediate(giveUp));
    this.#connection.ping(() => {
      isAnswered = true;
      cancelTimer();
      then();
    });
  }
}

/** A stream of messages. What is not read stays with the server, beyond what the window lets through. */
export class GrpcStream implements AsyncIterable<Buffer> {
  readonly #stream: ClientStream;
  readonly #call: Call;
  readonly #signal: AbortSignal;
  readonly #body: Promise<Readable | undefined>;

  constructor(stream: ClientStream, signal: AbortSignal) {
    this.#stream = stream;
    this.#call = new Call(stream);
    this.#signal = signal;
    this.#body = new Promise((resolve) => this.#call.onBody(resolve, () => resolve(undefined)));
    signal.addEventListener("abort", this.close);
    stream.onClose(() => signal.removeEventListener("abort", this.close));
    if (signal.aborted) this.close();
  }

  readonly close = (): void => {
    this.#stream.reset(errorCodes.cancel);
  };

  send(message: Uint8Array): void {
    this.#stream.send(frameOf(message));
  }

  /** The messages as they come. Throws a GrpcError where the stream ends before the signal aborts. */
  async *[Symbol.asyncIterator](): AsyncIterator<Buffer> {
    const messages = new MessageParser();
    try {
      for await (const chunk of (await this.#body) ?? []) yield* messages.push(chunk);
    } catch (error) {
      if (error instanceof GrpcError) throw error;
      // What the stream itself says is told better by its status.
    } finally {
      this.close();
    }
    if (this.#signal.aborted) return;
    const message = "The stream ended";
    throw this.#call.error() ?? new GrpcError(grpcCodes.unavailable, message, { mayHaveHappened: true });
  }
}

/** Gathers what a stream says about its end: its status in headers or trailers, or how it broke. */
class Call {
  readonly #stream: ClientStream;
  #status: { readonly code: number; readonly message: string } | undefined;

  constructor(stream: ClientStream) {
    this.#stream = stream;
    stream.onTrailers((raw) => this.#hear(raw));
  }

  /** Hands over the body of the answer, or says that the stream has ended without one. */
  onBody(take: (body: Readable) => void, ended: () => void): void {
    let isTaken = false;
    this.#stream.onHead(({ raw, body }) => {
      isTaken = true;
      this.#hear(raw);
      take(body);
    });
    this.#stream.onClose(() => {
      if (!isTaken) ended();
    });
  }

  /** Why the call failed; undefined where it did not. To be asked once its body has ended. */
  error(): GrpcError | undefined {
    if (this.#status?.code === grpcCodes.ok) return undefined;
    if (this.#status !== undefined) {
      return new GrpcError(this.#status.code, this.#status.message, { mayHaveHappened: true });
    }
    return new GrpcError(grpcCodes.unavailable, "The connection was lost", { mayHaveHappened: !this.#stream.isUnseen });
  }

  #hear(raw: readonly string[]): void {
    const code = headerOf(raw, "grpc-status");
    if (code === undefined) return;
    this.#status = { code: Number(code), message: decodeMessage(headerOf(raw, "grpc-message") ?? "") };
  }
}

/** A header's value among names and values in turn. */
function headerOf(raw: readonly string[], name: string): string | undefined {
  for (let at = 0; at + 1 < raw.length; at += 2) if (raw[at] === name) return raw[at + 1];
  return undefined;
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

function ignore(): void {
  // Whoever waits is told by the close event.
}
