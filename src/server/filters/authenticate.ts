// Finds out who asks. Credentials that are there and wrong are a 401, unless others are there and right.

import { StatusError } from "../../api/door.ts";
import { type Authenticator, anonymous, type UserInfo } from "../authentication/user.ts";
import type { Filter } from "../exchange.ts";

export interface AuthenticateOptions {
  /** Asked in this order. */
  readonly authenticators: readonly Authenticator[];
  readonly allowsAnonymous: boolean;
}

const authenticatedGroup = "system:authenticated";

export function authenticate({ authenticators, allowsAnonymous }: AuthenticateOptions): Filter {
  return (next) => async (request) => {
    let wasRefused = false;
    for (const authenticator of authenticators) {
      try {
        const found = authenticator.authenticate(request);
        const user = found instanceof Promise ? await found : found;
        if (user === undefined) continue;
        request.user = withSystemGroup(user);
        return next(request);
      } catch (error) {
        if (!(error instanceof StatusError) || error.code !== 401) throw error;
        wasRefused = true;
      }
    }
    if (wasRefused || !allowsAnonymous) throw unauthorized();
    request.user = anonymous;
    return next(request);
  };
}

/** 401, which tells nothing. */
export function unauthorized(): StatusError {
  return new StatusError("Unauthorized", "Unauthorized");
}

const withGroup = new WeakMap<UserInfo, UserInfo>();

function withSystemGroup(user: UserInfo): UserInfo {
  if (user.name === anonymous.name || user.groups.includes(authenticatedGroup)) return user;
  const known = withGroup.get(user);
  if (known !== undefined) return known;
  const complete = { ...user, groups: [...user.groups, authenticatedGroup] };
  withGroup.set(user, complete);
  return complete;
}
