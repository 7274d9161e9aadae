// A watch on etcd: one gRPC stream, taken up again at the next member where it breaks, without a gap.

import { backOff } from "../../base/backoff.ts";
import type { Clock } from "../../base/clock.ts";
import { prefixEnd, type StorageBatch, type StorageEvent } from "../storage.ts";
import { StorageError } from "../storage-error.ts";
import type { Channel, Member } from "./channel.ts";
import { isPassing } from "./etcd-error.ts";
import { GrpcError, type GrpcStream, grpcCodes } from "./grpc-session.ts";
import { decodeWatch, encodeWatchCreate, encodeWatchProgress, methods, type WatchResponse } from "./messages.ts";

/** etcd does not answer about progress while a watch reads history, which it does every 100 ms; then we ask again. */
const progressAgainMs = 100;

export interface EtcdWatchOptions {
  readonly channel: Pick<Channel, "member" | "leave">;
  readonly clock: Clock;
  readonly prefix: string;
  readonly after: number;
  readonly signal: AbortSignal;
  /** Throws REVISION_COMPACTED where the revision cannot be read any more. */
  readonly assertKept: (revision: number, signal: AbortSignal) => Promise<void>;
  /** Has the key of the watch's own come and go. */
  readonly writeMarker: (key: string) => void;
}

/** Follows the keys under a prefix. */
export class EtcdWatch {
  readonly #options: EtcdWatchOptions;
  /** Everything up to here was delivered. */
  #position: number;
  #stream: GrpcStream | undefined;
  #answersAboutProgress = true;
  #isProgressWanted = false;
  #cancelAskingAgain: () => void = () => {};

  constructor(options: EtcdWatchOptions) {
    this.#options = options;
    this.#position = options.after;
  }

  /**
   * A key that this watch sees and no reader of the prefix does: it lies directly behind the last one that may start with the prefix.
   * No key of Kubernetes has a zero byte.
   */
  get markerKey(): string {
    return `${prefixEnd(this.#options.prefix)}\0annex progress`;
  }

  /** Whether the member that is watched tells about progress when it is asked. Otherwise a change of the marker does. */
  get answersAboutProgress(): boolean {
    return this.#answersAboutProgress;
  }

  /** Has a coming batch say how far the watch is. */
  requestProgress(): void {
    this.#isProgressWanted = true;
    this.#askForProgress();
  }

  async *batches(): AsyncGenerator<StorageBatch, undefined> {
    const { channel, clock, signal } = this.#options;
    const retrying = backOff({ clock, signal, minMs: 20, maxMs: 1_000 });
    while (!signal.aborted) {
      let member: Member | undefined;
      try {
        member = await channel.member(signal);
        for await (const batch of this.#follow(member)) {
          retrying.reset();
          yield batch;
        }
      } catch (error) {
        if (signal.aborted) return;
        if (!isPassing(error)) throw error;
        if (member !== undefined) channel.leave(member);
        await retrying.wait();
      }
    }
  }

  /** What one member tells, until its stream ends. */
  async *#follow(member: Member): AsyncGenerator<StorageBatch, undefined> {
    const { prefix, signal, assertKept } = this.#options;
    const leaving = new AbortController();
    const streamSignal = AbortSignal.any([signal, leaving.signal]);
    this.#answersAboutProgress = isProgressOrdered(member.version);
    const stream = member.session.stream(methods.watch, streamSignal);
    try {
      stream.send(encodeWatchCreate(prefix, `${this.markerKey}\0`, this.#position + 1));
      let held: readonly StorageEvent[] = [];
      for await (const message of stream) {
        const response = decodeWatch(message);
        if (response.canceled) throw canceled(response);
        if (response.created) {
          // etcd lets a watch start at the compacted revision itself, of which deletions may be gone.
          if (this.#position > 0) await assertKept(this.#position, streamSignal);
          this.#stream = stream;
          this.#answerEarlierRequest();
          continue;
        }
        const received = held.concat(response.events);
        held = response.fragment ? eventsOfLastRevision(received) : [];
        const batch = this.#batchOf(received.slice(0, received.length - held.length), response);
        if (batch !== undefined) yield batch;
      }
    } finally {
      this.#stream = undefined;
      this.#cancelAskingAgain();
      leaving.abort();
    }
  }

  /** Whoever asked before it was known which member would be watched has not been heard by anybody. */
  #answerEarlierRequest(): void {
    if (this.#answersAboutProgress) {
      this.#askForProgress();
      return;
    }
    if (this.#isProgressWanted) this.#options.writeMarker(this.markerKey);
    this.#isProgressWanted = false;
  }

  #askForProgress(): void {
    if (!this.#isProgressWanted || !this.#answersAboutProgress || this.#stream === undefined) return;
    this.#stream.send(encodeWatchProgress());
    this.#cancelAskingAgain();
    this.#cancelAskingAgain = this.#options.clock.after(progressAgainMs, () => this.#askForProgress());
  }

  #batchOf(received: readonly StorageEvent[], response: WatchResponse): StorageBatch | undefined {
    const last = received.at(-1);
    if (last !== undefined) {
      this.#position = last.revision;
      return {
        events: received.filter((event) => event.key.startsWith(this.#options.prefix)),
        revision: last.revision,
      };
    }
    if (response.events.length > 0 || !this.#answersAboutProgress) return undefined;
    this.#isProgressWanted = false;
    this.#cancelAskingAgain();
    this.#position = Math.max(this.#position, response.revision);
    return { events: [], revision: this.#position };
  }
}

/** The end of the events, of which the next fragment may have more. */
function eventsOfLastRevision(events: readonly StorageEvent[]): readonly StorageEvent[] {
  const revision = events.at(-1)?.revision;
  return events.slice(events.findLastIndex((event) => event.revision !== revision) + 1);
}

function canceled({ compactRevision, cancelReason }: WatchResponse): Error {
  if (compactRevision > 0) {
    const message = `Cannot watch on as the changes must not be compacted: the oldest kept is ${compactRevision}`;
    return new StorageError("REVISION_COMPACTED", message, { oldestRevision: compactRevision });
  }
  return new GrpcError(grpcCodes.unavailable, `etcd ended the watch: ${cancelReason}`, { mayHaveHappened: true });
}

/**
 * Before 3.4.31 and 3.5.13 an answer about progress may overtake the events that it speaks of, so that Kubernetes does not ask either.
 * https://github.com/etcd-io/etcd/issues/15220
 */
function isProgressOrdered(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split(".").map((part) => Number.parseInt(part, 10));
  if (major !== 3) return major > 3;
  if (minor === 4) return patch >= 31;
  if (minor === 5) return patch >= 13;
  return minor > 5;
}
