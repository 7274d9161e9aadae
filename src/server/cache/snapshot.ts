// One moment of a resource.

import type { CacheEntry } from "./cache-entry.ts";
import type { Tree } from "./tree.ts";

/** The objects as they were at a revision. Holding it holds that moment. */
export interface Snapshot {
  readonly tree: Tree<CacheEntry>;
  readonly revision: number;
  /** Whether these are all of the resource, and not only those of the range that was asked for. */
  readonly isWhole: boolean;
}
