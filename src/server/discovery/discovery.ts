// The discovery paths: /api, /api/v1, /apis, /apis/GROUP, /apis/GROUP/VERSION.

import {
  encodeProtobufDiscovery,
  formatApiVersion,
  isAcceptable,
  mediaTypes,
  type Negotiated,
  negotiate,
  routerNotAcceptable,
  StatusError,
  verbNotAcceptable,
} from "../../api/door.ts";
import { assert } from "../../base/assert.ts";
import { once } from "../../base/once.ts";
import { type ApiRequest, type ApiResponse, header } from "../exchange.ts";
import { encodeValue, uncached } from "../render/document.ts";
import type { Resource } from "../resource.ts";
import {
  aggregatedDiscovery,
  apiGroup,
  apiResources,
  discoveryETag,
  type GroupDiscovery,
  groupDiscovery,
  groupsOf,
} from "./documents.ts";

/** Answers discovery of some resources; undefined for a path that is none of it. */
export type Discovery = (request: ApiRequest) => ApiResponse | undefined;

export function discoveryOf(resources: readonly Resource[]): Discovery {
  const groups = groupsOf(resources);
  const core = groups.get("");
  const named = [...groups].filter(([name]) => name !== "").sort(([a], [b]) => (a < b ? -1 : 1));
  const describe = (name: string, versions: readonly string[]) => groupDiscovery(resources, name, versions);
  const describedCore = once(() => [describe("", core ?? [])]);
  const describedNamed = once(() => named.map(([name, versions]) => describe(name, versions)));

  return (request) => {
    const parts = request.path.split("/");
    const [, root = "", group, version, ...more] = parts;
    if (root === "api" && core !== undefined) {
      if (group === undefined)
        return answerRoot(
          request,
          {
            kind: "APIVersions",
            versions: core,
            serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress: "" }],
          },
          describedCore,
        );
      if (version !== undefined || !core.includes(group)) return undefined;
      return answer(request, resourceList(resources, "", group));
    }
    if (root !== "apis" || more.length > 0) return undefined;
    if (group === undefined) {
      const list = {
        kind: "APIGroupList",
        groups: named.map(([name, versions]) => apiGroup(name, versions)),
      };
      return answerRoot(request, list, describedNamed);
    }
    const versions = groups.get(group);
    if (versions === undefined || group === "") return undefined;
    if (version === undefined)
      return answer(request, { kind: "APIGroup", apiVersion: "v1", ...apiGroup(group, versions) });
    if (!versions.includes(version)) return undefined;
    return answer(request, resourceList(resources, group, version));
  };
}

function resourceList(resources: readonly Resource[], group: string, version: string): object {
  return {
    kind: "APIResourceList",
    apiVersion: "v1",
    groupVersion: formatApiVersion({ group, version }),
    resources: apiResources(resources, group, version),
  };
}

/** The media type of aggregated discovery, as answers name it. */
const aggregatedParameters = ";g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/** `/api` and `/apis`, which have two forms. */
function answerRoot(request: ApiRequest, list: object, groups: () => readonly GroupDiscovery[]): ApiResponse {
  requireGet(request);
  const aggregated = wantedAggregated(header(request.headers, "accept"));
  if (aggregated === undefined) return answer(request, list);
  return answerAggregated(request, aggregated, groups());
}

/** Aggregated discovery, or 304 for a client that has it. */
export function answerAggregated(
  request: ApiRequest,
  negotiated: Negotiated,
  groups: readonly GroupDiscovery[],
): ApiResponse {
  const etag = etagOf(groups);
  const headers = { "cache-control": "public", etag, vary: "Accept" };
  if (header(request.headers, "if-none-match") === etag) return { status: 304, headers, body: undefined };
  return {
    status: 200,
    headers: { ...headers, "content-type": `${mediaTypes[negotiated.format]}${aggregatedParameters}` },
    body: encodeDocument(request, negotiated, aggregatedDiscovery(groups)),
  };
}

/** By the groups, which stay the same until one of them changes: the whole document is encoded to tell its ETag. */
const etags = new WeakMap<readonly GroupDiscovery[], string>();

function etagOf(groups: readonly GroupDiscovery[]): string {
  const known = etags.get(groups);
  if (known !== undefined) return known;
  const etag = JSON.stringify(discoveryETag(groups));
  etags.set(groups, etag);
  return etag;
}

const formats = ["json", "yaml", "protobuf"] as const;

/** The form in which a client wants aggregated discovery; it wins over any other form, whatever the order. */
export function wantedAggregated(accept: string | undefined): Negotiated | undefined {
  for (const clause of (accept ?? "").split(",")) {
    const [media = "", ...parameters] = clause.split(";").map((part) => part.trim());
    const has = (text: string) => parameters.includes(text);
    if (!has("g=apidiscovery.k8s.io") || !has("v=v2") || !has("as=APIGroupDiscoveryList")) continue;
    const format = formats.find((known) => mediaTypes[known] === media || media === "*/*" || media === "application/*");
    if (format !== undefined) return { format, as: undefined, asVersion: "", pretty: undefined };
  }
  return undefined;
}

/** A discovery document in the form that the client reads. */
export function answer(request: ApiRequest, value: object): ApiResponse {
  requireGet(request);
  const accept = header(request.headers, "accept");
  if (!isAcceptable(accept, "documents")) throw routerNotAcceptable("documents");
  const negotiated = negotiate(accept, { transforms: false });
  if (negotiated === undefined) throw verbNotAcceptable();
  return {
    status: 200,
    headers: { ...uncached, "content-type": mediaTypes[negotiated.format] },
    body: encodeDocument(request, negotiated, value),
  };
}

function encodeDocument(request: ApiRequest, negotiated: Negotiated, value: object): Buffer {
  if (negotiated.format !== "protobuf") return encodeValue(request, negotiated, value);
  const encoded = encodeProtobufDiscovery(value);
  assert(encoded !== undefined, "every discovery document has a form in protobuf");
  return encoded;
}

function requireGet({ method }: ApiRequest): void {
  if (method !== "GET") throw StatusError.methodNotAllowed();
}
