// A storage in front of a source of objects: what the source says is kept in memory with revisions, what clients write goes to the source first.

import { createHash } from "node:crypto";
import { type ApiObject, type Kind, type ObjectMeta, StatusError } from "../../api/door.ts";
import type { Clock } from "../../base/clock.ts";
import { timestamp } from "../../base/timestamp.ts";
import {
  type CommitResult,
  type KeyValue,
  openMemoryStorage,
  type RangeQuery,
  type RangeResult,
  type Storage,
  type StorageBatch,
  StorageError,
  type StorageWatchOptions,
  type Write,
} from "../../storage/door.ts";
import { decodeStored, encodeStored } from "../stored-object.ts";
import type { ObjectSource } from "./object-source.ts";

interface SourceStorageOptions {
  readonly source: ObjectSource;
  readonly kind: Kind;
  readonly clock: Clock;
  readonly keyOf: (namespace: string, name: string) => string;
}

/** No source changes so often: after a restart all revisions are greater than before. They stay exact until the year 2255. */
const revisionsPerMs = 1_000;
const intervalMsDefault = 10_000;
/** A source that says nothing for so long does not answer. */
const answerTimeoutMs = 10_000;

/** What the server knows of an object where the source does not say it. */
type OwnMeta = Pick<ObjectMeta, "uid" | "creationTimestamp" | "managedFields">;

interface Known {
  readonly value: Buffer;
  readonly meta: OwnMeta;
}

