// One change of storage, as it changes a tree and as watchers hear of it.

import type { StorageEvent } from "../../storage/door.ts";
import type { Resource } from "../resource.ts";
import { CacheEntry } from "./cache-entry.ts";
import type { CacheEvent } from "./event-ring.ts";
import type { Tree } from "./tree.ts";

interface Applied {
  readonly tree: Tree<CacheEntry>;
  /** Undefined where nothing has changed: what was deleted was not there. */
  readonly event: CacheEvent | undefined;
}

/** The tree after the change, and the event. */
export function applyChange(
  resource: Resource,
  tree: Tree<CacheEntry>,
  { key, value, revision }: StorageEvent,
): Applied {
  const previous = tree.get(key);
  // The event holds it on: it must not hold the joined bytes of a whole leaf with it.
  previous?.detach();
  const encoded = new Map<string, Buffer>();
  if (value !== undefined) {
    const entry = new CacheEntry(resource, { key, value, revision });
    const type = previous === undefined ? "ADDED" : "MODIFIED";
    return { tree: tree.with(entry), event: { type, revision, entry, previous, encoded } };
  }
  if (previous === undefined) return { tree, event: undefined };
  const entry = previous.at(revision);
  return { tree: tree.without(key), event: { type: "DELETED", revision, entry, previous, encoded } };
}
