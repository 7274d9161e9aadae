// Decides by Roles and their bindings. https://kubernetes.io/docs/reference/access-authn-authz/rbac/

import type { ApiObject } from "../../api/door.ts";
import type { Attributes, Authorizer, Decision } from "../../server/door.ts";

/** Where the authorizer reads roles and bindings from; reads must be cheap, since each decision makes several. */
export interface RoleSource {
  clusterRole(name: string): ApiObject | undefined;
  role(namespace: string, name: string): ApiObject | undefined;
  clusterRoleBindings(): Iterable<ApiObject>;
  roleBindings(namespace: string): Iterable<ApiObject>;
}

/** One rule of a role, as far as decisions read it. */
export interface PolicyRule {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
}

/** Every rule that holds for `user` in `namespace` ("" for none), with the binding it comes from. */
export function* rulesFor(
  source: RoleSource,
  user: Attributes["user"],
  namespace: string,
): Iterable<{ rule: PolicyRule; origin: string }> {
  for (const binding of source.clusterRoleBindings()) {
    const subject = appliesTo(binding, user, "");
    if (subject === undefined) continue;
    const origin = `ClusterRoleBinding ${JSON.stringify(binding.metadata.name)}`;
    for (const rule of boundRules(source, binding, "")) yield { rule, origin: describe(origin, binding, subject) };
  }
  if (namespace === "") return;
  for (const binding of source.roleBindings(namespace)) {
    const subject = appliesTo(binding, user, namespace);
    if (subject === undefined) continue;
    const origin = `RoleBinding ${JSON.stringify(`${binding.metadata.name}/${namespace}`)}`;
    for (const rule of boundRules(source, binding, namespace))
      yield { rule, origin: describe(origin, binding, subject) };
  }
}

export function rbacAuthorizer(source: RoleSource): Authorizer {
  return {
    authorize(attributes): Decision {
      for (const { rule, origin } of rulesFor(source, attributes.user, attributes.namespace))
        if (ruleAllows(rule, attributes)) return { verdict: "allow", reason: `RBAC: allowed by ${origin}` };
      return { verdict: "no opinion", reason: "" };
    },
  };
}

/** Whether one rule allows what is asked. */
function ruleAllows(rule: PolicyRule, attributes: Omit<Attributes, "user">): boolean {
  if (!includes(rule.verbs, attributes.verb)) return false;
  if (!attributes.isResource)
    return (rule.nonResourceURLs ?? []).some((pattern) => pathMatches(pattern, attributes.path));
  if (!includes(rule.apiGroups, attributes.group)) return false;
  if (!(rule.resources ?? []).some((pattern) => resourceMatches(pattern, attributes))) return false;
  return (rule.resourceNames ?? []).length === 0 || (rule.resourceNames ?? []).includes(attributes.name);
}

function includes(values: readonly string[] | undefined, wanted: string): boolean {
  return values !== undefined && (values.includes("*") || values.includes(wanted));
}

function pathMatches(pattern: string, path: string): boolean {
  return pattern === "*" || pattern === path || (pattern.endsWith("*") && path.startsWith(pattern.replace(/\*+$/, "")));
}

/** `pods`, `pods/log`, `*`, and the star before a slash for any resource. */
function resourceMatches(pattern: string, { resource, subresource }: Omit<Attributes, "user">): boolean {
  if (pattern === "*") return true;
  if (subresource === "") return pattern === resource;
  return pattern === `${resource}/${subresource}` || pattern === `*/${subresource}`;
}

function boundRules(source: RoleSource, binding: ApiObject, namespace: string): readonly PolicyRule[] {
  const { kind, name } = reference(binding);
  const role = kind === "ClusterRole" ? source.clusterRole(name) : source.role(namespace, name);
  return Array.isArray(role?.rules) ? role.rules : [];
}

function reference(binding: ApiObject): { kind: string; name: string } {
  const value = binding.roleRef;
  if (typeof value !== "object" || value === null) return { kind: "", name: "" };
  return { kind: "", name: "", ...value };
}

interface Subject {
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

function appliesTo(binding: ApiObject, user: Attributes["user"], namespace: string): Subject | undefined {
  const subjects: readonly Subject[] = Array.isArray(binding.subjects) ? binding.subjects : [];
  return subjects.find((subject) => {
    if (subject.kind === "User") return subject.name === user.name;
    if (subject.kind === "Group") return user.groups.includes(subject.name);
    return user.name === `system:serviceaccount:${subject.namespace || namespace}:${subject.name}`;
  });
}

function describe(origin: string, binding: ApiObject, subject: Subject): string {
  const { kind, name } = reference(binding);
  const who = subject.kind === "ServiceAccount" ? `${subject.name}/${subject.namespace}` : subject.name;
  return `${origin} of ${kind} ${JSON.stringify(name)} to ${subject.kind} ${JSON.stringify(who)}`;
}
