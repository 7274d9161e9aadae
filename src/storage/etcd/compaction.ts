// Compaction that all servers on one etcd share, Kubernetes' own too: the key `compact_rev_key` says who did it last.
// https://github.com/kubernetes/apiserver/blob/master/pkg/storage/etcd3/compact.go

import type { Clock } from "../../base/clock.ts";
import { decodeTxn, encodePutAtVersion } from "./messages.ts";

const compactRevisionKey = "compact_rev_key";

export interface CompactionOptions {
  readonly clock: Clock;
  /** Default of the reference: five minutes. */
  readonly intervalMs: number;
  /** Runs a transaction and answers its bytes. */
  readonly txn: (message: Uint8Array) => Promise<Buffer>;
  readonly compact: (revision: number) => Promise<void>;
}

/**
 * Every interval, whoever finds the key as often written as he left it writes it again and compacts to the revision that was current
 * the interval before. The others see that it was written, and wait for another interval. So history of one to two intervals stays.
 */
export class SharedCompaction {
  readonly #options: CompactionOptions;
  /** How often the key was written when we last looked. */
  #version = 0;
  /** The revision that was current then; 0 before the first look, when nothing is compacted. */
  #revision = 0;
  #isStopped = false;
  #cancelTimer: () => void = () => {};

  constructor(options: CompactionOptions) {
    this.#options = options;
    this.#startTimer();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelTimer();
  }

  #startTimer(): void {
    if (this.#isStopped) return;
    this.#cancelTimer = this.#options.clock.after(this.#options.intervalMs, () => void this.#turn());
  }

  async #turn(): Promise<void> {
    try {
      await this.#takeTurn();
    } catch {
      // The next turn, or another server's, does what is left.
    }
    this.#startTimer();
  }

  async #takeTurn(): Promise<void> {
    const target = this.#revision;
    const message = encodePutAtVersion(compactRevisionKey, `${target}`, this.#version);
    const { succeeded, revision, reads } = decodeTxn(await this.#options.txn(message));
    this.#revision = revision;
    this.#version = succeeded ? this.#version + 1 : (reads[0]?.version ?? 0);
    if (succeeded && target > 0) await this.#options.compact(target);
  }
}
