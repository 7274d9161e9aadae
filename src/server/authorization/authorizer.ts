// Who may do what.

import type { UserInfo } from "../authentication/user.ts";

/** What a user wants to do: the attributes that a SubjectAccessReview has. */
export interface Attributes {
  readonly user: UserInfo;
  readonly verb: string;
  readonly isResource: boolean;
  readonly path: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/** "no opinion" leaves the decision to the next authorizer; in the end it is a no. */
export interface Decision {
  readonly verdict: "allow" | "deny" | "no opinion";
  readonly reason: string;
}

export interface Authorizer {
  /** Throws where the decision could not be made; the request then fails closed. */
  authorize(attributes: Attributes, signal: AbortSignal): Promise<Decision> | Decision;
}

/** Asks one after the other until one has an opinion. Reasons of those without one are joined with commas, as Kubernetes does. */
export function unionAuthorizer(authorizers: readonly Authorizer[]): Authorizer {
  return {
    async authorize(attributes, signal) {
      const reasons: string[] = [];
      for (const authorizer of authorizers) {
        const decision = await authorizer.authorize(attributes, signal);
        if (decision.verdict !== "no opinion") return decision;
        if (decision.reason !== "") reasons.push(decision.reason);
      }
      return { verdict: "no opinion", reason: reasons.join(", ") };
    },
  };
}
