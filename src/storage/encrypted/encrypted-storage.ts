// A storage that encrypts values on their way into another one.

import type {
  CommitResult,
  KeyValue,
  RangeQuery,
  RangeResult,
  Storage,
  StorageBatch,
  StorageWatchOptions,
  Write,
} from "../storage.ts";
import { StorageError } from "../storage-error.ts";
import type { ValueTransformer } from "./value-transformer.ts";

/** Says how the value of a key is stored; undefined where it is stored as it is. */
export type TransformerOfKey = (key: string) => ValueTransformer | undefined;

export interface EncryptedStorageOptions {
  /** Called once when the storage is closed. */
  readonly onClose?: () => void;
}

/**
 * Stores values as their transformers say. Reading fails with CORRUPT, naming key and configuration, where none of their secrets fits;
 * nothing is changed then. Closing it closes the inner storage.
 */
export function encryptedStorage(
  inner: Storage,
  transformerOf: TransformerOfKey,
  options: EncryptedStorageOptions = {},
): Storage {
  return new EncryptedStorage(inner, transformerOf, options);
}

class EncryptedStorage implements Storage {
  readonly #inner: Storage;
  readonly #transformerOf: TransformerOfKey;
  readonly #onClose: () => void;

  constructor(inner: Storage, transformerOf: TransformerOfKey, { onClose = () => {} }: EncryptedStorageOptions) {
    this.#inner = inner;
    this.#transformerOf = transformerOf;
    this.#onClose = onClose;
  }

  async range(query: RangeQuery): Promise<RangeResult> {
    const result = await this.#inner.range(query);
    return { ...result, entries: result.entries.map((entry) => this.#decode(entry)) };
  }

  async commit(writes: readonly Write[], options?: { readonly signal?: AbortSignal }): Promise<CommitResult> {
    const encoded = writes.map((write) => this.#encode(write));
    const result = await this.#inner.commit(encoded, options);
    if (result.committed) return result;
    return { ...result, current: result.current.map((entry) => entry && this.#decode(entry)) };
  }

  async *watch(prefix: string, options: StorageWatchOptions): AsyncGenerator<StorageBatch, undefined> {
    for await (const batch of this.#inner.watch(prefix, options)) {
      yield { ...batch, events: batch.events.map((event) => this.#decode(event)) };
    }
  }

  currentRevision(options?: { readonly signal?: AbortSignal }): number | Promise<number> {
    return this.#inner.currentRevision(options);
  }

  requestProgress(): void {
    this.#inner.requestProgress();
  }

  compact(revision: number): Promise<void> {
    return this.#inner.compact(revision);
  }

  check(options: { readonly signal: AbortSignal }): Promise<void> {
    return this.#inner.check(options);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#onClose();
    return this.#inner[Symbol.asyncDispose]();
  }

  #encode(write: Write): Write {
    const { key, value } = write;
    const transformer = this.#transformerOf(key);
    return value === undefined || transformer === undefined
      ? write
      : { ...write, value: transformer.encode(value, key) };
  }

  #decode<T extends KeyValue | { readonly key: string; readonly value: Buffer | undefined }>(stored: T): T {
    const { key, value } = stored;
    const transformer = this.#transformerOf(key);
    if (value === undefined || transformer === undefined) return stored;
    try {
      return { ...stored, value: transformer.decode(value, key) };
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : `${cause}`;
      // The reference's words: clients get to see them.
      throw new StorageError("CORRUPT", `unable to transform key ${JSON.stringify(key)}: ${reason}`, { cause });
    }
  }
}
