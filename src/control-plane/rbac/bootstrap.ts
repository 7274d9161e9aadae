// The roles and bindings that a main API server brings along.
// https://kubernetes.io/docs/reference/access-authn-authz/rbac/#default-roles-and-role-bindings

import type { ApiObject } from "../../api/door.ts";
import type { PolicyRule } from "./authorizer.ts";

const group = "rbac.authorization.k8s.io";
const all = ["*"];
const read = ["get", "list", "watch"];
const change = ["create", "delete", "deletecollection", "patch", "update"];

function resources(
  verbs: readonly string[],
  apiGroups: readonly string[],
  names: readonly string[],
  resourceNames?: readonly string[],
): PolicyRule {
  return { verbs, apiGroups, resources: names, ...(resourceNames === undefined ? {} : { resourceNames }) };
}
function paths(...nonResourceURLs: readonly string[]): PolicyRule {
  return { verbs: ["get"], nonResourceURLs };
}

const healthPaths = ["/healthz", "/livez", "/readyz", "/version", "/version/"];
const discoveryPaths = [
  "/api",
  "/api/*",
  "/apis",
  "/apis/*",
  "/healthz",
  "/livez",
  "/openapi",
  "/openapi/*",
  "/readyz",
  "/version",
  "/version/",
];
/** Resources of the core group that the roles edit and view speak of, as far as this control plane serves them. */
const viewable = [
  "configmaps",
  "endpoints",
  "serviceaccounts",
  "services",
  "services/status",
  "events",
  "namespaces",
  "namespaces/status",
];
const editable = ["configmaps", "events", "secrets", "serviceaccounts", "services"];
const slices = resources(read, ["discovery.k8s.io"], ["endpointslices"]);

/** A cluster role that is gathered from those with the label, and one that carries it. */
const aggregated: readonly (readonly [name: string, label: string])[] = [
  ["admin", "admin"],
  ["edit", "edit"],
  ["view", "view"],
];

const roles: Readonly<Record<string, readonly PolicyRule[]>> = {
  "cluster-admin": [resources(all, all, all), { verbs: all, nonResourceURLs: all }],
  "system:discovery": [paths(...discoveryPaths)],
  "system:public-info-viewer": [paths(...healthPaths)],
  "system:monitoring": [
    paths("/healthz", "/healthz/*", "/livez", "/livez/*", "/metrics", "/metrics/slis", "/readyz", "/readyz/*"),
  ],
  "system:basic-user": [
    resources(["create"], ["authorization.k8s.io"], ["selfsubjectaccessreviews", "selfsubjectrulesreviews"]),
    resources(["create"], ["authentication.k8s.io"], ["selfsubjectreviews"]),
  ],
  "system:auth-delegator": [
    resources(["create"], ["authentication.k8s.io"], ["tokenreviews"]),
    resources(["create"], ["authorization.k8s.io"], ["subjectaccessreviews"]),
  ],
  "system:kube-aggregator": [paths(...discoveryPaths)],
  "system:service-account-issuer-discovery": [
    paths(
      "/.well-known/openid-configuration",
      "/.well-known/openid-configuration/",
      "/openid/v1/jwks",
      "/openid/v1/jwks/",
    ),
  ],
};

/** The parts that admin, edit and view are gathered from. */
const parts: Readonly<Record<string, readonly [label: string, rules: readonly PolicyRule[]]>> = {
  "system:aggregate-to-admin": [
    "admin",
    [
      resources(["create"], ["authorization.k8s.io"], ["localsubjectaccessreviews"]),
      resources([...read, ...change], [group], ["rolebindings", "roles"]),
    ],
  ],
  "system:aggregate-to-edit": [
    "edit",
    [
      resources(read, [""], ["secrets"]),
      resources(["impersonate"], [""], ["serviceaccounts"]),
      resources(change, [""], editable),
      resources(["create"], [""], ["serviceaccounts/token"]),
      resources([...read, ...change], ["coordination.k8s.io"], ["leases"]),
    ],
  ],
  "system:aggregate-to-view": ["view", [resources(read, [""], viewable), slices]],
};

const bindings: readonly (readonly [role: string, groups: readonly string[], users?: readonly string[]])[] = [
  ["cluster-admin", ["system:masters"]],
  ["system:discovery", ["system:authenticated"]],
  ["system:basic-user", ["system:authenticated"]],
  ["system:public-info-viewer", ["system:authenticated", "system:unauthenticated"]],
  ["system:monitoring", ["system:monitoring"]],
  ["system:service-account-issuer-discovery", ["system:serviceaccounts"]],
  ["system:kube-aggregator", [], ["system:aggregator", "system:kube-aggregator"]],
];

/** Everything that is created at start where it is missing. */
export function bootstrapRbac(): ApiObject[] {
  const labels = { "kubernetes.io/bootstrapping": "rbac-defaults" };
  const annotations = { "rbac.authorization.kubernetes.io/autoupdate": "true" };
  const meta = (name: string, more: Record<string, string> = {}) => ({
    name,
    labels: { ...labels, ...more },
    annotations: { ...annotations },
  });
  const role = (name: string, more: object, moreLabels?: Record<string, string>): ApiObject => ({
    apiVersion: `${group}/v1`,
    kind: "ClusterRole",
    metadata: meta(name, moreLabels),
    ...more,
  });
  return [
    ...Object.entries(roles).map(([name, rules]) => role(name, { rules })),
    ...aggregated.map(([name, label]) =>
      role(
        name,
        { aggregationRule: { clusterRoleSelectors: selectors(label) }, rules: gatheredRules(label) },
        gatherLabels(name),
      ),
    ),
    ...Object.entries(parts).map(([name, [label, rules]]) =>
      role(name, { rules }, { [`rbac.authorization.k8s.io/aggregate-to-${label}`]: "true" }),
    ),
    ...bindings.map(([name, groups, users = []]): ApiObject => {
      const subjects = [
        ...groups.map((subject) => ({ kind: "Group", apiGroup: group, name: subject })),
        ...users.map((subject) => ({ kind: "User", apiGroup: group, name: subject })),
      ];
      return {
        apiVersion: `${group}/v1`,
        kind: "ClusterRoleBinding",
        metadata: meta(name),
        roleRef: { apiGroup: group, kind: "ClusterRole", name },
        subjects,
      };
    }),
  ];
}

/** view is part of edit, and edit of admin. */
function gatherLabels(name: string): Record<string, string> {
  if (name === "view") return { "rbac.authorization.k8s.io/aggregate-to-edit": "true" };
  return name === "edit" ? { "rbac.authorization.k8s.io/aggregate-to-admin": "true" } : {};
}

function selectors(label: string): object[] {
  return [{ matchLabels: { [`rbac.authorization.k8s.io/aggregate-to-${label}`]: "true" } }];
}

function gatheredRules(label: string): PolicyRule[] {
  const included = { view: ["view"], edit: ["edit", "view"], admin: ["admin", "edit", "view"] }[label] ?? [];
  return Object.values(parts).flatMap(([part, rules]) => (included.includes(part) ? rules : []));
}
