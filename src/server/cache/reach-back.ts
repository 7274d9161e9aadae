// Has the ring of events begin earlier than its cache was filled, for watchers from before a restart.

import { type HistorySource, readEarlierEvents } from "./earlier-events.ts";
import type { EventRing } from "./event-ring.ts";

/** Watchers come back together when their server does: those of one moment share one look at storage's history. */
const gatherMs = 20;

interface Source extends HistorySource {
  /** The one of now: a cache that is filled again has another. */
  readonly ring: EventRing;
}

export class ReachBack {
  readonly #source: Source;
  /** Storage's history does not lead on from here, or not in time. */
  #forgottenRevision = 0;
  #earliestWanted = Number.POSITIVE_INFINITY;
  #reading: Promise<void> | undefined;

  constructor(source: Source) {
    this.#source = source;
  }

  /** Does nothing where that cannot be. */
  async to(revision: number, signal: AbortSignal): Promise<void> {
    while (this.#isMissing(revision)) {
      this.#earliestWanted = Math.min(this.#earliestWanted, revision);
      this.#reading ??= this.#read(signal).finally(() => {
        this.#reading = undefined;
      });
      await this.#reading;
    }
  }

  #isMissing(revision: number): boolean {
    const { ring } = this.#source;
    return revision > this.#forgottenRevision && revision < ring.oldestRevision && !ring.hasDropped;
  }

  /** Gathers those who come at the same time, and reads for the earliest of them. */
  async #read(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => this.#source.clock.after(gatherMs, resolve));
    const after = this.#earliestWanted;
    this.#earliestWanted = Number.POSITIVE_INFINITY;
    const { ring } = this.#source;
    const until = ring.oldestRevision;
    const events = await readEarlierEvents(this.#source, { after, until, signal });
    const isStillWanted = ring === this.#source.ring && ring.oldestRevision === until;
    if (events !== undefined && isStillWanted) ring.prepend(events, after);
    else this.#forgottenRevision = Math.max(this.#forgottenRevision, after);
  }
}
