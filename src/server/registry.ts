// Writes objects of one resource to storage: conditionally, once, and with what storage says turned into what Kubernetes says.

import { type ApiObject, type GroupResource, StatusError } from "../api/door.ts";
import type { Clock } from "../base/clock.ts";
import { type KeyValue, type Storage, StorageError } from "../storage/door.ts";
import { CacheEntry } from "./cache/cache-entry.ts";
import type { ResourceCache } from "./cache/resource-cache.ts";
import type { Resource } from "./resource.ts";
import { encodeStored } from "./stored-object.ts";

/** An object as it lies in storage after a write, or as it would after one that was only tried. */
export interface Stored {
  readonly entry: CacheEntry;
  /** False for a dry run: the resourceVersion is then whatever the object says. */
  readonly isCommitted: boolean;
  /** The resourceVersion that a dry run answers with. */
  readonly resourceVersion: string | undefined;
}

/** What a change makes of an object: another one, nothing at all, or no change. */
export type Change =
  | { readonly to: "object"; readonly object: ApiObject }
  /** `answer` is how the object looked at its end, where that is not how it lay in storage. */
  | { readonly to: "nothing"; readonly answer?: ApiObject }
  | { readonly to: "same" };

export interface WriteOptions {
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
}

interface RegistryOptions {
  readonly resource: Resource;
  readonly storage: Storage;
  readonly cache: ResourceCache;
  readonly clock: Clock;
}

/** A conditional write that others keep overtaking is tried so often; sixteen writers of one object need about as many. */
const attemptsMax = 100;

export class Registry {
  readonly #resource: Resource;
  readonly #storage: Storage;
  readonly #cache: ResourceCache;
  readonly #groupResource: GroupResource;

  constructor({ resource, storage, cache }: RegistryOptions) {
    this.#resource = resource;
    this.#storage = storage;
    this.#cache = cache;
    this.#groupResource = { group: resource.kind.group, resource: resource.kind.plural };
  }

