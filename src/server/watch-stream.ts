// The bytes of one watch, pulled by whoever writes them to the client. It holds a position in the ring of events and no events.

import { objectSchema, StatusError } from "../api/door.ts";
import type { Clock } from "../base/clock.ts";
import { prefixEnd } from "../storage/door.ts";
import { CacheEntry } from "./cache/cache-entry.ts";
import type { EntrySelector } from "./cache/entry-selector.ts";
import type { CacheEvent } from "./cache/event-ring.ts";
import type { ResourceCache } from "./cache/resource-cache.ts";
import type { Snapshot } from "./cache/snapshot.ts";
import type { Form } from "./render/form.ts";

/** Where a watch begins: after a revision, with the objects that are there, or with the reason why it cannot. */
export type WatchStart =
  | { readonly from: "revision"; readonly revision: number }
  | { readonly from: "objects"; readonly announcesEnd: boolean }
  | { readonly from: "error"; readonly error: StatusError };

export interface WatchStreamOptions {
  readonly cache: ResourceCache;
  readonly clock: Clock;
  readonly form: Form;
  /** What the keys of the watched objects begin with. */
  readonly prefix: string;
  /** Undefined where everything counts. */
  readonly selector: EntrySelector | undefined;
  readonly start: WatchStart;
  readonly timeoutMs: number;
  readonly wantsBookmarks: boolean;
  /** For forms that exist for lists alone: a watch that can begin opens and ends without an event. */
  readonly endsAtOnce: boolean;
  readonly signal: AbortSignal;
}

/** Events that wait go out together, up to about this much: one TLS record's worth times four. */
const chunkBytesMax = 64 * 1024;
/** A quiet watch hears once a minute how far it is. */
const bookmarkEveryMs = 60_000;
/** And this long before its end, so that its client resumes close to where it was. */
const bookmarkBeforeEndMs = 2_000;

const ended: IteratorResult<Buffer> = { done: true, value: undefined };

export class WatchStream implements AsyncIterableIterator<Buffer> {
  readonly #options: WatchStreamOptions;
  readonly #generation: number;
  readonly #startRevision: number;
  /** The number of the next event in the ring. */
  #position: number;
  /** Events at or before this revision were seen already. */
  #seen: number;
  #initial: Iterator<Buffer> | undefined;
  #isOver = false;
  /** Whether it was on its way: who is lost before that came too late. */
  #hasBegun = false;
  #isFirst = true;
  #bookmarkDue = false;
  /** Whether the bookmark that is planned is the one before the end. */
  #isLastBookmark = false;
  /** Past this revision the watch has something to say of how far it is: where it began, or what was there already when it did. */
  readonly #began: number;
  #wake: (() => void) | undefined;
  readonly #stopFollowing: () => void;
  readonly #cancelTimeout: () => void;
  #cancelBookmark: () => void = () => {};
  readonly #deadlineMs: number;
  #isTimedOut = false;
  /** Under which an event's bytes are kept for all watchers of the same form. */
  readonly #formKeys: Readonly<Record<CacheEvent["type"], string>>;

