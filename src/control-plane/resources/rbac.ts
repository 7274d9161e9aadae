// Roles and their bindings. https://kubernetes.io/docs/reference/access-authn-authz/rbac/

import { type ApiObject, defineKind, type FieldError, fieldError, Type } from "../../api/door.ts";
import { type Column, defineResource } from "../../server/door.ts";
import { ageColumn, cellText, nameColumn, part } from "./columns.ts";
import { atomicList, described, labelSelector, text } from "./fields.ts";
import { rbacNumbers } from "./protobuf-numbers.ts";

const group = "rbac.authorization.k8s.io";
const shared = { group, emptyValues: "omit", definitionPrefix: "io.k8s.api.rbac", protobuf: rbacNumbers } as const;

const policyRule = Type.Object(
  {
    verbs: Type.Array(Type.String(), {
      "x-kubernetes-list-type": "atomic",
      description: "What may be done; * is everything.",
    }),
    apiGroups: atomicList(Type.String(), "Groups of the resources; the empty text is the core group, * all."),
    resources: atomicList(Type.String(), "Resources, or resource/subresource; * is all."),
    resourceNames: atomicList(Type.String(), "Names that the rule is limited to; empty is all."),
    nonResourceURLs: atomicList(Type.String(), "Paths, for cluster roles; * may end one."),
  },
  { $id: "PolicyRule", description: "What may be done to what." },
);
const ruleList = atomicList(policyRule, "What the role allows.");

const roleRef = Type.Object(
  {
    apiGroup: Type.String({ description: "Always rbac.authorization.k8s.io." }),
    kind: Type.String({ description: "Role or ClusterRole." }),
    name: Type.String({ description: "Name of the role." }),
  },
  { $id: "RoleRef", "x-kubernetes-map-type": "atomic", description: "The role that is given; it cannot change." },
);
const subjects = atomicList(
  Type.Object(
    {
      kind: Type.String({ description: "User, Group or ServiceAccount." }),
      apiGroup: text("The group of the kind; empty for service accounts."),
      name: Type.String({ description: "Name of the subject." }),
      namespace: text("Namespace of a service account."),
    },
    { $id: "Subject", "x-kubernetes-map-type": "atomic", description: "Who gets the role." },
  ),
  "Who gets the role.",
);

export const roleKind = defineKind({
  ...shared,
  kind: "Role",
  scope: "Namespaced",
  versions: { v1: { description: "Role allows things in one namespace.", schema: Type.Object({ rules: ruleList }) } },
});

export const clusterRoleKind = defineKind({
  ...shared,
  kind: "ClusterRole",
  scope: "Cluster",
  versions: {
    v1: {
      description: "ClusterRole allows things in all namespaces, or in one where a RoleBinding names it.",
      schema: Type.Object({
        rules: ruleList,
        aggregationRule: Type.Optional(
          Type.Object(
            {
              clusterRoleSelectors: atomicList(
                labelSelector("Selects cluster roles."),
                "The roles whose rules make up this one's.",
              ),
            },
            {
              $id: "AggregationRule",
              keepEmpty: true,
              fieldDescription: "Where the rules come from, if they are gathered from others.",
              description: "Where the rules come from, if they are gathered from others.",
            },
          ),
        ),
      }),
    },
  },
});

const bindingSchema = Type.Object({ subjects, roleRef: described(roleRef) });

function defaultBinding(object: {
  roleRef: { apiGroup: string };
  subjects?: { kind: string; apiGroup?: string }[];
}): void {
  if (object.roleRef.apiGroup === "") object.roleRef.apiGroup = group;
  for (const subject of object.subjects ?? [])
    if ((subject.apiGroup ?? "") === "" && (subject.kind === "User" || subject.kind === "Group"))
      subject.apiGroup = group;
}

export const roleBindingKind = defineKind({
  ...shared,
  kind: "RoleBinding",
  scope: "Namespaced",
  versions: {
    v1: {
      description: "RoleBinding gives a role to subjects in one namespace.",
      schema: bindingSchema,
      default: defaultBinding,
    },
  },
});

export const clusterRoleBindingKind = defineKind({
  ...shared,
  kind: "ClusterRoleBinding",
  scope: "Cluster",
  versions: {
    v1: {
      description: "ClusterRoleBinding gives a cluster role to subjects everywhere.",
      schema: bindingSchema,
      default: defaultBinding,
    },
  },
});

const createdAtColumn: Column = {
  name: "Created At",
  type: "date",
  description: "When the object was created.",
  cell: (object) => object.metadata.creationTimestamp ?? null,
};

