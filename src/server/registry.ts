// Writes objects of one resource to storage: conditionally, once, and with what storage says turned into what Kubernetes says.

import { type ApiObject, type GroupResource, StatusError } from "../api/door.ts";
import type { CommitResult, KeyValue, Storage, Write } from "../storage/door.ts";
import { CacheEntry } from "./cache/cache-entry.ts";
import type { ResourceCache } from "./cache/resource-cache.ts";
import { type StorageOperation, statusOfStorageError } from "./registry/storage-status.ts";
import { Turns } from "./registry/turns.ts";
import type { Resource } from "./resource.ts";
import { encodeStored } from "./stored-object.ts";

export { statusOfStorageError } from "./registry/storage-status.ts";

/** An object as it lies in storage after a write, or as it would after one that was only tried. */
export interface Stored {
  readonly entry: CacheEntry;
  /** What to show where it lies nowhere, after a dry run or a removal, in the hub's shape. */
  readonly shown: ApiObject | undefined;
}

/** What became of an object that was to change. */
export interface Changed extends Stored {
  readonly wasRemoved: boolean;
  readonly wasCreated: boolean;
}

/** What a change makes of an object: another one, or nothing at all; `answer` is then what the client gets in place of the object as it was. */
export type Change =
  | { readonly to: "object"; readonly object: ApiObject }
  | { readonly to: "nothing"; readonly answer?: ApiObject };

export interface WriteOptions {
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
}

interface RegistryOptions {
  readonly resource: Resource;
  readonly storage: Storage;
  readonly cache: ResourceCache;
}

/** What stands at a key. The cache may lag behind another server's write, so that nothing final is said from it alone. */
interface Seen {
  readonly entry: CacheEntry | undefined;
  readonly isNewest: boolean;
}

/** Either the end of a change, or what stood there in truth. */
type Attempt = { readonly done: Changed } | { readonly overtakenBy: Seen };

/** Writers of one object in this process take turns, so that only other processes can overtake one of them so often. */
const attemptsMax = 100;

export class Registry {
  readonly #resource: Resource;
  readonly #storage: Storage;
  readonly #cache: ResourceCache;
  readonly #groupResource: GroupResource;
  readonly #turns = new Turns();

  constructor({ resource, storage, cache }: RegistryOptions) {
    this.#resource = resource;
    this.#storage = storage;
    this.#cache = cache;
    this.#groupResource = { group: resource.kind.group, resource: resource.kind.plural };
  }

