// What admission plug-ins see of the server: its resources' caches.

import type { Kind } from "../../api/door.ts";
import type { ResourceCache } from "../cache/resource-cache.ts";
import type { ServedResource } from "../served-resource.ts";
import type { AdmissionServer, CachedObjects } from "./admission.ts";

/** Reads the caches of these resources. */
export function admissionServer(served: readonly Pick<ServedResource, "kind" | "cache">[]): AdmissionServer {
  const caches = new Map(served.map(({ kind, cache }) => [kind, cache]));
  return {
    objects(kind) {
      const cache = caches.get(kind);
      if (cache === undefined) throw new RangeError(unknownKind(kind));
      cache.requireReady();
      return cachedObjects(cache);
    },
  };
}

function cachedObjects(cache: ResourceCache): CachedObjects {
  const { tree, revision } = cache.snapshot;
  return {
    revision,
    *[Symbol.iterator]() {
      for (const entry of tree.entries(cache.prefix, cache.end)) yield entry.object();
    },
  };
}

function unknownKind({ kind, group }: Kind): string {
  return `Cannot read objects for admission as their kind must be served by this server: "${kind}" of group "${group}"`;
}
