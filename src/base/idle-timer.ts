// Tells when nothing has been under way for a while.

import { type Clock, systemClock } from "./clock.ts";

/**
 * Counts what is under way on a connection, and calls `onIdle` once nothing was for `idleMs`. In place of the timeout of Node's HTTP/2
 * sessions, which goes on after its session has ended and holds all that the session refers to.
 */
export class IdleTimer {
  readonly #idleMs: number;
  readonly #onIdle: () => void;
  readonly #clock: Clock;
  #cancel: () => void = () => {};
  #underWay = 0;
  #idleSinceMs: number;

  constructor(idleMs: number, onIdle: () => void, clock: Clock = systemClock) {
    this.#idleMs = idleMs;
    this.#onIdle = onIdle;
    this.#clock = clock;
    this.#idleSinceMs = clock.nowMs();
    this.#look();
  }

  get underWay(): number {
    return this.#underWay;
  }

  begin(): void {
    this.#underWay++;
  }

  end(): void {
    if (--this.#underWay === 0) this.#idleSinceMs = this.#clock.nowMs();
  }

  /** The connection has ended. */
  stop(): void {
    this.#cancel();
  }

  /** Looks again when it may be so: nothing has to be set and cleared with each request. */
  #look(): void {
    const idleForMs = this.#underWay > 0 ? 0 : this.#clock.nowMs() - this.#idleSinceMs;
    if (idleForMs >= this.#idleMs) this.#onIdle();
    else this.#cancel = this.#clock.after(this.#idleMs - idleForMs, () => this.#look());
  }
}
