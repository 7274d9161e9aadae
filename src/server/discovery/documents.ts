// What a server serves, as discovery tells it. Plain values; the aggregator merges those of several servers.
// https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api

import { createHash } from "node:crypto";
import { compareVersions, formatApiVersion, type Kind } from "../../api/door.ts";
import { allVerbs, type Resource } from "../resource.ts";

export interface GroupVersionForDiscovery {
  readonly groupVersion: string;
  readonly version: string;
}

export interface ApiGroup {
  readonly kind?: "APIGroup";
  readonly apiVersion?: "v1";
  readonly name: string;
  readonly versions: readonly GroupVersionForDiscovery[];
  readonly preferredVersion: GroupVersionForDiscovery;
}

export interface ApiResource {
  readonly name: string;
  readonly singularName: string;
  readonly namespaced: boolean;
  readonly group?: string;
  readonly version?: string;
  readonly kind: string;
  readonly verbs: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly storageVersionHash?: string;
}

/** Aggregated discovery: https://kubernetes.io/docs/concepts/overview/kubernetes-api/#aggregated-discovery */
export interface GroupDiscovery {
  readonly metadata: { readonly name: string };
  readonly versions: readonly VersionDiscovery[];
}

export interface VersionDiscovery {
  readonly version: string;
  readonly resources?: readonly ResourceDiscovery[];
  readonly freshness: "Current" | "Stale";
}

interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

export interface ResourceDiscovery {
  readonly resource: string;
  readonly responseKind: GroupVersionKind;
  readonly scope: "Namespaced" | "Cluster";
  readonly singularResource: string;
  readonly verbs: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly subresources?: readonly {
    readonly subresource: string;
    readonly responseKind: GroupVersionKind;
    readonly verbs: readonly string[];
  }[];
}

/** The groups of some resources by name, "" for the core group, each with its versions, the preferred one first. */
export function groupsOf(resources: readonly Resource[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const { kind } of resources) {
    const versions = groups.get(kind.group) ?? [];
    groups.set(kind.group, versions);
    for (const version of servedVersions(kind)) if (!versions.includes(version)) versions.push(version);
  }
  for (const versions of groups.values()) versions.sort(compareVersions);
  return groups;
}

export function servedVersions(kind: Kind): string[] {
  return Object.entries(kind.versions)
    .filter(([, version]) => version.served !== false)
    .map(([name]) => name);
}

export function apiGroup(name: string, versions: readonly string[]): ApiGroup {
  const described = versions.map((version) => ({ groupVersion: formatApiVersion({ group: name, version }), version }));
  const [preferredVersion = { groupVersion: "", version: "" }] = described;
  return { name, versions: described, preferredVersion };
}

/** The resources of one version, subresources included, by name. */
export function apiResources(resources: readonly Resource[], group: string, version: string): ApiResource[] {
  return inVersion(resources, group, version).flatMap((resource) => [
    mainResource(resource),
    ...subresourcesOf(resource, version),
  ]);
}

function inVersion(resources: readonly Resource[], group: string, version: string): Resource[] {
  return resources
    .filter(({ kind }) => kind.group === group && servedVersions(kind).includes(version))
    .sort((a, b) => (a.kind.plural < b.kind.plural ? -1 : 1));
}

function mainResource({ kind, verbs = allVerbs, hidesStorageVersion }: Resource): ApiResource {
  return {
    name: kind.plural,
    singularName: kind.singular,
    namespaced: kind.scope === "Namespaced",
    kind: kind.kind,
    verbs,
    ...(kind.shortNames.length === 0 ? {} : { shortNames: kind.shortNames }),
    ...(kind.categories.length === 0 ? {} : { categories: kind.categories }),
    ...(verbs.includes("get") && hidesStorageVersion !== true ? { storageVersionHash: storageVersionHash(kind) } : {}),
  };
}

/** The first eight bytes of the SHA-256 of `group/version/kind`, so that a change of the stored version shows. */
export function storageVersionHash({ group, stored, kind }: Kind): string {
  return createHash("sha256").update(`${group}/${stored}/${kind}`).digest().subarray(0, 8).toString("base64");
}

const methodVerbs: Readonly<Record<string, string>> = {
  GET: "get",
  POST: "create",
  PUT: "update",
  PATCH: "patch",
  DELETE: "delete",
};

function subresourcesOf({ kind, status, scale, connect = {} }: Resource, _version: string): ApiResource[] {
  const make = (name: string, more: Pick<ApiResource, "kind" | "verbs"> & Partial<ApiResource>): ApiResource => ({
    name: `${kind.plural}/${name}`,
    singularName: "",
    namespaced: kind.scope === "Namespaced",
    ...more,
  });
  const changeable = ["get", "patch", "update"];
  const found = Object.entries(connect).map(([name, { kind: shown, methods }]) =>
    make(name, {
      ...(shown.group === kind.group && shown.version === kind.hub
        ? {}
        : { group: shown.group, version: shown.version }),
      kind: shown.kind,
      verbs: methods.map((method) => methodVerbs[method] ?? method.toLowerCase()).sort(),
    }),
  );
  if (scale !== undefined)
    found.push(make("scale", { group: "autoscaling", version: "v1", kind: "Scale", verbs: changeable }));
  if (status === true) found.push(make("status", { kind: kind.kind, verbs: changeable }));
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** One group in aggregated discovery. */
export function groupDiscovery(
  resources: readonly Resource[],
  group: string,
  versions: readonly string[],
): GroupDiscovery {
  return {
    metadata: { name: group },
    versions: versions.map((version) => ({
      version,
      resources: discoveryResources(apiResources(resources, group, version)),
      freshness: "Current",
    })),
  };
}

/** An APIResourceList's resources in the form of aggregated discovery, in which subresources stand below their resource. */
export function discoveryResources(resources: readonly ApiResource[]): ResourceDiscovery[] {
  return resources
    .filter(({ name }) => !name.includes("/"))
    .map((main) => {
      const subresources = resources
        .filter(({ name }) => name.startsWith(`${main.name}/`))
        .map((sub) => ({
          subresource: sub.name.slice(main.name.length + 1),
          responseKind: responseKind(sub),
          verbs: sub.verbs,
        }));
      return {
        resource: main.name,
        responseKind: responseKind(main),
        scope: main.namespaced ? ("Namespaced" as const) : ("Cluster" as const),
        singularResource: main.singularName,
        verbs: main.verbs,
        ...(main.shortNames === undefined ? {} : { shortNames: main.shortNames }),
        ...(main.categories === undefined ? {} : { categories: main.categories }),
        ...(subresources.length === 0 ? {} : { subresources }),
      };
    });
}

function responseKind({ group = "", version = "", kind }: ApiResource): GroupVersionKind {
  return { group, version, kind };
}

export function aggregatedDiscovery(groups: readonly GroupDiscovery[]): object {
  return { kind: "APIGroupDiscoveryList", apiVersion: "apidiscovery.k8s.io/v2", metadata: {}, items: groups };
}

/** The ETag of aggregated discovery: the upper-case SHA-512 of its compact JSON, the apiVersion left out. */
export function discoveryETag(groups: readonly GroupDiscovery[]): string {
  const text = JSON.stringify({ kind: "APIGroupDiscoveryList", metadata: {}, items: groups });
  return createHash("sha512").update(text).digest("hex").toUpperCase();
}
