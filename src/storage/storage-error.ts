// What goes wrong in storage, with codes that stay. `registry` translates them to a Status.

/** Why a call of a storage failed. */
export type StorageErrorCode =
  /** The revision asked for, or the events after it, were compacted away. */
  | "REVISION_COMPACTED"
  /** The revision asked for has not happened yet. */
  | "REVISION_IN_FUTURE"
  /** Nobody answers: the connection is lost, the cluster has no leader, a deadline passed. A write may or may not have happened. */
  | "UNAVAILABLE"
  /** The value or the commit is larger than the engine takes. Nothing was written. */
  | "TOO_LARGE"
  /** The disk or the quota is full. Nothing was written. */
  | "NO_SPACE"
  /** The file is not ours, is damaged, or a value cannot be decrypted. */
  | "CORRUPT"
  /** Another process has the data directory open. */
  | "IN_USE"
  /** The storage was closed. */
  | "CLOSED";

/** A failure of a storage engine. */
export class StorageError extends Error {
  override readonly name = "StorageError";
  readonly code: StorageErrorCode;
  /** With UNAVAILABLE, of a commit: whether it may have happened all the same. */
  readonly mayHaveHappened: boolean;
  /** With REVISION_COMPACTED: the oldest revision that can still be read, where it is known. */
  readonly oldestRevision: number | undefined;

  constructor(
    code: StorageErrorCode,
    message: string,
    options: { readonly cause?: unknown; readonly oldestRevision?: number; readonly mayHaveHappened?: boolean } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.mayHaveHappened = options.mayHaveHappened ?? false;
    this.oldestRevision = options.oldestRevision;
  }
}
