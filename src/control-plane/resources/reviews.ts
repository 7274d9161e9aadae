// The questions that programs ask a main API server: who is this, and may they do that?
// https://kubernetes.io/docs/reference/kubernetes-api/authorization-resources/

import type { TObject } from "typebox";
import { type ApiObject, defineKind, type FieldError, fieldError, StatusError, Type } from "../../api/door.ts";
import { isRecord } from "../../base/record.ts";
import {
  type Attributes,
  type Authorizer,
  type Decision,
  defineResource,
  type Resource,
  type UserInfo,
} from "../../server/door.ts";
import { cellText, part } from "./columns.ts";
import { atomicList, described, flag, pointer, struct, text } from "./fields.ts";
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

const extra = Type.Optional(
  Type.Record(Type.String(), Type.Array(Type.String(), { "x-kubernetes-list-type": "atomic" }), {
    description: "Whatever else is known of the user.",
  }),
);
const userInfo = Type.Object(
  {
    username: text("Name of the user."),
    uid: text("Identity that outlives the name."),
    groups: atomicList(Type.String(), "Groups of the user."),
    extra,
  },
  { $id: "UserInfo", description: "Who somebody is." },
);
const selectorAttributes = (selector: "FieldSelector" | "LabelSelector") =>
  pointer(
    Type.Object(
      {
        rawSelector: text("The selector as in a query."),
        requirements: atomicList(
          Type.Object(
            {
              key: Type.String({ description: "What the requirement speaks of." }),
              operator: Type.String({ description: "In, NotIn, Exists or DoesNotExist." }),
              values: atomicList(Type.String(), "The values for In and NotIn."),
            },
            { $id: `${selector}Requirement`, description: "One term of the selector." },
          ),
          "The selector, term by term.",
        ),
      },
      { $id: `${selector}Attributes`, description: "What the objects are limited to." },
    ),
  );
const resourceAttributes = Type.Optional(
  Type.Object(
    {
      namespace: text("The namespace; empty is all, or none for cluster-scoped resources."),
      verb: text("get, list, watch, create, update, patch, delete, deletecollection, or *."),
      group: text("The API group, or *."),
      version: text("The API version, or *."),
      resource: text("The resource, or *."),
      subresource: text("The subresource; empty is none."),
      name: text("The name; empty is all."),
      fieldSelector: selectorAttributes("FieldSelector"),
      labelSelector: selectorAttributes("LabelSelector"),
    },
    {
      $id: "ResourceAttributes",
      keepEmpty: true,
      fieldDescription: "An action on a resource.",
      description: "An action on a resource.",
    },
  ),
);
const nonResourceAttributes = Type.Optional(
  Type.Object(
    { path: text("The path."), verb: text("The lower-case HTTP method.") },
    {
      $id: "NonResourceAttributes",
      keepEmpty: true,
      fieldDescription: "An action on a path.",
      description: "An action on a path.",
    },
  ),
);
const accessStatus = struct(
  Type.Object(
    {
      allowed: Type.Boolean({ description: "Whether it is allowed.", default: false }),
      denied: flag("Whether it is refused for good, so that nobody else needs to be asked."),
      reason: text("Why."),
      evaluationError: text("What went wrong on the way to the answer."),
    },
    { $id: "SubjectAccessReviewStatus", description: "The answer." },
  ),
);
const selfSpec = Type.Object(
  { resourceAttributes, nonResourceAttributes },
  { $id: "SelfSubjectAccessReviewSpec", description: "The question." },
);
const otherSpec = Type.Object(
  {
    resourceAttributes,
    nonResourceAttributes,
    user: text("The user asked about."),
    groups: atomicList(Type.String(), "The user's groups."),
    extra,
    uid: text("The user's UID."),
  },
  { $id: "SubjectAccessReviewSpec", description: "The question." },
);

