// What all reviews have in common: questions that are answered at once and kept nowhere.

import type { TObject } from "typebox";
import { defineKind, Type } from "../../api/door.ts";
import type { Authorizer, UserInfo } from "../../server/door.ts";
import { reviewNumbers } from "./protobuf-numbers.ts";

/** Whose token it is and for which of the audiences asked for, or why it is nobody's. */
export type TokenAnswer =
  | { readonly user: UserInfo; readonly audiences: readonly string[] }
  | { readonly refusal: string };

/** What the reviews ask. */
export interface ReviewAnswers {
  readonly authorizer: Authorizer;
  authenticateToken(token: string, audiences: readonly string[]): Promise<TokenAnswer>;
  /** The rules that hold for a user in a namespace, for SelfSubjectRulesReview. */
  rulesFor(user: UserInfo, namespace: string): { resourceRules: object[]; nonResourceRules: object[] };
}

/** The rules of change of a review. */
export const reviewRules = { verbs: ["create"], nameRule: "path-segment" } as const;

/** A kind that is asked and never stored. */
export function review(group: string, kind: string, scope: "Cluster" | "Namespaced", schema: TObject) {
  const definitionPrefix = `io.k8s.api.${group.split(".")[0]}`;
  return defineKind({
    group,
    kind,
    scope,
    emptyValues: "omit",
    protobuf: reviewNumbers,
    definitionPrefix,
    versions: { v1: { description: `${kind} is a question that is answered at once and kept nowhere.`, schema } },
  });
}

/** More about a user, as reviews ask and answer it. */
export const extra = Type.Optional(
  Type.Record(Type.String(), Type.Array(Type.String(), { "x-kubernetes-list-type": "atomic" }), {
    description: "Whatever else is known of the user.",
  }),
);
