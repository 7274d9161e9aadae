// What a request asks for, read from its method, path and query as Kubernetes reads it.
// https://kubernetes.io/docs/reference/access-authn-authz/authorization/#determine-the-request-verb

import { parseFieldSelector, pathSegmentFaults, requiredValue } from "../api/door.ts";
import { getOwn } from "../base/own.ts";

/** A request for a resource (`isResource`), or for a path such as /healthz. */
export interface RequestInfo {
  readonly isResource: boolean;
  readonly path: string;
  /** For resources get, list, watch, create, update, patch, delete, deletecollection; else the lower-case HTTP method. */
  readonly verb: string;
  /** "" for the core group. */
  readonly group: string;
  readonly version: string;
  readonly namespace: string;
  readonly resource: string;
  readonly subresource: string;
  readonly name: string;
  /** What stands behind the subresource, as connect subresources take it. */
  readonly rest: readonly string[];
  readonly labelSelector: string;
  readonly fieldSelector: string;
}

export const noRequestInfo: RequestInfo = {
  isResource: false,
  path: "",
  verb: "",
  group: "",
  version: "",
  namespace: "",
  resource: "",
  subresource: "",
  name: "",
  rest: [],
  labelSelector: "",
  fieldSelector: "",
};

const verbs: Readonly<Record<string, string>> = {
  POST: "create",
  GET: "get",
  HEAD: "get",
  PUT: "update",
  PATCH: "patch",
  DELETE: "delete",
};

/** Subresources of a namespace itself, which would otherwise read as resources in it. */
const namespaceSubresources = new Set(["status", "finalize"]);

interface Request {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly rawQuery: string;
}

const longRunningVerbs = new Set(["watch", "proxy"]);
const longRunningSubresources = new Set(["attach", "exec", "log", "portforward", "proxy"]);

/** Requests that last as long as their client likes: they have no deadline and no seat among those under way. */
export function isLongRunning({ verb, subresource }: RequestInfo): boolean {
  return longRunningVerbs.has(verb) || (subresource !== "" && longRunningSubresources.has(subresource));
}

/** Reads a request's line. */
export function readRequestInfo(request: Request): RequestInfo {
  const parts = trimSlashes(request.path).split("/");
  const isCore = parts[0] === "api";
  let at = isCore ? 2 : 3;
  if (parts.length <= at || (!isCore && parts[0] !== "apis")) return aboutPath(request);
  const method = getOwn(verbs, request.method) ?? "";
  const special = parts[at] === "watch" || parts[at] === "proxy" ? (parts[at++] ?? "") : "";
  if (at >= parts.length) return aboutPath(request);
  const namespace = parts[at] === "namespaces" && parts.length > at + 1 ? (parts[at + 1] ?? "") : "";
  const isInNamespace = parts[at] === "namespaces" && parts.length > at + 2;
  if (isInNamespace && !namespaceSubresources.has(parts[at + 2] ?? "")) at += 2;
  const path = {
    group: isCore ? "" : (parts[1] ?? ""),
    version: (isCore ? parts[1] : parts[2]) ?? "",
    namespace,
    resource: parts[at] ?? "",
    name: parts[at + 1] ?? "",
    subresource: parts[at + 2] ?? "",
    rest: parts.length > at + 3 ? parts.slice(at + 3) : noRest,
  };
  return aboutResource(request, path, special === "" ? method : special);
}

const noRest: readonly string[] = [];

function aboutPath({ path, method }: Request): RequestInfo {
  return { ...noRequestInfo, path, verb: method.toLowerCase() };
}

function trimSlashes(path: string): string {
  let start = 0;
  let end = path.length;
  while (start < end && path[start] === "/") start++;
  while (end > start && path[end - 1] === "/") end--;
  return path.slice(start, end);
}

type ResourcePath = Pick<RequestInfo, "group" | "version" | "namespace" | "resource" | "name" | "subresource" | "rest">;

/** The verb is settled by what only the query tells: lists, watches, and the one name that a field selector selects. */
function aboutResource(request: Request, at: ResourcePath, pathVerb: string): RequestInfo {
  const { path } = request;
  if (at.name !== "" && pathVerb !== "watch")
    return { isResource: true, path, verb: pathVerb, ...at, labelSelector: "", fieldSelector: "" };
  const verb = at.name === "" ? collectionVerb(pathVerb, request) : pathVerb;
  const isCollection = verb === "list" || verb === "watch" || verb === "deletecollection";
  if (!isCollection || request.rawQuery === "")
    return { isResource: true, path, verb, ...at, labelSelector: "", fieldSelector: "" };
  const labelSelector = request.query.get("labelSelector") ?? "";
  const fieldSelector = request.query.get("fieldSelector") ?? "";
  const name = at.name === "" ? nameOf(fieldSelector) : at.name;
  return { isResource: true, path, verb, ...at, name, labelSelector, fieldSelector };
}

function collectionVerb(verb: string, { query }: Request): string {
  if (verb === "get") return isTrue(query.get("watch")) ? "watch" : "list";
  return verb === "delete" ? "deletecollection" : verb;
}

/** The one name that a field selector selects. It is part of what the user must be allowed; one that no path could hold is none. */
function nameOf(fieldSelector: string): string {
  if (fieldSelector === "") return "";
  try {
    const name = requiredValue(parseFieldSelector(fieldSelector), "metadata.name") ?? "";
    return pathSegmentFaults(name).length === 0 ? name : "";
  } catch {
    // The verb refuses it, and says why.
    return "";
  }
}

function isTrue(value: string | null): boolean {
  return value !== null && value !== "0" && value.toLowerCase() !== "false";
}
