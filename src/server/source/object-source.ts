// Objects that live elsewhere: in a table, behind another API, in the machine itself.

import type { ApiObject } from "../../api/door.ts";

/**
 * Functions that stand in for storage. The library keeps what `list` says as objects with revisions, so that selectors, pages, watches, tables and
 * apply work as for any resource. Verbs whose function is missing are not served: 405.
 *
 * Objects are in the hub's shape and need a name, and a namespace where the kind has them. A uid is made of both where there is none, and the same after
 * a restart; the time of creation is when the object was first seen. resourceVersions begin anew above all earlier ones when the server starts, so that a
 * watch from before gets 410 and lists again.
 *
 * What a function throws is the client's answer where it is a StatusError; anything else is a 504 of a write and a 500 of a read that say to try again.
 */
export interface ObjectSource<O = ApiObject> {
  /** Everything there is. Asked for each read that must be fresh (reads that wait at the same moment share one), and every `intervalMs`. */
  list(options: SourceOptions): Promise<readonly O[]> | readonly O[];
  /** How long a watcher waits at most for what nobody tells. Default: ten seconds. */
  readonly intervalMs?: number;
  /** Calls `changed` when something may have changed, so that watchers hear of it at once; the result stops that. */
  follow?(changed: () => void): () => void;
  create?(object: O, options: SourceOptions): Promise<void> | void;
  /** `old` is what the client saw, and still what `list` said last. */
  update?(object: O, options: SourceOptions & { readonly old: O }): Promise<void> | void;
  delete?(object: O, options: SourceOptions): Promise<void> | void;
}

export interface SourceOptions {
  /** Aborts when the time for an answer is over, or the server stops. */
  readonly signal: AbortSignal;
}
