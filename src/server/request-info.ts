// What a request asks for, read from its method, path and query as Kubernetes reads it.
// https://kubernetes.io/docs/reference/access-authn-authz/authorization/#determine-the-request-verb

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
  const { method, path } = request;
  const nonResource = { ...noRequestInfo, path, verb: method.toLowerCase() };
  const parts = path.replace(/^\/+|\/+$/g, "").split("/");
  if (parts.length < 3) return nonResource;
  const isCore = parts[0] === "api";
  if (!isCore && parts[0] !== "apis") return nonResource;
  if (!isCore && parts.length < 4) return nonResource;
  const [group = "", version = ""] = isCore ? ["", parts[1]] : [parts[1], parts[2]];
  let rest = parts.slice(isCore ? 2 : 3);
  let verb = getOwn(verbs, method) ?? "";
  if (rest[0] === "watch" || rest[0] === "proxy") {
    if (rest.length < 2) return nonResource;
    verb = rest[0];
    rest = rest.slice(1);
  }
  let namespace = "";
  if (rest[0] === "namespaces" && rest.length > 1) {
    namespace = rest[1] ?? "";
    if (rest.length > 2 && !namespaceSubresources.has(rest[2] ?? "")) rest = rest.slice(2);
  }
  const [resource = "", name = "", subresource = "", ...more] = rest;
  return settle(request, {
    ...nonResource,
    isResource: true,
    verb,
    group,
    version,
    namespace,
    resource,
    name,
    subresource,
    rest: more,
  });
}

/** What only the query tells: lists, watches, and the one name that a field selector selects. */
function settle({ query, rawQuery }: Request, info: RequestInfo): RequestInfo {
  if (rawQuery === "" && info.name !== "") return info;
  const labelSelector = query.get("labelSelector") ?? "";
  const fieldSelector = query.get("fieldSelector") ?? "";
  let { verb, name } = info;
  if (name === "" && verb === "get") verb = isTrue(query.get("watch")) ? "watch" : "list";
  else if (name === "" && verb === "delete") verb = "deletecollection";
  const isCollection = verb === "list" || verb === "watch" || verb === "deletecollection";
  if (isCollection && name === "") name = nameOf(fieldSelector);
  return {
    ...info,
    verb,
    name,
    labelSelector: isCollection ? labelSelector : "",
    fieldSelector: isCollection ? fieldSelector : "",
  };
}

/** The one name that a field selector selects. It is part of what the user must be allowed; one that no path could hold is none. */
function nameOf(fieldSelector: string): string {
  const [, name = ""] = /(?:^|,)metadata\.name==?([^,!=]+)(?:,|$)/.exec(fieldSelector) ?? [];
  return name === "." || name === ".." || /[/%]/.test(name) ? "" : name;
}

function isTrue(value: string | null): boolean {
  return value !== null && value !== "0" && value.toLowerCase() !== "false";
}
