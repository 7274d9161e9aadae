// One table of the file: keys and values in bytes. What is odd about lmdb's own tables stays in here.

import type { Database, GetOptions, PutOptions, Transaction } from "lmdb";
import { asReadError } from "./lmdb-error.ts";

export interface Entry {
  readonly key: Buffer;
  readonly value: Buffer;
}

export interface EntriesQuery {
  readonly start: Buffer;
  /** The key after the last one. */
  readonly end: Buffer;
  readonly transaction?: Transaction;
}

/** lmdb's types leave out that reading one entry takes a transaction, and putting one options without a version. */
type Table = Database<Buffer, Buffer> & {
  getBinaryFast(key: Buffer, options?: GetOptions): Buffer | undefined;
  put(key: Buffer, value: Buffer, options: PutOptions): Promise<boolean>;
};

export class LmdbTable {
  readonly #table: Table;

  constructor(table: Database<Buffer, Buffer>) {
    this.#table = table;
  }

  /** The value, which stays as it is until the next read only. */
  get(key: Buffer, transaction?: Transaction): Buffer | undefined {
    try {
      const bytes = this.#table.getBinaryFast(key, transaction && { transaction });
      return bytes?.subarray(0, bytes.length); // The buffer goes on behind its `length`, which others do not respect.
    } catch (error) {
      throw asReadError(error);
    }
  }

  /** The entries of a range, in order of keys. */
  *entries(query: EntriesQuery): Generator<Entry, undefined> {
    try {
      yield* this.#table.getRange(query);
    } catch (error) {
      throw asReadError(error);
    }
  }

  lastKey(): Buffer | undefined {
    try {
      const [key] = this.#table.getKeys({ reverse: true, limit: 1 });
      return key;
    } catch (error) {
      throw asReadError(error);
    }
  }

  /** Puts within a batch, whose own promise tells how it ended. */
  put(key: Buffer, value: Buffer): void {
    void this.#table.put(key, value);
  }

  /** Puts a key that is greater than all others. Told so, LMDB fills pages to the end, which saves a quarter of the file. */
  append(key: Buffer, value: Buffer): void {
    this.#table.put(key, value, { append: true }).catch(() => {}); // It fails with the batch, which tells of it.
  }

  remove(key: Buffer): void {
    void this.#table.remove(key);
  }
}
