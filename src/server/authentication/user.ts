// Who asks.

import type { ApiRequest } from "../exchange.ts";

/** An authenticated user, or system:anonymous. */
export interface UserInfo {
  readonly name: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

export const anonymous: UserInfo = { name: "system:anonymous", uid: "", groups: ["system:unauthenticated"], extra: {} };

/** "refused": credentials are there and wrong. Undefined: none that the authenticator knows. */
export type Authentication = UserInfo | "refused" | undefined;

/** Looks at a request's credentials. A 401 StatusError that it throws is a refusal, too; what else it throws ends the request. */
export interface Authenticator {
  authenticate(request: ApiRequest): Promise<Authentication> | Authentication;
}