export class SourceStorage implements Storage {
  readonly #options: SourceStorageOptions;
  readonly #kept: Storage;
  readonly #known = new Map<string, Known>();
  readonly #stop = new AbortController();
  readonly #stopFollowing: () => void;
  #cancelPoll: () => void = () => {};
  /** One after another: reading the source and writing to it. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: SourceStorageOptions) {
    this.#options = options;
    const { clock, source } = options;
    this.#kept = openMemoryStorage({ clock, firstRevision: clock.nowMs() * revisionsPerMs });
    this.#stopFollowing = source.follow?.(() => this.#look()) ?? (() => {});
    this.#planPoll();
  }

  async range(query: RangeQuery): Promise<RangeResult> {
    if (query.revision === undefined) await this.#refresh();
    return this.#kept.range(query);
  }

  async currentRevision(): Promise<number> {
    await this.#refresh();
    return this.#kept.currentRevision();
  }

  /** Of one write: a registry makes no others. */
  commit(writes: readonly Write[], { signal }: { readonly signal?: AbortSignal } = {}): Promise<CommitResult> {
    const [write, ...more] = writes;
    if (write === undefined || more.length > 0)
      throw new RangeError(`Cannot commit to a source of objects as it takes one write at a time: ${writes.length}`);
    return this.#inTurn(async () => {
      // What the writer saw must still be what the source has.
      await this.#keepWhatIsListed();
      const current = await this.#entry(write.key);
      if (write.expected !== undefined && write.expected !== (current?.revision ?? 0))
        return { committed: false, revision: await this.#kept.currentRevision(), current: [current] };
      await this.#handOver(write, current, signal);
      return this.#keep(write);
    });
  }

  watch(prefix: string, options: StorageWatchOptions): AsyncIterable<StorageBatch> {
    return this.#kept.watch(prefix, options);
  }

  requestProgress(): void {
    this.#kept.requestProgress();
  }

  compact(revision: number): Promise<void> {
    return this.#kept.compact(revision);
  }

  check(options: { readonly signal: AbortSignal }): Promise<void> {
    return this.#kept.check(options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#stopFollowing();
    this.#cancelPoll();
    await this.#last.catch(() => {});
    await this.#kept[Symbol.asyncDispose]();
  }

  #planPoll(): void {
    const { clock, source } = this.#options;
    this.#cancelPoll = clock.after(source.intervalMs ?? intervalMsDefault, () => {
      this.#look();
      this.#planPoll();
    });
  }

  /** For watchers. A source that fails is told to the next reader, who asks it again. */
  #look(): void {
    if (!this.#stop.signal.aborted) this.#refresh().catch(() => {});
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.catch(() => {}).then(work);
    this.#last = turn;
    return turn;
  }

  #refresh(): Promise<void> {
    return this.#inTurn(() => this.#keepWhatIsListed());
  }

  /** Each change at a revision of its own, as watchers tell them apart by it. */
  async #keepWhatIsListed(): Promise<void> {
    const found = this.#valuesOf(await this.#list());
    for (const [key, value] of found)
      if (this.#known.get(key)?.value.equals(value) !== true) await this.#keep({ key, value });
    for (const key of [...this.#known.keys()]) if (!found.has(key)) await this.#keep({ key, value: undefined });
  }

  async #list(): Promise<readonly ApiObject[]> {
    const { source, kind } = this.#options;
    try {
      return await source.list({ signal: this.#deadline() });
    } catch (error) {
      throw unavailable(`${kind.plural} cannot be listed`, error);
    }
  }

  #deadline(...more: readonly AbortSignal[]): AbortSignal {
    return AbortSignal.any([AbortSignal.timeout(answerTimeoutMs), this.#stop.signal, ...more]);
  }

  #valuesOf(objects: readonly ApiObject[]): Map<string, Buffer> {
    const { kind, keyOf } = this.#options;
    const values = new Map<string, Buffer>();
    for (const object of objects) {
      const { name = "", namespace = "" } = object.metadata;
      try {
        const key = keyOf(namespace, name);
        values.set(
          key,
          encodeStored(kind, { ...object, metadata: { ...this.#ownMeta(key, object), ...object.metadata } }),
        );
      } catch (error) {
        throw unavailable(`the ${kind.kind} "${namespace}/${name}" is none`, error);
      }
    }
    return values;
  }

  #ownMeta(key: string, { metadata: { name = "", namespace = "", creationTimestamp = "" } }: ApiObject): OwnMeta {
    const { kind, clock } = this.#options;
    const known = this.#known.get(key)?.meta;
    if (known !== undefined) return known;
    // An object that was made anew is another one, where the source tells when.
    const identity = [kind.group, kind.plural, namespace, name, creationTimestamp].join("/");
    return { uid: uuidOf(identity), creationTimestamp: timestamp(clock) };
  }

  async #entry(key: string): Promise<KeyValue | undefined> {
    const { entries } = await this.#kept.range({ start: key, end: `${key}\0`, limit: 1 });
    return entries[0];
  }

  /** What the source is told before anybody else. */
  async #handOver({ value }: Write, current: KeyValue | undefined, asked: AbortSignal | undefined): Promise<void> {
    const { source, kind } = this.#options;
    const options = { signal: this.#deadline(...(asked === undefined ? [] : [asked])) };
    const object = value === undefined ? undefined : decodeStored(kind, value, current?.revision ?? 0);
    const old = current === undefined ? undefined : decodeStored(kind, current.value, current.revision);
    try {
      if (object === undefined) {
        if (old !== undefined) await required(source.delete).call(source, old, options);
      } else if (old === undefined) await required(source.create).call(source, object, options);
      else await required(source.update).call(source, object, { ...options, old });
    } catch (error) {
      throw error instanceof StatusError ? error : unavailable(`a ${kind.kind} cannot be written`, error);
    }
  }

  async #keep({ key, value }: Pick<Write, "key" | "value">): Promise<CommitResult> {
    const result = await this.#kept.commit([{ key, value, expected: undefined }]);
    if (value === undefined) this.#known.delete(key);
    else this.#known.set(key, { value, meta: ownMetaIn(decodeStored(this.#options.kind, value, 0)) });
    return result;
  }
}

function ownMetaIn({ metadata: { uid, creationTimestamp, managedFields } }: ApiObject): OwnMeta {
  return {
    ...(uid === undefined ? {} : { uid }),
    ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
    ...(managedFields === undefined ? {} : { managedFields }),
  };
}

function required<F>(method: F | undefined): F {
  if (method === undefined) throw StatusError.methodNotAllowed();
  return method;
}

function unavailable(what: string, cause: unknown): StorageError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new StorageError("UNAVAILABLE", `${what}: ${why}`, { cause, mayHaveHappened: true });
}

/** The same identity, the same uid. https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-8 */
function uuidOf(identity: string): string {
  const hex = createHash("sha256").update(identity).digest("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `a${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    "-",
  );
}
