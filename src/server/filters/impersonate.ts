// Acting as somebody else, for those who may. https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/

import { StatusError } from "../../api/door.ts";
import { anonymous, type UserInfo } from "../authentication/user.ts";
import type { Attributes, Authorizer } from "../authorization/authorizer.ts";
import { type ApiRequest, type Filter, type Headers, header } from "../exchange.ts";
import { forbidden } from "./authorize.ts";

const extraPrefix = "impersonate-extra-";
const serviceAccountPrefix = "system:serviceaccount:";

export function impersonate(authorizer: Authorizer): Filter {
  return (next) => async (request) => {
    const wanted = wantedUser(request.headers);
    if (wanted === undefined) return next(request);
    for (const attributes of questions(request, wanted)) {
      const { verdict, reason } = await authorizer.authorize(attributes, request.signal);
      if (verdict !== "allow") throw forbidden(attributes, reason);
    }
    request.user = wanted;
    return next(request);
  };
}

/** Whom the headers name; undefined where they name nobody. Throws 400 for a group, uid or extra without a user. */
function wantedUser(headers: Headers): UserInfo | undefined {
  const name = header(headers, "impersonate-user") ?? "";
  const uid = header(headers, "impersonate-uid") ?? "";
  const groups = valuesOf(headers, "impersonate-group");
  const extra = extraOf(headers);
  if (name === "") {
    if (uid === "" && groups.length === 0 && Object.keys(extra).length === 0) return undefined;
    throw StatusError.badRequest(
      `requested ${JSON.stringify({ groups, uid, extra })} without impersonating a user name`,
    );
  }
  return { name, uid, groups: completeGroups(name, groups), extra };
}

function valuesOf(headers: Headers, name: string): string[] {
  const value = headers[name];
  if (value === undefined) return [];
  return typeof value === "string" ? [value] : [...value];
}

function extraOf(headers: Headers): Record<string, readonly string[]> {
  const entries = Object.keys(headers)
    .filter((name) => name.startsWith(extraPrefix))
    .map((name) => [unescapeKey(name.slice(extraPrefix.length)), valuesOf(headers, name)] as const);
  return Object.fromEntries(entries);
}

function unescapeKey(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}

/** Service accounts are in their groups, and everybody but the anonymous user is authenticated. */
function completeGroups(name: string, groups: readonly string[]): string[] {
  const complete = [...groups];
  const [namespace] = name.startsWith(serviceAccountPrefix) ? name.slice(serviceAccountPrefix.length).split(":") : [];
  if (namespace !== undefined && groups.length === 0)
    complete.push("system:serviceaccounts", `system:serviceaccounts:${namespace}`);
  const own = name === anonymous.name ? "system:unauthenticated" : "system:authenticated";
  if (!complete.includes(own)) complete.push(own);
  return complete;
}

/** What the user must be allowed to do, one question for each thing that is taken on. */
function* questions({ user }: ApiRequest, { name, uid, groups, extra }: UserInfo): Iterable<Attributes> {
  const ask = (group: string, resource: string, more: Partial<Attributes>): Attributes => ({
    user,
    verb: "impersonate",
    isResource: true,
    path: "",
    group,
    version: group === "" ? "v1" : "v1",
    resource,
    subresource: "",
    namespace: "",
    name: "",
    ...more,
  });
  if (name.startsWith(serviceAccountPrefix)) {
    const [namespace = "", account = ""] = name.slice(serviceAccountPrefix.length).split(":");
    yield ask("", "serviceaccounts", { namespace, name: account });
  } else yield ask("", "users", { name });
  for (const group of groups)
    if (
      !group.startsWith("system:authenticated") &&
      group !== "system:unauthenticated" &&
      !group.startsWith("system:serviceaccounts")
    )
      yield ask("", "groups", { name: group });
  for (const [key, values] of Object.entries(extra))
    for (const value of values) yield ask("authentication.k8s.io", "userextras", { subresource: key, name: value });
  if (uid !== "") yield ask("authentication.k8s.io", "uids", { name: uid });
}