function review(group: string, kind: string, scope: "Cluster" | "Namespaced", schema: TObject) {
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

/** All review resources. */
export function reviewResources(answers: ReviewAnswers): Resource[] {
  const access = (kind: string, scope: "Cluster" | "Namespaced", spec: TObject) =>
    review("authorization.k8s.io", kind, scope, Type.Object({ spec: described(spec), status: accessStatus }));
  const rules = { verbs: ["create"], nameRule: "path-segment" } as const;
  return [
    defineResource(access("SubjectAccessReview", "Cluster", otherSpec), {
      ...rules,
      validate: (object) => accessErrors(object, true),
      answerCreate: async (object, { signal }) => ({
        ...object,
        status: await decide(answers.authorizer, object, subjectOf(object), signal),
      }),
    }),
    defineResource(access("LocalSubjectAccessReview", "Namespaced", otherSpec), {
      ...rules,
      validate: (object) => [...accessErrors(object, true), ...localErrors(object)],
      answerCreate: async (object, { signal }) => ({
        ...object,
        status: await decide(answers.authorizer, object, subjectOf(object), signal),
      }),
    }),
    defineResource(access("SelfSubjectAccessReview", "Cluster", selfSpec), {
      ...rules,
      validate: (object) => accessErrors(object, false),
      answerCreate: async (object, { user, signal }) => ({
        ...object,
        status: await decide(answers.authorizer, object, user, signal),
      }),
    }),
    selfRulesReview(answers),
    tokenReview(answers),
    defineResource(
      review(
        "authentication.k8s.io",
        "SelfSubjectReview",
        "Cluster",
        Type.Object({
          status: struct(
            Type.Object({ userInfo: struct(userInfo) }, { $id: "SelfSubjectReviewStatus", description: "The answer." }),
          ),
        }),
      ),
      {
        ...rules,
        answerCreate: async (object, { user }) => ({ ...object, status: { userInfo: formatUser(user) } }),
      },
    ),
  ];
}

function selfRulesReview(answers: ReviewAnswers): Resource {
  const texts = (description: string) => atomicList(Type.String(), description);
  const verbs = texts("What may be done; * is everything.");
  const resourceRule = Type.Object(
    {
      verbs,
      apiGroups: texts("Groups of the resources; * is all."),
      resources: texts("Resources, or resource/subresource; * is all."),
      resourceNames: texts("Names that the rule is limited to; empty is all."),
    },
    { $id: "ResourceRule", description: "What may be done to which resources." },
  );
  const pathRule = Type.Object(
    { verbs, nonResourceURLs: texts("Paths; * may end one.") },
    { $id: "NonResourceRule", description: "What may be done with which paths." },
  );
  const schema = Type.Object({
    spec: struct(
      Type.Object(
        { namespace: text("The namespace asked about.") },
        { $id: "SelfSubjectRulesReviewSpec", description: "The question." },
      ),
    ),
    status: struct(
      Type.Object(
        {
          resourceRules: Type.Array(resourceRule, {
            default: [],
            keepEmpty: true,
            "x-kubernetes-list-type": "atomic",
            description: "What may be done with resources.",
          }),
          nonResourceRules: Type.Array(pathRule, {
            default: [],
            keepEmpty: true,
            "x-kubernetes-list-type": "atomic",
            description: "What may be done with paths.",
          }),
          incomplete: Type.Boolean({ default: false, description: "Whether there may be more." }),
          evaluationError: text("What went wrong on the way to the answer."),
        },
        { $id: "SubjectRulesReviewStatus", description: "The answer." },
      ),
    ),
  });
  return defineResource(review("authorization.k8s.io", "SelfSubjectRulesReview", "Cluster", schema), {
    verbs: ["create"],
    nameRule: "path-segment",
    async answerCreate(object, { user }) {
      const namespace = cellText(part(object, "spec").namespace);
      if (namespace === "") throw StatusError.badRequest("no namespace on request");
      return { ...object, status: { ...answers.rulesFor(user, namespace), incomplete: false } };
    },
  });
}

function tokenReview(answers: ReviewAnswers): Resource {
  const schema = Type.Object({
    spec: Type.Object(
      { token: text("The token, opaque."), audiences: atomicList(Type.String(), "Whom the token must be meant for.") },
      { $id: "TokenReviewSpec", description: "The question.", fieldDescription: "The question." },
    ),
    status: struct(
      Type.Object(
        {
          authenticated: flag("Whether the token is somebody's."),
          user: struct(userInfo),
          audiences: atomicList(Type.String(), "Which of the audiences asked for the token is meant for."),
          error: text("Why it could not be checked."),
        },
        { $id: "TokenReviewStatus", description: "The answer." },
      ),
    ),
  });
  return defineResource(review("authentication.k8s.io", "TokenReview", "Cluster", schema), {
    verbs: ["create"],
    nameRule: "path-segment",
    async answerCreate(object) {
      const { token, audiences } = part(object, "spec");
      if (cellText(token) === "") throw StatusError.badRequest("token is required for TokenReview in authentication");
      const wanted = Array.isArray(audiences) ? audiences.map(String) : [];
      const found = await answers.authenticateToken(cellText(token), wanted);
      if ("refusal" in found)
        return { ...object, status: { user: {}, error: `[invalid bearer token, ${found.refusal}]` } };
      return { ...object, status: { authenticated: true, user: formatUser(found.user), audiences: found.audiences } };
    },
  });
}

function formatUser({ name, uid, groups, extra: more }: UserInfo): object {
  return {
    username: name,
    ...(uid === "" ? {} : { uid }),
    groups,
    ...(Object.keys(more).length === 0 ? {} : { extra: more }),
  };
}

function subjectOf(object: ApiObject): UserInfo {
  const { user, uid, groups, extra: more } = part(object, "spec");
  return {
    name: cellText(user),
    uid: cellText(uid),
    groups: Array.isArray(groups) ? groups.map(String) : [],
    extra: Object.fromEntries(Object.entries(more ?? {})),
  };
}

/** The attributes that a review asks about. */
function attributesOf(object: ApiObject, user: UserInfo): Attributes {
  const spec = part(object, "spec");
  const path = asRecord(spec.nonResourceAttributes);
  const empty = { group: "", version: "", resource: "", subresource: "", namespace: "", name: "" };
  if (path !== undefined)
    return { user, isResource: false, verb: cellText(path.verb), path: cellText(path.path), ...empty };
  const asked = asRecord(spec.resourceAttributes) ?? {};
  return {
    user,
    isResource: true,
    path: "",
    verb: cellText(asked.verb),
    group: cellText(asked.group),
    version: cellText(asked.version),
    resource: cellText(asked.resource),
    subresource: cellText(asked.subresource),
    namespace: cellText(asked.namespace),
    name: cellText(asked.name),
  };
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return isRecord(value) ? value : undefined;
}

async function decide(authorizer: Authorizer, object: ApiObject, user: UserInfo, signal: AbortSignal): Promise<object> {
  let decision: Decision;
  try {
    decision = await authorizer.authorize(attributesOf(object, user), signal);
  } catch (error) {
    return { allowed: false, evaluationError: error instanceof Error ? error.message : String(error) };
  }
  const reason = decision.reason === "" ? {} : { reason: decision.reason };
  return { allowed: decision.verdict === "allow", ...(decision.verdict === "deny" ? { denied: true } : {}), ...reason };
}

function accessErrors(object: ApiObject, namesUser: boolean): FieldError[] {
  const spec = part(object, "spec");
  const errors: FieldError[] = [];
  const shown = "nonResourceAttributes and resourceAttributes";
  if (spec.resourceAttributes !== undefined && spec.nonResourceAttributes !== undefined)
    errors.push(
      fieldError.invalid(
        "spec.nonResourceAttributes",
        spec.nonResourceAttributes,
        "cannot be specified in combination with resourceAttributes",
      ),
    );
  if (spec.resourceAttributes === undefined && spec.nonResourceAttributes === undefined)
    errors.push(
      fieldError.invalid(
        "spec.resourceAttributes",
        spec.nonResourceAttributes,
        `exactly one of ${shown} must be specified`,
      ),
    );
  const groups = Array.isArray(spec.groups) ? spec.groups : [];
  if (namesUser && cellText(spec.user) === "" && groups.length === 0)
    errors.push(
      fieldError.invalid("spec.user", cellText(spec.user), "at least one of user or group must be specified"),
    );
  return errors;
}

function localErrors(object: ApiObject): FieldError[] {
  const asked = asRecord(part(object, "spec").resourceAttributes);
  const errors: FieldError[] = [];
  if (asked !== undefined && cellText(asked.namespace) !== (object.metadata.namespace ?? ""))
    errors.push(
      fieldError.invalid(
        "spec.resourceAttributes.namespace",
        cellText(asked.namespace),
        "must match metadata.namespace",
      ),
    );
  if (part(object, "spec").nonResourceAttributes !== undefined)
    errors.push(
      fieldError.invalid(
        "spec.nonResourceAttributes",
        part(object, "spec").nonResourceAttributes,
        "disallowed on this kind of request",
      ),
    );
  return errors;
}
