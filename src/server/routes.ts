// From a request to the verb that answers it, with the router's refusals: 404, 405 and 406.

import { isAcceptable, routerNotAcceptable, StatusError } from "../api/door.ts";
import { getOwn } from "../base/own.ts";
import { type ApiRequest, type ApiResponse, header } from "./exchange.ts";
import { lifecycleWarning } from "./lifecycle-warning.ts";
import type { RequestInfo } from "./request-info.ts";
import { allVerbs, type ResourceVerb } from "./resource.ts";
import type { ServedResource } from "./served-resource.ts";
import type { Verb } from "./verbs/verb.ts";

/** The verbs of resources, of their status and of their scale, by the name that RequestInfo gives. */
export interface VerbTable {
  readonly main: Readonly<Record<ResourceVerb, Verb>>;
  readonly status: Readonly<Record<string, Verb>>;
  readonly scale: Readonly<Record<string, Verb>>;
  readonly connect: Verb;
}

/** Answers requests below the groups that are served; undefined for any other path. */
export type ResourceRouter = (request: ApiRequest) => Promise<ApiResponse> | undefined;

const noWarnings: readonly string[] = [];

export function resourceRouter(resources: readonly ServedResource[], verbs: VerbTable): ResourceRouter {
  const byGroupVersion = new Map<string, Map<string, ServedResource>>();
  const groups = new Set<string>();
  for (const served of resources) {
    groups.add(served.kind.group);
    for (const [version, { served: isServed }] of Object.entries(served.kind.versions)) {
      if (isServed === false) continue;
      const key = `${served.kind.group}/${version}`;
      const known = byGroupVersion.get(key) ?? new Map<string, ServedResource>();
      known.set(served.kind.plural, served);
      byGroupVersion.set(key, known);
    }
  }

  return (request) => {
    const { info, path } = request;
    if (!isExact(path, info)) return undefined;
    if (!info.isResource)
      return isBelowGroup(path, groups) ? Promise.reject(StatusError.resourceNotFound()) : undefined;
    if (!groups.has(info.group)) return undefined;
    const served = byGroupVersion.get(`${info.group}/${info.version}`)?.get(info.resource);
    if (served === undefined) throw StatusError.resourceNotFound();
    const route = readRoute(request, served);
    return dispatch({ request, served, route, verbs });
  };
}

/** RequestInfo overlooks slashes that are too many; the router does not. */
function isExact(path: string, { isResource, group }: RequestInfo): boolean {
  if (!isResource) return true;
  return group === "" ? path.startsWith("/api/") : path.startsWith("/apis/");
}

/** Whether a path that names no resource lies in a group that is served, such as `/apis/GROUP/`. */
function isBelowGroup(path: string, groups: ReadonlySet<string>): boolean {
  if (path === "/apis/") return true;
  const [, root, group, ...more] = path.split("/");
  if (root === "api") return groups.has("") && group !== undefined;
  return root === "apis" && group !== undefined && more.length > 0 && groups.has(group);
}

interface Route {
  readonly isCollection: boolean;
  /** `flunders/`: an item without a name. */
  readonly hasEmptyName: boolean;
  readonly isWatchPath: boolean;
  /** Whether the path names a namespace, be it an empty one. */
  readonly isInNamespace: boolean;
}

/** The form of the path, segment by segment: RequestInfo is more lenient than the router. Throws 404. */
function readRoute({ path, info }: ApiRequest, { isNamespaced }: ServedResource): Route {
  const segments = path.split("/").slice(info.group === "" ? 3 : 4);
  const isWatchPath = segments[0] === "watch";
  if (isWatchPath) segments.shift();
  const isInNamespace = segments[0] === "namespaces" && segments.length > 2 && info.resource !== "namespaces";
  if (isInNamespace) segments.splice(0, 2);
  const [, name, ...more] = segments;
  if (isInNamespace && !isNamespaced) throw StatusError.resourceNotFound();
  if (isNamespaced && !isInNamespace && name !== undefined) throw StatusError.resourceNotFound();
  if (more.some((segment) => segment === "") || (name === "" && more.length > 0)) throw StatusError.resourceNotFound();
  return { isCollection: name === undefined, hasEmptyName: name === "", isWatchPath, isInNamespace };
}

interface Dispatch {
  readonly request: ApiRequest;
  readonly served: ServedResource;
  readonly route: Route;
  readonly verbs: VerbTable;
}

