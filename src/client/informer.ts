// A copy of a kind's objects that follows the server: a watch list where the server has it, else a list and a watch.
// https://kubernetes.io/docs/reference/using-api/api-concepts/#streaming-lists

import { randomInt } from "node:crypto";
import { type ApiObject, StatusError } from "../api/door.ts";
import { backOff } from "../base/backoff.ts";
import { type Clock, systemClock } from "../base/clock.ts";
import type { ListOptions, ResourceClient, WatchOptions } from "./resource-client.ts";
import type { WatchEvent } from "./watch-reader.ts";

type Watched = { metadata: ApiObject["metadata"] };

/** What became of one object. `old` is what the informer held before. */
export interface Change<T> {
  readonly type: "added" | "updated" | "deleted";
  readonly object: T;
  readonly old: T | undefined;
}

export interface InformerOptions<T extends Watched> {
  readonly client: ResourceClient<T>;
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Hears of every object again, as updated, so often. Default: never. */
  readonly resyncMs?: number;
  readonly clock?: Clock;
  /** Hears of failures; the informer itself tries again. */
  readonly onError?: (error: unknown) => void;
}

/** Watches are opened anew after five to ten minutes, so that a restarted server gets its clients back evenly. */
const watchSecondsMin = 300;
/** Waits between attempts: 50 ms to 30 s. */
const pauses = { minMs: 50, maxMs: 30_000 };

const initialEventsEnd = "k8s.io/initial-events-end";

export class Informer<T extends Watched> {
  readonly #options: InformerOptions<T>;
  readonly #clock: Clock;
  readonly #stop = new AbortController();
  readonly #listeners = new Set<(change: Change<T>) => void>();
  #objects = new Map<string, T>();
  #resourceVersion = "";
  #hasWatchList = true;
  #isSynced = false;
  #syncWaiters: (() => void)[] = [];
  #running: Promise<void> | undefined;

  constructor(options: InformerOptions<T>) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** Begins to follow the server. */
  start(): void {
    this.#running ??= this.#run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    for (const wake of this.#syncWaiters.splice(0)) wake();
    await this.#running;
  }

  /** Whether all objects have been read once. */
  get isSynced(): boolean {
    return this.#isSynced;
  }

