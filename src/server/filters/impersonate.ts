// Acting as somebody else, for those who may: first in the narrow ways that a role can allow since Kubernetes 1.36, then in the old, wide one.
// https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/

import { StatusError } from "../../api/door.ts";
import { extraOf } from "../authentication/extra-headers.ts";
import { anonymous, type UserInfo } from "../authentication/user.ts";
import type { Attributes, Authorizer } from "../authorization/authorizer.ts";
import type { ApiRequest, ApiResponse, Filter, Headers } from "../exchange.ts";
import { headerText, headerTexts } from "../header-text.ts";
import { attributesOf, forbidden, refused } from "./authorize.ts";
import { type ImpersonationMode, modesFor, questionsOf, serviceAccountOf } from "./impersonation-modes.ts";

const extraPrefix = "impersonate-extra-";
const names = ["impersonate-user", "impersonate-uid", "impersonate-group"] as const;

export function impersonate(authorizer: Authorizer): Filter {
  return (next) => (request) => {
    if (!namesSomebody(request.headers)) return next(request);
    return become(request, authorizer).then((refusal) => refusal ?? next(request));
  };
}

/** Changes who asks; the result is a refusal. */
async function become(request: ApiRequest, authorizer: Authorizer): Promise<ApiResponse | undefined> {
  try {
    const wanted = wantedUser(request.headers);
    if (wanted !== undefined) request.user = await actAs(request, { wanted, authorizer });
    return undefined;
  } catch (error) {
    if (error instanceof StatusError) return refused(request, error);
    throw error;
  }
}

interface Wish {
  readonly wanted: UserInfo;
  readonly authorizer: Authorizer;
}

/** The user to be, in the first way that is allowed; else the refusal of the first that was tried. */
async function actAs(request: ApiRequest, { wanted, authorizer }: Wish): Promise<UserInfo> {
  let refusal: StatusError | undefined;
  for (const mode of modesFor(wanted, request.user)) {
    const refused = await tryMode(request, { mode, wanted, authorizer });
    if (refused === undefined) return complete(wanted, mode);
    refusal ??= refused;
  }
  throw refusal ?? new StatusError("Forbidden", "impersonation is not allowed");
}

/** Undefined where everything that the mode asks for is allowed. */
async function tryMode(
  request: ApiRequest,
  { mode, wanted, authorizer }: Wish & { readonly mode: ImpersonationMode },
): Promise<StatusError | undefined> {
  for (const question of questionsOf({ mode, wanted, attributes: attributesOf(request) })) {
    if ("refusal" in question) return forbidden(question.attributes, question.refusal);
    const refused = await check(authorizer, question.attributes, request.signal);
    if (refused !== undefined) return refused;
  }
  return undefined;
}

/** A question that nobody could answer is a refusal. */
async function check(
  authorizer: Authorizer,
  attributes: Attributes,
  signal: AbortSignal,
): Promise<StatusError | undefined> {
  try {
    const { verdict, reason } = await authorizer.authorize(attributes, signal);
    return verdict === "allow" ? undefined : forbidden(attributes, reason);
  } catch {
    return forbidden(attributes, "the authorizer could not be asked");
  }
}

/** Whom the headers name; undefined where they name nobody. Throws 400 for a group, uid or extra without a user. */
function wantedUser(headers: Headers): UserInfo | undefined {
  const name = headerText(headers, "impersonate-user");
  const uid = headerText(headers, "impersonate-uid");
  const groups = headerTexts(headers, "impersonate-group");
  const extra = extraOf(headers, [extraPrefix]);
  if (name !== "") return { name, uid, groups, extra };
  if (uid === "" && groups.length === 0 && Object.keys(extra).length === 0) return undefined;
  throw StatusError.badRequest(`requested ${JSON.stringify({ groups, uid, extra })} without impersonating a user name`);
}

function namesSomebody(headers: Headers): boolean {
  if (names.some((name) => headers[name] !== undefined)) return true;
  for (const name in headers) if (name.startsWith(extraPrefix)) return true;
  return false;
}

/** Nodes and service accounts are in their groups, and everybody but the anonymous user is authenticated. */
function complete(wanted: UserInfo, mode: ImpersonationMode): UserInfo {
  const groups = [...wanted.groups, ...(wanted.groups.length === 0 ? ownGroups(wanted.name, mode) : [])];
  const isUnauthenticated = wanted.name === anonymous.name || groups.includes("system:unauthenticated");
  const own = isUnauthenticated ? "system:unauthenticated" : "system:authenticated";
  if (!groups.includes(own)) groups.push(own);
  return { ...wanted, groups };
}

function ownGroups(name: string, mode: ImpersonationMode): string[] {
  const account = serviceAccountOf(name);
  if (account !== undefined) return ["system:serviceaccounts", `system:serviceaccounts:${account.namespace}`];
  return mode === "associated-node" || mode === "arbitrary-node" ? ["system:nodes"] : [];
}
