// Who asks.

/** An authenticated user, or system:anonymous. */
export interface UserInfo {
  readonly name: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

export const anonymous: UserInfo = { name: "system:anonymous", uid: "", groups: ["system:unauthenticated"], extra: {} };

/** Looks at a request's credentials. Undefined: none of mine are there. Throws a 401 StatusError where they are there and wrong. */
export interface Authenticator {
  authenticate(request: import("../exchange.ts").ApiRequest): Promise<UserInfo | undefined> | UserInfo | undefined;
}