  /** Resolves once all objects have been read; rejects where the signal or the informer ends before. */
  async synced(signal?: AbortSignal): Promise<void> {
    if (this.#isSynced) return;
    await new Promise<void>((resolve) => {
      this.#syncWaiters.push(resolve);
      signal?.addEventListener("abort", () => resolve(), { once: true });
    });
    signal?.throwIfAborted();
    this.#stop.signal.throwIfAborted();
  }

  get(name: string, namespace = ""): T | undefined {
    return this.#objects.get(`${namespace}/${name}`);
  }

  /** All objects, in no particular order. Shared: never change one. */
  objects(): Iterable<T> {
    return this.#objects.values();
  }

  get size(): number {
    return this.#objects.size;
  }

  /** Calls `listener` with each change from now on; the result stops that. */
  onChange(listener: (change: Change<T>) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const pause = backOff({ clock: this.#clock, signal, ...pauses });
    const stopResync = this.#startResync();
    while (!signal.aborted) {
      try {
        await this.#follow(signal, pause.reset);
      } catch (error) {
        if (signal.aborted) break;
        this.#failed(error);
      }
      await pause.wait();
    }
    stopResync();
  }

  /** One watch, after whatever must be read before it. Returns when the server has ended it in peace. */
  async #follow(signal: AbortSignal, succeeded: () => void): Promise<void> {
    if (this.#resourceVersion === "" && this.#hasWatchList && (await this.#watchList(signal, succeeded))) return;
    if (this.#resourceVersion === "") {
      await this.#list(signal);
      succeeded();
    }
    const events = await this.#open({ resourceVersion: this.#resourceVersion }, signal);
    for await (const event of events) {
      succeeded();
      this.#apply(event);
    }
  }

  /** Reads everything by one stream and goes on with it. False where the server does not know how. */
  async #watchList(signal: AbortSignal, succeeded: () => void): Promise<boolean> {
    let events: AsyncIterable<WatchEvent<T>>;
    try {
      events = await this.#open({ sendInitialEvents: true }, signal);
    } catch (error) {
      // Servers before 1.27, or with the feature turned off, refuse the parameter.
      if (!(error instanceof StatusError) || (error.code !== 422 && error.code !== 400)) throw error;
      this.#hasWatchList = false;
      return false;
    }
    const initial = new Map<string, T>();
    let isReading = true;
    for await (const event of events) {
      if (!isReading) {
        this.#apply(event);
        continue;
      }
      if (event.type === "BOOKMARK" && event.object.metadata.annotations?.[initialEventsEnd] === "true") {
        isReading = false;
        this.#replace(initial, event.object.metadata.resourceVersion ?? "");
        succeeded();
      } else if (event.type === "DELETED") initial.delete(keyOf(event.object));
      else if (event.type !== "BOOKMARK") initial.set(keyOf(event.object), event.object);
    }
    return true;
  }

  async #list(signal: AbortSignal): Promise<void> {
    const objects = new Map<string, T>();
    let revision = "";
    let token: string | undefined;
    do {
      const page = await this.#options.client.list({
        ...this.#scope(),
        limit: pageSize,
        signal,
        ...(token === undefined ? {} : { continue: token }),
      });
      for (const object of page.items) objects.set(keyOf(object), object);
      revision = page.metadata.resourceVersion ?? "";
      token = page.metadata.continue;
    } while (token !== undefined && token !== "");
    this.#replace(objects, revision);
  }

  #open(options: WatchOptions, signal: AbortSignal): Promise<AsyncIterable<WatchEvent<T>>> {
    const timeoutSeconds = Math.round(watchSecondsMin * (1 + randomInt(1000) / 1000));
    return this.#options.client.watch({
      ...this.#scope(),
      allowWatchBookmarks: true,
      timeoutSeconds,
      signal,
      ...options,
    });
  }

  #scope(): Pick<ListOptions, "namespace" | "labelSelector" | "fieldSelector"> {
    const { namespace, labelSelector, fieldSelector } = this.#options;
    return {
      ...(namespace === undefined ? {} : { namespace }),
      ...(labelSelector === undefined ? {} : { labelSelector }),
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
    };
  }

  #apply({ type, object }: WatchEvent<T>): void {
    this.#resourceVersion = object.metadata.resourceVersion ?? this.#resourceVersion;
    if (type === "BOOKMARK") return;
    const key = keyOf(object);
    const old = this.#objects.get(key);
    if (type === "DELETED") {
      this.#objects.delete(key);
      this.#tell({ type: "deleted", object, old });
      return;
    }
    this.#objects.set(key, object);
    this.#tell({ type: old === undefined ? "added" : "updated", object, old });
  }

  /** Everything was read anew: tells what is different from before. */
  #replace(objects: Map<string, T>, resourceVersion: string): void {
    const before = this.#objects;
    this.#objects = objects;
    this.#resourceVersion = resourceVersion;
    for (const [key, old] of before) if (!objects.has(key)) this.#tell({ type: "deleted", object: old, old });
    for (const [key, object] of objects) {
      const old = before.get(key);
      if (old === undefined) this.#tell({ type: "added", object, old });
      else if (old.metadata.resourceVersion !== object.metadata.resourceVersion)
        this.#tell({ type: "updated", object, old });
    }
    this.#isSynced = true;
    for (const wake of this.#syncWaiters.splice(0)) wake();
  }

  #failed(error: unknown): void {
    // The place in history is lost: the next round reads everything again.
    if (error instanceof StatusError && (error.code === 410 || error.code === 504)) this.#resourceVersion = "";
    this.#options.onError?.(error);
  }

  #tell(change: Change<T>): void {
    for (const listener of this.#listeners) listener(change);
  }

  #startResync(): () => void {
    const { resyncMs } = this.#options;
    if (resyncMs === undefined) return () => undefined;
    let cancel = () => {};
    const again = () => {
      for (const object of this.#objects.values()) this.#tell({ type: "updated", object, old: object });
      cancel = this.#clock.after(resyncMs, again);
    };
    cancel = this.#clock.after(resyncMs, again);
    return () => cancel();
  }
}

/** As client-go's reflector has it. */
const pageSize = 500;

function keyOf({ metadata }: Watched): string {
  return `${metadata.namespace ?? ""}/${metadata.name ?? ""}`;
}
