// Namespaces as the main API server has them, for NamespaceLifecycle in an extension server.

import { type ApiObject, StatusError } from "../../api/door.ts";
import type { Clock } from "../../base/clock.ts";
import { type Client, Informer } from "../../client/door.ts";
import type { Logger } from "../logging.ts";
import type { NamespaceLookup } from "./namespace-lifecycle.ts";

interface DelegatedNamespacesOptions {
  readonly client: Client;
  readonly clock?: Clock;
  readonly logger?: Logger;
}

const namespaces = { group: "", version: "v1", resource: "namespaces", isNamespaced: false };

/** Follows all namespaces. One that the copy does not have is asked for: it may be younger than the last event. */
export function delegatedNamespaces({
  client,
  clock,
  logger,
}: DelegatedNamespacesOptions): NamespaceLookup & AsyncDisposable {
  const resource = client.resource(namespaces);
  const informer = new Informer({
    client: resource,
    ...(clock === undefined ? {} : { clock }),
    onError: (error) => logger?.warn({ error }, "cannot follow namespaces"),
  });
  informer.start();
  return {
    phaseOf(name, signal) {
      const known = informer.get(name);
      if (known !== undefined) return phaseOf(known);
      return resource.get(name, { signal }).then(phaseOf, undefinedWhereMissing);
    },
    [Symbol.asyncDispose]: () => informer[Symbol.asyncDispose](),
  };
}

/** A namespace without a status is as good as active. */
function phaseOf({ metadata, status }: ApiObject): string {
  if (metadata.deletionTimestamp !== undefined) return "Terminating";
  const phase = typeof status === "object" && status !== null && "phase" in status ? status.phase : undefined;
  return typeof phase === "string" ? phase : "Active";
}

function undefinedWhereMissing(error: unknown): undefined {
  if (error instanceof StatusError && error.code === 404) return undefined;
  throw error;
}