  /** Stores a new object, given in the hub's shape. Throws AlreadyExists where the key is taken. */
  async create(key: string, object: ApiObject, { dryRun, signal }: WriteOptions): Promise<Stored> {
    const value = encodeStored(this.#resource.kind, object);
    if (dryRun) {
      const { entry } = await this.#read(key, signal);
      if (entry !== undefined) throw this.#alreadyExists(object, entry);
      return this.#tried({ key, value, revision: 0 }, object);
    }
    const result = await this.#commit({ key, value, expected: 0 }, signal);
    if (result.committed) return this.#committed({ key, value, revision: result.revision });
    throw this.#alreadyExists(object, this.#entryOf(result.current[0]));
  }

  /**
   * Replaces an object by what `change` makes of it, again and again until no other writer came between. `change` gets what is there,
   * or undefined, and may be called with the cache's view first. Resolves to what is stored in the end; for "nothing" that is the object
   * as it was.
   */
  async update(
    key: string,
    change: (current: CacheEntry | undefined) => Promise<Change>,
    options: WriteOptions,
  ): Promise<Changed> {
    const cached = this.#cache.get(key);
    const first = cached === undefined ? await this.#read(key, options.signal) : { entry: cached, isNewest: false };
    const attempt = await this.#try(key, first, { change, options });
    if ("done" in attempt) return attempt.done;
    return this.#updateInTurn(key, { change, options });
  }

  async #updateInTurn(key: string, work: Work): Promise<Changed> {
    const leave = await this.#turns.take(key);
    try {
      let seen = await this.#read(key, work.options.signal);
      for (let attempt = 0; attempt < attemptsMax; attempt++) {
        const outcome = await this.#try(key, seen, work);
        if ("done" in outcome) return outcome.done;
        seen = outcome.overtakenBy;
      }
    } finally {
      leave();
    }
    const why = "the object is being changed by too many writers at once; please try again";
    throw StatusError.conflict(this.#groupResource, key.slice(key.lastIndexOf("/") + 1), why);
  }

  async #try(key: string, seen: Seen, { change, options }: Work): Promise<Attempt> {
    let wanted: Change;
    try {
      wanted = await change(seen.entry);
    } catch (error) {
      const overtakenBy = await this.#overtaker(key, seen, options.signal);
      if (overtakenBy === undefined) throw error;
      return { overtakenBy };
    }
    const planned = this.#plan(key, seen.entry, wanted);
    if (planned.write === undefined || options.dryRun) {
      const overtakenBy = await this.#overtaker(key, seen, options.signal);
      if (overtakenBy !== undefined) return { overtakenBy };
      return { done: options.dryRun ? planned.tried() : planned.committed(seen.entry?.revision ?? 0) };
    }
    const result = await this.#commit(planned.write, options.signal);
    if (result.committed) return { done: planned.committed(result.revision) };
    return { overtakenBy: { entry: this.#entryOf(result.current[0]), isNewest: true } };
  }

  /** What a change comes to: what is to be written, and the answers to it. */
  #plan(key: string, current: CacheEntry | undefined, wanted: Change): Plan {
    const expected = current?.revision ?? 0;
    if (wanted.to === "object") return this.#planPut({ key, expected }, current, wanted.object);
    if (current === undefined) throw new TypeError(`Cannot remove the object at "${key}" as it must exist`);
    // A removal shows the object as the request made it: storage, which may keep less of it, never saw it.
    const answer = () => ({ entry: current, shown: wanted.answer, wasRemoved: true, wasCreated: false });
    return { write: { key, value: undefined, expected }, tried: answer, committed: answer };
  }

  #planPut(
    { key, expected }: { readonly key: string; readonly expected: number },
    current: CacheEntry | undefined,
    object: ApiObject,
  ): Plan {
    const value = encodeStored(this.#resource.kind, object);
    const outcome = { wasRemoved: false, wasCreated: current === undefined };
    const tried = () => ({ ...this.#tried({ key, value, revision: expected }, object), ...outcome });
    if (current?.holds(value) === true)
      return { write: undefined, tried, committed: () => ({ entry: current, shown: undefined, ...outcome }) };
    return {
      write: { key, value, expected },
      tried,
      committed: (revision) => ({ ...this.#committed({ key, value, revision }), ...outcome }),
    };
  }

  /** What storage has where it is not what was seen; undefined where it is. */
  async #overtaker(key: string, seen: Seen, signal: AbortSignal): Promise<Seen | undefined> {
    if (seen.isNewest) return undefined;
    const newest = await this.#read(key, signal);
    return newest.entry?.revision === seen.entry?.revision ? undefined : newest;
  }

  /** What storage has under a key right now. */
  async #read(key: string, signal: AbortSignal): Promise<Seen> {
    try {
      const { entries } = await this.#storage.range({ start: key, end: `${key}\0`, signal });
      return { entry: this.#entryOf(entries[0]), isNewest: true };
    } catch (error) {
      throw statusOfStorageError(error, { operation: "get", of: this.#groupResource });
    }
  }

  async #commit(write: Write, signal: AbortSignal): Promise<CommitResult> {
    try {
      return await this.#storage.commit([write], { signal });
    } catch (error) {
      throw statusOfStorageError(error, { operation: operationOf(write), of: this.#groupResource });
    }
  }

  #committed(keyValue: KeyValue): Stored {
    return { entry: this.#ourEntry(keyValue), shown: undefined };
  }

  /** As storage would have kept it, but for what the server alone writes: there the object has its own words. */
  #tried(keyValue: KeyValue, { metadata: { resourceVersion = "", selfLink } }: ApiObject): Stored {
    const entry = this.#ourEntry(keyValue);
    const shown = entry.object();
    if (resourceVersion === "") delete shown.metadata.resourceVersion;
    else shown.metadata.resourceVersion = resourceVersion;
    if (selfLink !== undefined) shown.metadata.selfLink = selfLink;
    return { entry, shown };
  }

  #ourEntry(keyValue: KeyValue): CacheEntry {
    return new CacheEntry(this.#resource, keyValue, { isCanonical: true });
  }

  #entryOf(keyValue: KeyValue | undefined): CacheEntry | undefined {
    return keyValue === undefined ? undefined : new CacheEntry(this.#resource, keyValue);
  }

  #alreadyExists({ metadata }: ApiObject, existing: CacheEntry | undefined): StatusError {
    const error = StatusError.alreadyExists(this.#groupResource, metadata.name ?? "");
    if (existing?.object().metadata.deletionTimestamp === undefined) return error;
    const details = error.details === undefined ? {} : { details: error.details };
    return new StatusError("AlreadyExists", `object is being deleted: ${error.message}`, details);
  }
}

function operationOf({ value, expected }: Write): StorageOperation {
  if (value === undefined) return "delete";
  return expected === 0 ? "create" : "update";
}

interface Work {
  readonly change: (current: CacheEntry | undefined) => Promise<Change>;
  readonly options: WriteOptions;
}

interface Plan {
  /** Undefined where nothing changes. */
  readonly write: Write | undefined;
  tried(): Changed;
  committed(revision: number): Changed;
}
