// Finds out who asks. Credentials that are there and wrong are a 401, unless others are there and right.

import { StatusError } from "../../api/door.ts";
import { type Authenticator, anonymous, type UserInfo } from "../authentication/user.ts";
import { type ApiRequest, type Filter, header } from "../exchange.ts";

export interface AuthenticateOptions {
  /** Asked in this order. */
  readonly authenticators: readonly Authenticator[];
  readonly allowsAnonymous: boolean;
}

const authenticatedGroup = "system:authenticated";
/** Everybody is in one of them. A front proxy may say of its user that nobody knows who that is. */
const systemGroups = [authenticatedGroup, "system:unauthenticated"];

export function authenticate(options: AuthenticateOptions): Filter {
  return (next) => async (request) => {
    if (hasSpaceBeforeToken(header(request.headers, "authorization"))) request.warnings.push(spaceBeforeToken);
    request.user = await findUser(request, options);
    return next(request);
  };
}

const spaceBeforeToken =
  "the provided Authorization header contains extra space before the bearer token, and is ignored";

/** Such a token counts as none, whoever else answers for the client. */
function hasSpaceBeforeToken(authorization: string | undefined): boolean {
  return authorization !== undefined && /^\s*bearer {2}\S/i.test(authorization);
}

async function findUser(
  request: ApiRequest,
  { authenticators, allowsAnonymous }: AuthenticateOptions,
): Promise<UserInfo> {
  let wasRefused = false;
  for (const authenticator of authenticators) {
    try {
      const found = authenticator.authenticate(request);
      const user = found instanceof Promise ? await found : found;
      if (user === "refused") wasRefused = true;
      else if (user !== undefined) return withSystemGroup(user);
    } catch (error) {
      if (!(error instanceof StatusError) || error.code !== 401) throw error;
      wasRefused = true;
    }
  }
  if (wasRefused || !allowsAnonymous) throw unauthorized();
  return anonymous;
}

/** 401, which tells nothing. */
export function unauthorized(): StatusError {
  return new StatusError("Unauthorized", "Unauthorized");
}

/** Users whom their authenticator keeps are completed once. */
const completed = new WeakMap<UserInfo, UserInfo>();

function withSystemGroup(user: UserInfo): UserInfo {
  const known = completed.get(user);
  if (known !== undefined) return known;
  const complete =
    user.name === anonymous.name || systemGroups.some((group) => user.groups.includes(group))
      ? user
      : { ...user, groups: [...user.groups, authenticatedGroup] };
  completed.set(user, complete);
  return complete;
}
