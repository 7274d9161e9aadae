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

/**
 * Asks one after the other until one has an opinion, at once where they know at once. Reasons of those without one are joined with commas,
 * as Kubernetes does.
 */
export function unionAuthorizer(authorizers: readonly Authorizer[]): Authorizer {
  const askFrom = (start: number, reasons: string[], attributes: Attributes, signal: AbortSignal): Asked => {
    for (let at = start; at < authorizers.length; at++) {
      const decision = authorizers[at]?.authorize(attributes, signal) ?? noOpinion;
      if (decision instanceof Promise)
        return decision.then((decided) => settle(decided, reasons) ?? askFrom(at + 1, reasons, attributes, signal));
      const settled = settle(decision, reasons);
      if (settled !== undefined) return settled;
    }
    return { verdict: "no opinion", reason: reasons.join(", ") };
  };
  return { authorize: (attributes, signal) => askFrom(0, [], attributes, signal) };
}

type Asked = Promise<Decision> | Decision;

const noOpinion: Decision = { verdict: "no opinion", reason: "" };

/** The decision where it is one; else its reason is kept. */
function settle(decision: Decision, reasons: string[]): Decision | undefined {
  if (decision.verdict !== "no opinion") return decision;
  if (decision.reason !== "") reasons.push(decision.reason);
  return undefined;
}