  /** Stores a new object, given in the hub's shape. Throws AlreadyExists where the key is taken. */
  async create(key: string, object: ApiObject, { dryRun, signal }: WriteOptions): Promise<Stored> {
    const name = object.metadata.name ?? "";
    const { resourceVersion } = object.metadata;
    const value = encodeStored(this.#resource.kind, object);
    if (dryRun) {
      const current = await this.#current(key, signal);
      if (current !== undefined) throw this.#alreadyExists(name, current);
      return { entry: this.#entry({ key, value, revision: 0 }), isCommitted: false, resourceVersion };
    }
    const result = await this.#commit({ key, value, expected: 0 }, signal);
    if (result.committed) return this.#committed({ key, value, revision: result.revision });
    const [current] = result.current;
    throw this.#alreadyExists(name, current === undefined ? undefined : this.#entry(current));
  }

  /**
   * Replaces an object by what `change` makes of it, again and again until no other writer came between. `change` gets the object in
   * the hub's shape, to alter as it likes, or undefined where there is none. Resolves to what is stored in the end; for "nothing" and
   * "same" that is the object as it was.
   */
  async update(
    key: string,
    change: (current: CacheEntry | undefined) => Promise<Change>,
    { dryRun, signal }: WriteOptions,
  ): Promise<Stored & { readonly wasRemoved: boolean; readonly wasCreated: boolean }> {
    let current = this.#cache.get(key);
    let isKnownFresh = false;
    if (current === undefined) {
      current = await this.#current(key, signal);
      isKnownFresh = true;
    }
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      let wanted: Change;
      try {
        wanted = await change(current);
      } catch (error) {
        // The cache may lag behind another server's write: only what storage has is a reason to refuse.
        if (isKnownFresh) throw error;
        const fresh = await this.#current(key, signal);
        if (fresh?.revision === current?.revision) throw error;
        current = fresh;
        isKnownFresh = true;
        continue;
      }
      const done = await this.#attempt(key, current, wanted, { dryRun, signal });
      if ("retryWith" in done) {
        current = done.retryWith;
        isKnownFresh = true;
        continue;
      }
      return done;
    }
    throw StatusError.conflict(
      this.#groupResource,
      "",
      "the object is being changed by too many writers at once; please try again",
    );
  }

  async #attempt(
    key: string,
    current: CacheEntry | undefined,
    wanted: Change,
    { dryRun, signal }: WriteOptions,
  ): Promise<(Stored & { wasRemoved: boolean; wasCreated: boolean }) | { readonly retryWith: CacheEntry | undefined }> {
    const expected = current?.revision ?? 0;
    if (wanted.to !== "object") {
      if (current === undefined) throw new TypeError("Cannot keep or remove an object as it must exist");
      const answer = wanted.to === "nothing" ? wanted.answer : undefined;
      const entry =
        answer === undefined
          ? current
          : this.#entry({ key, value: encodeStored(this.#resource.kind, answer), revision: expected });
      const kept = { entry, isCommitted: true, resourceVersion: undefined, wasCreated: false };
      if (wanted.to === "same" || dryRun) return { ...kept, wasRemoved: wanted.to === "nothing" };
      const removed = await this.#commit({ key, value: undefined, expected }, signal);
      if (!removed.committed) return { retryWith: this.#entryOf(removed.current[0]) };
      return { ...kept, wasRemoved: true };
    }
    const value = encodeStored(this.#resource.kind, wanted.object);
    const entry = this.#entry({ key, value, revision: expected });
    const isSame =
      current !== undefined && entry.item(this.#resource.kind.stored).equals(current.item(this.#resource.kind.stored));
    if (isSame || dryRun) {
      const { resourceVersion } = wanted.object.metadata;
      return {
        entry: isSame ? current : entry,
        isCommitted: isSame,
        resourceVersion,
        wasRemoved: false,
        wasCreated: current === undefined,
      };
    }
    const result = await this.#commit({ key, value, expected }, signal);
    if (!result.committed) return { retryWith: this.#entryOf(result.current[0]) };
    return {
      ...this.#committed({ key, value, revision: result.revision }),
      wasRemoved: false,
      wasCreated: current === undefined,
    };
  }

  /** What storage has under a key right now. */
  async #current(key: string, signal: AbortSignal): Promise<CacheEntry | undefined> {
    try {
      const { entries } = await this.#storage.range({ start: key, end: `${key}\0`, signal });
      return this.#entryOf(entries[0]);
    } catch (error) {
      throw statusOfStorageError(error, this.#groupResource);
    }
  }

  async #commit(write: Parameters<Storage["commit"]>[0][number], signal: AbortSignal): ReturnType<Storage["commit"]> {
    try {
      return await this.#storage.commit([write], { signal });
    } catch (error) {
      throw statusOfStorageError(error, this.#groupResource);
    }
  }

  #committed(keyValue: KeyValue): Stored {
    return { entry: this.#entry(keyValue), isCommitted: true, resourceVersion: undefined };
  }

  #entry(keyValue: KeyValue): CacheEntry {
    return new CacheEntry(this.#resource, keyValue);
  }

  #entryOf(keyValue: KeyValue | undefined): CacheEntry | undefined {
    return keyValue === undefined ? undefined : this.#entry(keyValue);
  }

  #alreadyExists(name: string, existing: CacheEntry | undefined): StatusError {
    const error = StatusError.alreadyExists(this.#groupResource, name);
    if (existing?.object().metadata.deletionTimestamp === undefined) return error;
    return new StatusError("AlreadyExists", `object is being deleted: ${error.message}`, {
      ...(error.details === undefined ? {} : { details: error.details }),
    });
  }
}

/** The one place where storage's failures become a client's. */
export function statusOfStorageError(error: unknown, { group, resource }: GroupResource): unknown {
  if (!(error instanceof StorageError)) return error;
  const details = { ...(group === "" ? {} : { group }), kind: resource };
  switch (error.code) {
    case "REVISION_COMPACTED":
      return new StatusError("Expired", "The resourceVersion for the provided list is too old.", { cause: error });
    case "REVISION_IN_FUTURE":
      return new StatusError("Timeout", error.message, { cause: error });
    case "TOO_LARGE":
      return new StatusError("", "etcdserver: request is too large", { code: 500, cause: error });
    case "NO_SPACE":
      return new StatusError("ServiceUnavailable", `storage is full: ${error.message}`, {
        details: { ...details, retryAfterSeconds: 10 },
        cause: error,
      });
    case "UNAVAILABLE":
    case "CLOSED":
    case "IN_USE":
      return new StatusError("ServiceUnavailable", `storage does not answer: ${error.message}`, {
        details: { ...details, retryAfterSeconds: 1 },
        cause: error,
      });
    case "CORRUPT":
      return new StatusError("InternalError", `Internal error occurred: ${error.message}`, {
        details: { causes: [{ message: error.message }] },
        cause: error,
      });
  }
}
