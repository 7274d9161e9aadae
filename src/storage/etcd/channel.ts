// Calls to whichever member of the cluster answers: one connection at a time, the next member where it breaks.

import { assert } from "../../base/assert.ts";
import { backOff } from "../../base/backoff.ts";
import type { Clock } from "../../base/clock.ts";
import { isPassing } from "./etcd-error.ts";
import { connectGrpc, GrpcError, type GrpcSession, type GrpcSessionOptions, grpcCodes } from "./grpc-session.ts";
import { decodeStatusVersion, methods } from "./messages.ts";

/** Local members answer in a millisecond; one that takes longer than this is passed over. */
const connectTimeoutMs = 5_000;

export interface ChannelOptions {
  readonly endpoints: readonly string[];
  readonly clock: Clock;
  /** Asked for each connection, so that certificates may be renewed. */
  readonly tls: (() => GrpcSessionOptions["tls"]) | undefined;
}

export interface CallOptions {
  readonly signal: AbortSignal | undefined;
  /** How long the call may take in all, further tries included. */
  readonly timeoutMs: number;
  /** Whether the call may be sent again where it is not known what became of it. */
  readonly isIdempotent: boolean;
}

/** A member that answers, and what it runs. */
export interface Member {
  readonly session: GrpcSession;
  readonly version: string;
}

/** The way to a cluster. */
export class Channel {
  readonly #options: ChannelOptions;
  readonly #closed = new AbortController();
  /** The member that is asked now. */
  #member: Member | undefined;
  #connecting: Promise<Member> | undefined;
  /** Which endpoint is tried next. */
  #next = 0;

  constructor(options: ChannelOptions) {
    assert(options.endpoints.length > 0, "a cluster has an endpoint");
    this.#options = options;
  }

  /** Calls a method, and again elsewhere where that can help. Throws a GrpcError. */
  async unary(path: string, message: Uint8Array, options: CallOptions): Promise<Buffer> {
    const { clock } = this.#options;
    const deadlineMs = clock.nowMs() + options.timeoutMs;
    const retrying = backOff({ clock, signal: options.signal ?? this.#closed.signal, minMs: 20, maxMs: 500 });
    for (;;) {
      let member: Member | undefined;
      try {
        member = await this.#memberUntil(deadlineMs, options.signal);
        const timeoutMs = this.#attemptTimeoutMs(options, deadlineMs - clock.nowMs());
        return await member.session.unary(path, message, { timeoutMs, signal: options.signal });
      } catch (error) {
        if (!isPassing(error)) throw error;
        if (member !== undefined) this.leave(member);
        const mayRepeat = options.isIdempotent || (error instanceof GrpcError && !error.mayHaveHappened);
        if (!mayRepeat || this.#closed.signal.aborted || clock.nowMs() >= deadlineMs) throw error;
        await holdingProcess(retrying.wait());
        options.signal?.throwIfAborted();
      }
    }
  }

  /** The member to ask, connected. Throws an unavailable GrpcError where none answers. */
  async member(signal: AbortSignal | undefined): Promise<Member> {
    if (this.#member?.session.isOpen) return this.#member;
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    return untilAborted(this.#connecting, signal);
  }

  /** Asks another member from now on, where there is one. Streams that this one serves go on for as long as they last. */
  leave(member: Member): void {
    if (this.#options.endpoints.length === 1 && member.session.isOpen) return;
    if (this.#member === member) this.#member = undefined;
    member.session.closeWhenIdle();
  }

  close(): void {
    this.#closed.abort();
    this.#member?.session.close();
  }

  /** Connecting goes on for others where one caller's time is over. */
  async #memberUntil(deadlineMs: number, signal: AbortSignal | undefined): Promise<Member> {
    if (this.#member?.session.isOpen) return this.#member;
    const late = Promise.withResolvers<never>();
    const cancelTimer = this.#options.clock.after(Math.max(0, deadlineMs - this.#options.clock.nowMs()), () => {
      late.reject(new GrpcError(grpcCodes.unavailable, "Cannot connect to etcd in time", { mayHaveHappened: false }));
    });
    try {
      return await Promise.race([this.member(signal), late.promise]);
    } finally {
      cancelTimer();
    }
  }

  /**
   * Leaves time to ask again, another member where there is one, where the call may be repeated. A member before 3.5 drops a read that comes
   * before there is a leader, and answers it never.
   */
  #attemptTimeoutMs({ isIdempotent, timeoutMs }: CallOptions, leftMs: number): number {
    return Math.max(1, isIdempotent ? Math.min(leftMs, timeoutMs / 3) : leftMs);
  }

  /** Tries each endpoint once, beginning after the last one that was tried. */
  async #connect(): Promise<Member> {
    let failure: unknown;
    for (const _ of this.#options.endpoints) {
      const url = this.#options.endpoints[this.#next % this.#options.endpoints.length] ?? "";
      this.#next++;
      try {
        this.#member = await this.#connectTo(url);
        return this.#member;
      } catch (error) {
        failure = error;
      }
      if (this.#closed.signal.aborted) break;
    }
    throw failure;
  }

  /** Files that are being renewed may be missing for a moment. */
  #tls(): GrpcSessionOptions["tls"] {
    try {
      return this.#options.tls?.();
    } catch (cause) {
      throw new GrpcError(grpcCodes.unavailable, "Cannot read the certificates for etcd", {
        mayHaveHappened: false,
        cause,
      });
    }
  }

  async #connectTo(url: string): Promise<Member> {
    const { clock, endpoints } = this.#options;
    const tls = this.#tls();
    const session = await connectGrpc(url, {
      clock,
      connectTimeoutMs,
      hasAlternatives: endpoints.length > 1,
      ...(tls === undefined ? {} : { tls }),
    });
    try {
      const call = { timeoutMs: connectTimeoutMs, signal: this.#closed.signal };
      const status = await session.unary(methods.status, Buffer.alloc(0), call);
      return { session, version: decodeStatusVersion(status) };
    } catch (error) {
      session.close();
      throw error;
    }
  }
}

/** The promise's outcome, or the signal's reason where it aborts first. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) return onAbort();
    signal.addEventListener("abort", onAbort);
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

/** Timers of a clock let the process end, which is wrong while somebody waits for an answer and no connection is open. */
async function holdingProcess(waiting: Promise<void>): Promise<void> {
  const hold = setInterval(() => {}, 1_000);
  try {
    await waiting;
  } finally {
    clearInterval(hold);
  }
}