  constructor(options: WatchStreamOptions) {
    this.#options = options;
    const { cache, clock, start, timeoutMs, endsAtOnce, signal } = options;
    const { key } = options.form;
    this.#formKeys = { ADDED: `ADDED ${key}`, MODIFIED: `MODIFIED ${key}`, DELETED: `DELETED ${key}` };
    this.#generation = cache.generation;
    this.#seen = start.from === "revision" ? start.revision : cache.revision;
    this.#startRevision = this.#seen;
    this.#began = Math.max(this.#seen, cache.revision);
    this.#position = cache.ring.firstAfter(this.#seen);
    // The moment of the objects is the one that the events go on from, whenever the first of them is pulled.
    if (start.from === "objects") this.#initial = this.#initialEvents(cache.snapshot, start.announcesEnd);
    // Why it cannot begin is told in any form.
    if (endsAtOnce && start.from !== "error" && !this.#isLost()) this.#isOver = true;
    this.#deadlineMs = clock.nowMs() + timeoutMs;
    this.#stopFollowing = cache.onChange(() => this.#wake?.());
    this.#cancelTimeout = clock.after(timeoutMs, () => {
      this.#isTimedOut = true;
      this.#wake?.();
    });
    signal.addEventListener("abort", this.#leave);
    if (signal.aborted) this.#leave();
    if (options.wantsBookmarks) this.#planBookmark();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Buffer>> {
    for (;;) {
      if (this.#isOver) return this.#end();
      const { cache, start } = this.#options;
      if (start.from === "error") return this.#fail(start.error);
      const initial = this.#nextInitial();
      if (initial !== undefined) return { done: false, value: initial };
      if (this.#isTimedOut || cache.isClosed) return this.#end();
      if (this.#isLost()) {
        if (this.#hasBegun) cache.counts.terminatedWatchers++;
        return this.#fail(tooOld(this.#startRevision, cache.ring.oldestRevision));
      }
      this.#hasBegun = true;
      const chunk = this.#pull();
      if (chunk !== undefined) return { done: false, value: chunk };
      await this.#wait();
    }
  }

  async return(): Promise<IteratorResult<Buffer>> {
    return this.#end();
  }

  /** The client has gone, perhaps before anything was pulled. */
  readonly #leave = (): void => {
    this.#end();
    this.#wake?.();
  };

  #end(): IteratorResult<Buffer> {
    this.#isOver = true;
    this.#stopFollowing();
    this.#cancelTimeout();
    this.#cancelBookmark();
    this.#options.signal.removeEventListener("abort", this.#leave);
    return ended;
  }

  /** The last event of a watch that cannot go on. */
  #fail(error: StatusError): IteratorResult<Buffer> {
    this.#end();
    return { done: false, value: this.#options.form.framing.error(error.status) };
  }

  /** Whether events between the last one seen and now are gone: the watcher was too slow, or came too late. */
  #isLost(): boolean {
    const { cache } = this.#options;
    return (
      cache.generation !== this.#generation ||
      cache.ring.isGone(this.#position) ||
      this.#seen < cache.ring.oldestRevision
    );
  }

  #nextInitial(): Buffer | undefined {
    if (this.#initial === undefined) return undefined;
    const parts: Buffer[] = [];
    let sizeBytes = 0;
    while (sizeBytes < chunkBytesMax) {
      const { done, value } = this.#initial.next();
      if (done === true) {
        this.#initial = undefined;
        break;
      }
      parts.push(value);
      sizeBytes += value.length;
    }
    return parts.length === 0 ? undefined : Buffer.concat(parts, sizeBytes);
  }

  *#initialEvents({ tree, revision }: Snapshot, announcesEnd: boolean): Iterator<Buffer> {
    const { prefix, selector, form } = this.#options;
    for (const entry of tree.entries(prefix, prefixEnd(prefix))) {
      if (selector?.matches(entry) === false) continue;
      yield form.framing.event("ADDED", form.single(entry, this.#takeFirst()));
    }
    if (announcesEnd) yield this.#bookmark(revision, { "k8s.io/initial-events-end": "true" });
  }

  #takeFirst(): boolean {
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    return isFirst;
  }

  /** All events that wait, as one buffer; undefined where nothing is to be said. */
  #pull(): Buffer | undefined {
    const { cache } = this.#options;
    const { ring } = cache;
    const parts: Buffer[] = [];
    let sizeBytes = 0;
    while (this.#position < ring.end && sizeBytes < chunkBytesMax) {
      const event = ring.at(this.#position);
      if (event === undefined) break;
      this.#position++;
      if (event.revision <= this.#seen) continue;
      this.#seen = event.revision;
      const bytes = this.#encode(event);
      if (bytes === undefined) continue;
      parts.push(bytes);
      sizeBytes += bytes.length;
    }
    if (this.#position === ring.end && cache.revision > this.#seen) this.#seen = cache.revision;
    if (parts.length === 0) return this.#dueBookmark();
    return parts.length === 1 ? parts[0] : Buffer.concat(parts, sizeBytes);
  }

  /** The event as this watcher sees it: what enters its selector is added, what leaves it deleted. */
  #encode(event: CacheEvent): Buffer | undefined {
    const { prefix, selector } = this.#options;
    if (!event.entry.key.startsWith(prefix)) return undefined;
    if (selector === undefined) return this.#shared(event, event.type);
    const isIn = event.type !== "DELETED" && selector.matches(event.entry);
    const wasIn = event.previous !== undefined && selector.matches(event.previous);
    if (isIn) return this.#shared(event, wasIn ? "MODIFIED" : "ADDED");
    return wasIn ? this.#shared(event, "DELETED") : undefined;
  }

  /** The bytes that all watchers of the same form get. */
  #shared(event: CacheEvent, type: CacheEvent["type"]): Buffer {
    const { form } = this.#options;
    const isFirst = this.#takeFirst();
    const key = isFirst && form.list.kind === "Table" ? `${type} ${form.key} first` : this.#formKeys[type];
    const known = event.encoded.get(key);
    if (known !== undefined) return known;
    const left = type === "DELETED" && event.type !== "DELETED" && event.previous !== undefined;
    const entry = left && event.previous !== undefined ? event.previous.at(event.revision) : event.entry;
    const bytes = form.framing.event(type, form.single(entry, isFirst));
    event.encoded.set(key, bytes);
    return bytes;
  }

  #dueBookmark(): Buffer | undefined {
    if (!this.#bookmarkDue) return undefined;
    this.#bookmarkDue = false;
    this.#planBookmark();
    if (this.#seen <= this.#began) return undefined;
    return this.#bookmark(this.#seen, undefined);
  }

  /** An object that says nothing but how far the watch is. */
  #bookmark(revision: number, annotations: Record<string, string> | undefined): Buffer {
    const { cache, form } = this.#options;
    const { kind } = cache.resource;
    const empty = objectSchema(kind, kind.stored).decode({
      kind: kind.kind,
      apiVersion: "",
      metadata: { ...(annotations === undefined ? {} : { annotations }) },
    });
    const entry = new CacheEntry(cache.resource, { key: "", value: Buffer.from(JSON.stringify(empty)), revision });
    return form.framing.event("BOOKMARK", form.single(entry, this.#takeFirst()));
  }

  /** Once a minute, and for the last time shortly before the end. */
  #planBookmark(): void {
    this.#cancelBookmark();
    const { clock } = this.#options;
    const leftMs = this.#deadlineMs - bookmarkBeforeEndMs - clock.nowMs();
    if (leftMs < 0 || this.#isLastBookmark) return;
    this.#isLastBookmark = leftMs <= bookmarkEveryMs;
    this.#cancelBookmark = clock.after(Math.min(bookmarkEveryMs, leftMs), () => {
      this.#bookmarkDue = true;
      this.#wake?.();
    });
  }

  /** Until something may have changed. */
  async #wait(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = undefined;
  }
}

/** 410 as an event: the client has to list again. */
function tooOld(wanted: number, oldest: number): StatusError {
  return new StatusError("Expired", `too old resource version: ${wanted} (${oldest})`);
}
