// Every resource of the cluster, aggregated ones included, as discovery has it: where controllers that care for all objects look.
// https://kubernetes.io/docs/concepts/overview/kubernetes-api/#aggregated-discovery

import { recordsOf } from "../../base/record.ts";
import type { Client } from "../../client/door.ts";

/** One resource in one version. */
export interface ServedKind {
  /** "" for the core group. */
  readonly group: string;
  readonly version: string;
  /** The plural, as in URLs. */
  readonly resource: string;
  readonly kind: string;
  readonly isNamespaced: boolean;
  readonly verbs: readonly string[];
}

export interface Discovered {
  /** Each resource once, in the version that its server likes best. */
  readonly preferred: readonly ServedKind[];
  /** Each resource in each version. */
  readonly all: readonly ServedKind[];
  /** Versions whose server does not answer; what is said of them may be out of date. */
  readonly stale: readonly { readonly group: string; readonly version: string }[];
}

const accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/** Reads both documents. Rejects where the server itself does not answer. */
export async function discoverResources(client: Client, signal: AbortSignal): Promise<Discovered> {
  const documents = await Promise.all(["/api", "/apis"].map((path) => client.json({ path, accept, signal })));
  const preferred = new Map<string, ServedKind>();
  const all: ServedKind[] = [];
  const stale: { group: string; version: string }[] = [];
  for (const item of documents.flatMap((document) => recordsOf(member(document, "items")))) {
    const group = text(member(item.metadata, "name"));
    for (const entry of recordsOf(item.versions)) {
      const version = text(entry.version);
      if (entry.freshness === "Stale") stale.push({ group, version });
      for (const found of recordsOf(entry.resources)) {
        const kind = kindOf(found, group, version);
        all.push(kind);
        const key = `${group}/${kind.resource}`;
        if (!preferred.has(key)) preferred.set(key, kind);
      }
    }
  }
  return { preferred: [...preferred.values()], all, stale };
}

function kindOf(found: Readonly<Record<string, unknown>>, group: string, version: string): ServedKind {
  return {
    group,
    version,
    resource: text(found.resource),
    kind: text(member(found.responseKind, "kind")),
    isNamespaced: found.scope === "Namespaced",
    verbs: Array.isArray(found.verbs) ? found.verbs.map(String) : [],
  };
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Object.getOwnPropertyDescriptor(value, name)?.value : undefined;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
