// May they do that? Asked about somebody, about somebody in a namespace, and by somebody about themselves.
// https://kubernetes.io/docs/reference/kubernetes-api/authorization-resources/

import type { TObject } from "typebox";
import { type ApiObject, type FieldError, fieldError, Type } from "../../api/door.ts";
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
import { extra, type ReviewAnswers, review, reviewRules } from "./review-kind.ts";

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

/** Whether the user that they name, or who asks, may do something. */
export function accessReviews(answers: ReviewAnswers): Resource[] {
  const access = (kind: string, scope: "Cluster" | "Namespaced", spec: TObject) =>
    review("authorization.k8s.io", kind, scope, Type.Object({ spec: described(spec), status: accessStatus }));
  return [
    defineResource(access("SubjectAccessReview", "Cluster", otherSpec), {
      ...reviewRules,
      validate: (object) => accessErrors(object, true),
      answerCreate: async (object, { signal }) => ({
        ...object,
        status: await decide(answers.authorizer, object, subjectOf(object), signal),
      }),
    }),
    defineResource(access("LocalSubjectAccessReview", "Namespaced", otherSpec), {
      ...reviewRules,
      validate: (object) => [...accessErrors(object, true), ...localErrors(object)],
      answerCreate: async (object, { signal }) => ({
        ...object,
        status: await decide(answers.authorizer, object, subjectOf(object), signal),
      }),
    }),
    defineResource(access("SelfSubjectAccessReview", "Cluster", selfSpec), {
      ...reviewRules,
      validate: (object) => accessErrors(object, false),
      answerCreate: async (object, { user, signal }) => ({
        ...object,
        status: await decide(answers.authorizer, object, user, signal),
      }),
    }),
  ];
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
