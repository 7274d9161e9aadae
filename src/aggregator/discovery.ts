// The groups of all servers as one: /apis, /apis/GROUP, and aggregated discovery, answered from memory.

import { isAcceptable, verbNotAcceptable } from "../api/door.ts";
import {
  type ApiRequest,
  type ApiResponse,
  answerAggregated,
  answerDocument,
  apiGroup,
  type GroupDiscovery,
  header,
  type VersionDiscovery,
  wantedAggregated,
} from "../server/door.ts";
import { registrationGroup } from "./api-service-kind.ts";
import type { Route, RoutedGroup, Routes } from "./routes.ts";

interface MergedDiscoveryOptions {
  readonly routes: Routes;
  /** What the main API server serves itself; undefined for a version that it does not. */
  readonly local: (group: string, version: string) => VersionDiscovery | undefined;
  /** What is known of a remote version. */
  readonly remote: (route: Route) => VersionDiscovery;
}

export interface MergedDiscovery {
  /** Undefined for a path that is none of it. */
  answer(request: ApiRequest): ApiResponse | undefined;
  /** Something that the documents say has changed. */
  changed(): void;
}

export function mergedDiscovery({ routes, local, remote }: MergedDiscoveryOptions): MergedDiscovery {
  let groups: readonly GroupDiscovery[] | undefined;

  function all(): readonly GroupDiscovery[] {
    groups ??= [ownGroup(), ...routes.groups.map(describe).filter(({ versions }) => versions.length > 0)];
    return groups;
  }

  function ownGroup(): GroupDiscovery {
    return { metadata: { name: registrationGroup }, versions: [local(registrationGroup, "v1") ?? unknown] };
  }

  /** Without what an APIService promises to be served here and nobody serves. */
  function describe({ name, routes: members }: RoutedGroup): GroupDiscovery {
    const versions = members.flatMap((route) => {
      const { version, service } = route.view;
      return service === undefined ? (local(name, version) ?? []) : remote(route);
    });
    return { metadata: { name }, versions };
  }

  function list(): object {
    const described = routes.groups.map(({ name, routes: members }) => apiGroup(name, versionsOf(members)));
    return { kind: "APIGroupList", apiVersion: "v1", groups: [apiGroup(registrationGroup, ["v1"]), ...described] };
  }

  return {
    answer(request) {
      const { path } = request;
      const accept = header(request.headers, "accept");
      const aggregated = path === "/apis" && request.method === "GET" ? wantedAggregated(accept) : undefined;
      if (aggregated !== undefined) return answerAggregated(request, aggregated, all());
      if (path === "/apis" || path === "/apis/") return answerReadable(request, list());
      const name = path.slice("/apis/".length).replace(/\/$/, "");
      if (name === "" || name.includes("/") || !path.startsWith("/apis/")) return undefined;
      const group = routes.groups.find((candidate) => candidate.name === name);
      if (group === undefined) return undefined;
      const { name: _, ...rest } = apiGroup(name, versionsOf(group.routes));
      return answerReadable(request, { kind: "APIGroup", apiVersion: "v1", name, ...rest });
    },
    changed() {
      groups = undefined;
    },
  };
}

/** What the client can read is asked here first: no router did so before. */
function answerReadable(request: ApiRequest, document: object): ApiResponse {
  const isReadable = isAcceptable(header(request.headers, "accept"), "documents");
  if (!isReadable && request.method === "GET") throw verbNotAcceptable();
  return answerDocument(request, document);
}

function versionsOf(routes: readonly Route[]): string[] {
  return routes.map(({ view }) => view.version);
}

/** Where the APIServices themselves are served elsewhere. */
const unknown: VersionDiscovery = { version: "v1", freshness: "Stale" };
