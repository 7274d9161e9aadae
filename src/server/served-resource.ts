// A resource as a running server holds it: with its storage, its cache and its rules of change at work.

import { type GroupResource, type Kind, pathSegmentFaults, StatusError } from "../api/door.ts";
import { type Clock, systemClock } from "../base/clock.ts";
import type { Storage } from "../storage/door.ts";
import type { AdmissionChain } from "./admission/chain.ts";
import type { Authorizer } from "./authorization/authorizer.ts";
import { ResourceCache } from "./cache/resource-cache.ts";
import { type Logger, silentLogger } from "./logging.ts";
import type { StorageMetrics } from "./metrics/storage-metrics.ts";
import { Registry } from "./registry.ts";
import type { Resource } from "./resource.ts";
import { SourceStorage } from "./source/source-storage.ts";

export interface ServedResource {
  readonly resource: Resource;
  readonly kind: Kind;
  readonly isNamespaced: boolean;
  readonly groupResource: GroupResource;
  /** Ends in a slash: every key of the resource begins with it. */
  readonly keyPrefix: string;
  readonly cache: ResourceCache;
  readonly registry: Registry;
  readonly admission: AdmissionChain;
  /** Asked again where a request does more than its verb says, such as an apply that creates. Undefined: everybody may. */
  readonly authorizer: Authorizer | undefined;
  readonly clock: Clock;
  /** In front of a source of objects: ends with the server. */
  readonly source?: AsyncDisposable;
}

interface ServeOptions {
  readonly resource: Resource;
  readonly storage: Storage;
  /** What all keys of the server begin with, such as `/registry`, without a slash at the end. */
  readonly prefix: string;
  /** Where its keys are below the prefix. Default `GROUP/PLURAL`, as sample-apiserver has it. */
  readonly keyPath?: string;
  readonly admission: AdmissionChain;
  readonly authorizer?: Authorizer;
  readonly clock?: Clock;
  readonly logger?: Logger;
  /** Counts what is asked of storage. */
  readonly measured?: StorageMetrics["measured"];
}

/** Puts a resource over its storage. The cache still has to be started. */
export function serveResource({
  resource,
  storage,
  prefix,
  keyPath = defaultKeyPath(resource),
  admission,
  authorizer,
  clock = systemClock,
  logger = silentLogger,
  measured = (engine) => engine,
}: ServeOptions): ServedResource {
  const { kind } = resource;
  const keyPrefix = `${prefix}/${keyPath}/`;
  const isNamespaced = kind.scope === "Namespaced";
  const own =
    resource.source === undefined
      ? undefined
      : new SourceStorage({
          source: resource.source,
          kind,
          clock,
          keyOf: (namespace, name) => keyOf({ keyPrefix, isNamespaced }, namespace, name),
        });
  const engine = measured(own ?? resource.storage ?? storage, { group: kind.group, resource: kind.plural });
  const cache = new ResourceCache({
    resource,
    storage: engine,
    prefix: keyPrefix,
    clock,
    onFailure: (error) => {
      const reason = error instanceof Error ? error.message : String(error);
      logger.warn({ resource: kind.plural, reason }, "the cache has to be filled again");
    },
  });
  return {
    resource,
    kind,
    isNamespaced,
    groupResource: { group: kind.group, resource: kind.plural },
    keyPrefix,
    cache,
    registry: new Registry({ resource, storage: engine, cache }),
    admission,
    authorizer,
    clock,
    ...(own === undefined ? {} : { source: own }),
  };
}

function defaultKeyPath({ kind: { group, plural } }: Resource): string {
  return `${group === "" ? "core" : group}/${plural}`;
}

/** Where an object lies in storage. Throws 400 for a name or namespace that cannot be one segment of a key. */
export function keyOf(
  { keyPrefix, isNamespaced }: Pick<ServedResource, "keyPrefix" | "isNamespaced">,
  namespace: string,
  name: string,
): string {
  if (isNamespaced && namespace === "") throw StatusError.badRequest("Namespace parameter required.");
  const faults = pathSegmentFaults(name);
  if (faults.length > 0)
    throw StatusError.badRequest(`Name parameter invalid: ${JSON.stringify(name)}: ${faults.join(";")}`);
  if (!isNamespaced) return `${keyPrefix}${name}`;
  if (climbs(namespace)) throw StatusError.badRequest(`Namespace parameter invalid: ${JSON.stringify(namespace)}`);
  return `${keyPrefix}${namespace}/${name}`;
}

/** Whether it would be another key. A namespace with other signs simply is not there. */
function climbs(namespace: string): boolean {
  return namespace === "." || namespace === ".." || namespace.includes("/");
}
