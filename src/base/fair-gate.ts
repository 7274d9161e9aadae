// Lets so many through at once, and those who wait in turn: one of each flow after the other, so that a busy flow holds up itself alone.

import type { Clock } from "./clock.ts";

export interface FairGateOptions {
  readonly seats: number;
  /** How many of one flow may wait, and of all together. */
  readonly waitersPerFlowMax: number;
  readonly waitersMax: number;
  /** Who has waited this long is turned away. */
  readonly waitMs: number;
  readonly clock: Clock;
}

/** Ends a stay. */
export type Leave = () => void;

interface Waiter {
  readonly enter: (leave: Leave | undefined) => void;
}

export class FairGate {
  readonly #options: FairGateOptions;
  readonly #leave: Leave;
  /** Those who wait by flow, the flow whose turn is next first. */
  readonly #queues = new Map<string, Set<Waiter>>();
  #inside = 0;
  #waiting = 0;

  constructor(options: FairGateOptions) {
    this.#options = options;
    this.#leave = () => this.#next();
  }

  get inside(): number {
    return this.#inside;
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** A seat, at once where one is free; undefined where too many wait, or it took too long. The caller must leave exactly once. */
  enter(flow: string, signal: () => AbortSignal): Leave | undefined | Promise<Leave | undefined> {
    const { seats, waitersMax, waitersPerFlowMax } = this.#options;
    if (this.#inside < seats) {
      this.#inside++;
      return this.#leave;
    }
    const queue = this.#queues.get(flow) ?? new Set<Waiter>();
    if (this.#waiting >= waitersMax || queue.size >= waitersPerFlowMax) return undefined;
    this.#queues.set(flow, queue);
    return this.#wait(flow, queue, signal());
  }

  #wait(flow: string, queue: Set<Waiter>, signal: AbortSignal): Promise<Leave | undefined> {
    return new Promise((resolve) => {
      const giveUp = () => {
        this.#remove(flow, queue, waiter);
        waiter.enter(undefined);
      };
      const cancel = this.#options.clock.after(this.#options.waitMs, giveUp);
      const waiter: Waiter = {
        enter(leave) {
          cancel();
          signal.removeEventListener("abort", giveUp);
          resolve(leave);
        },
      };
      signal.addEventListener("abort", giveUp);
      queue.add(waiter);
      this.#waiting++;
    });
  }

  /** Somebody has left: the seat goes to the flow whose turn it is, which then goes to the end of the line. */
  #next(): void {
    const [turn] = this.#queues;
    if (turn === undefined) {
      this.#inside--;
      return;
    }
    const [flow, queue] = turn;
    const [waiter] = queue;
    if (waiter === undefined) return;
    this.#remove(flow, queue, waiter);
    if (this.#queues.delete(flow)) this.#queues.set(flow, queue);
    waiter.enter(this.#leave);
  }

  #remove(flow: string, queue: Set<Waiter>, waiter: Waiter): void {
    if (!queue.delete(waiter)) return;
    this.#waiting--;
    if (queue.size === 0) this.#queues.delete(flow);
  }
}