const roleRules = {
  nameRule: "path-segment",
  allowUnconditionalUpdate: true,
  columns: [nameColumn, createdAtColumn],
} as const;
const bindingRules = {
  nameRule: "path-segment",
  allowUnconditionalUpdate: true,
  columns: [
    nameColumn,
    {
      name: "Role",
      type: "string",
      description: "The role that is given.",
      cell: (object: ApiObject) => roleOf(object),
    },
    ageColumn,
    subjectColumn("Users", "User"),
    subjectColumn("Groups", "Group"),
    subjectColumn("ServiceAccounts", "ServiceAccount"),
  ],
} as const;

export const roles = defineResource(roleKind, { ...roleRules, validate: (object) => ruleErrors(object, true) });
export const clusterRoles = defineResource(clusterRoleKind, {
  ...roleRules,
  validate: (object) => ruleErrors(object, false),
});
export const roleBindings = defineResource(roleBindingKind, {
  ...bindingRules,
  validate: (object, { old }) => bindingErrors(object, old, ["ClusterRole", "Role"]),
});
export const clusterRoleBindings = defineResource(clusterRoleBindingKind, {
  ...bindingRules,
  validate: (object, { old }) => bindingErrors(object, old, ["ClusterRole"]),
});

function records(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value : [];
}

function roleOf(object: ApiObject): string {
  const { kind, name } = part(object, "roleRef");
  return `${cellText(kind)}/${cellText(name)}`;
}

function subjectColumn(name: string, kind: string): Column {
  return {
    name,
    type: "string",
    priority: 1,
    description: `The ${name} that have the role.`,
    cell: (object) =>
      records(object.subjects)
        .filter((subject) => subject.kind === kind)
        .map((subject) => (kind === "ServiceAccount" ? `${subject.namespace}/${subject.name}` : subject.name))
        .join(", "),
  };
}

function ruleErrors(object: ApiObject, isNamespaced: boolean): FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, rule] of records(object.rules).entries()) {
    const path = `rules[${index}]`;
    if (records(rule.verbs).length === 0)
      errors.push(fieldError.required(`${path}.verbs`, "verbs must contain at least one value"));
    const hasPaths = records(rule.nonResourceURLs).length > 0;
    if (hasPaths && isNamespaced)
      errors.push(
        fieldError.invalid(
          `${path}.nonResourceURLs`,
          rule.nonResourceURLs,
          "namespaced rules cannot apply to non-resource URLs",
        ),
      );
    if (hasPaths && (records(rule.apiGroups).length > 0 || records(rule.resources).length > 0))
      errors.push(
        fieldError.invalid(
          `${path}.nonResourceURLs`,
          rule.nonResourceURLs,
          "rules cannot apply to both regular resources and non-resource URLs",
        ),
      );
    if (hasPaths) continue;
    if (records(rule.apiGroups).length === 0)
      errors.push(fieldError.required(`${path}.apiGroups`, "resource rules must supply at least one api group"));
    if (records(rule.resources).length === 0)
      errors.push(fieldError.required(`${path}.resources`, "resource rules must supply at least one resource"));
  }
  return errors;
}

function bindingErrors(object: ApiObject, old: ApiObject | undefined, kinds: readonly string[]): FieldError[] {
  const errors: FieldError[] = [];
  const reference = part(object, "roleRef");
  if (reference.apiGroup !== group)
    errors.push(fieldError.notSupported("roleRef.apiGroup", reference.apiGroup, [group]));
  if (!kinds.includes(cellText(reference.kind)))
    errors.push(fieldError.notSupported("roleRef.kind", reference.kind, kinds));
  if (cellText(reference.name) === "") errors.push(fieldError.required("roleRef.name"));
  for (const [index, subject] of records(object.subjects).entries())
    errors.push(...subjectErrors(subject, `subjects[${index}]`));
  if (old !== undefined && JSON.stringify(old.roleRef) !== JSON.stringify(object.roleRef))
    errors.push(fieldError.invalid("roleRef", object.roleRef, "cannot change roleRef"));
  return errors;
}

function subjectErrors(subject: Readonly<Record<string, unknown>>, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (cellText(subject.name) === "") errors.push(fieldError.required(`${path}.name`));
  if (subject.kind === "ServiceAccount") {
    if (cellText(subject.apiGroup) !== "")
      errors.push(fieldError.notSupported(`${path}.apiGroup`, subject.apiGroup, [""]));
    if (cellText(subject.namespace) === "") errors.push(fieldError.required(`${path}.namespace`));
  } else if (subject.kind === "User" || subject.kind === "Group") {
    if (subject.apiGroup !== group) errors.push(fieldError.notSupported(`${path}.apiGroup`, subject.apiGroup, [group]));
  } else errors.push(fieldError.notSupported(`${path}.kind`, subject.kind, ["Group", "ServiceAccount", "User"]));
  return errors;
}