function dispatch({ request, served, route, verbs }: Dispatch): Promise<ApiResponse> {
  const { info } = request;
  if (info.subresource !== "") return dispatchSubresource({ request, served, route, verbs });
  const verb = mainVerb(request, route, served);
  if (verb === "patch") requirePatchType(request);
  requireAcceptable(request, verb === "list" || verb === "watch");
  warnOfLifecycle(request, served, info);
  if (route.hasEmptyName) throw StatusError.badRequest("name must be provided");
  // Validation has its own words for the namespace of a new object.
  if (verb !== "create") requirePlainNamespace(info);
  return verbs.main[verb]({ request, served, version: info.version, info });
}

const itemVerbs: Readonly<Record<string, ResourceVerb>> = {
  GET: "get",
  PUT: "update",
  PATCH: "patch",
  DELETE: "delete",
};
const collectionVerbs: Readonly<Record<string, ResourceVerb>> = {
  GET: "list",
  POST: "create",
  DELETE: "deletecollection",
};

/** Throws 405 for a method that the path does not have. */
function mainVerb(
  { method, info }: ApiRequest,
  route: Route,
  { resource, isNamespaced }: ServedResource,
): ResourceVerb {
  const verb = verbOfMethod(method, route);
  if (verb === undefined || !(resource.verbs ?? allVerbs).includes(verb)) throw StatusError.methodNotAllowed();
  // Across all namespaces there is nothing but lists and watches.
  const isAcrossNamespaces = route.isCollection && isNamespaced && !route.isInNamespace;
  if (isAcrossNamespaces && verb !== "list" && verb !== "watch") throw StatusError.methodNotAllowed();
  return verb === "list" && info.verb === "watch" ? "watch" : verb;
}

function verbOfMethod(method: string, { isCollection, isWatchPath }: Route): ResourceVerb | undefined {
  if (isWatchPath) return method === "GET" ? "watch" : undefined;
  return getOwn(isCollection ? collectionVerbs : itemVerbs, method);
}

function dispatchSubresource({ request, served, verbs }: Dispatch): Promise<ApiResponse> {
  const { info, method } = request;
  const { resource } = served;
  const context = { request, served, version: info.version, info };
  const connect =
    resource.connect !== undefined && Object.hasOwn(resource.connect, info.subresource)
      ? resource.connect[info.subresource]
      : undefined;
  if (connect !== undefined) {
    if (!connect.methods.includes(method)) throw StatusError.methodNotAllowed();
    requirePlainNamespace(info);
    return verbs.connect(context);
  }
  const table =
    info.subresource === "status" && resource.status === true
      ? verbs.status
      : info.subresource === "scale" && resource.scale !== undefined
        ? verbs.scale
        : undefined;
  if (table === undefined || info.rest.length > 0) throw StatusError.resourceNotFound();
  const verb = getOwn(itemVerbs, method);
  const handler = verb === undefined ? undefined : table[verb];
  if (handler === undefined) throw StatusError.methodNotAllowed();
  if (verb === "patch") requirePatchType(request);
  requireAcceptable(request, false);
  warnOfLifecycle(request, served, info);
  requirePlainNamespace(info);
  return handler(context);
}

/** A namespace that would climb out of its place. Those of other odd forms simply do not exist. */
function requirePlainNamespace({ namespace }: RequestInfo): void {
  if (namespace === "." || namespace === "..")
    throw StatusError.badRequest(`invalid namespace ${JSON.stringify(namespace)} in the path: may not be "." or ".."`);
}

const patchTypes = new Set([
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/strategic-merge-patch+json",
  "application/apply-patch+yaml",
]);

/** The router's 415, which comes before anything is known of the object. */
function requirePatchType({ headers }: ApiRequest): void {
  const types = (header(headers, "content-type") ?? "").split(",").map((type) => type.split(";")[0]?.trim() ?? "");
  if (types.some((type) => patchTypes.has(type))) return;
  throw new StatusError("UnsupportedMediaType", "415: Unsupported Media Type", { details: {} });
}

function requireAcceptable(request: ApiRequest, streams: boolean): void {
  const offer = streams ? "streams" : "documents";
  if (!isAcceptable(header(request.headers, "accept"), offer)) throw routerNotAcceptable(offer);
}

function warnOfLifecycle(request: ApiRequest, { kind }: ServedResource, { version }: RequestInfo): void {
  request.warnings.push(...(lifecycleWarning(kind, version) ?? noWarnings));
}
