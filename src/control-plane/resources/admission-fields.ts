// What webhook configurations and admission policies share: which requests they are about.
// https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#matching-requests-rules

import { type FieldError, fieldError, Type } from "../../api/door.ts";
import { recordsOf } from "../../base/record.ts";
import { atomicList, labelSelector, textPointer } from "./fields.ts";
import { admissionNumbers } from "./protobuf-numbers.ts";

/** What every kind of the group declares alike. */
export const admissionKind = {
  group: "admissionregistration.k8s.io",
  scope: "Cluster",
  categories: ["api-extensions"],
  emptyValues: "omit",
  protobuf: admissionNumbers,
  definitionPrefix: "io.k8s.api.admissionregistration",
} as const;

const ruleFields = {
  operations: atomicList(Type.String(), "CREATE, UPDATE, DELETE, CONNECT, or * for all."),
  apiGroups: atomicList(Type.String(), "Groups of the resources; * is all."),
  apiVersions: atomicList(Type.String(), "Versions of the groups; * is all."),
  resources: atomicList(Type.String(), "Resources, such as pods, pods/log, */scale or *."),
  scope: textPointer("Cluster, Namespaced, or * for both. Default *."),
};

/** A rule of a webhook. */
export const ruleWithOperations = Type.Object(ruleFields, {
  $id: "RuleWithOperations",
  description: "Operations on resources.",
});

/** A rule of a policy. */
const namedRule = Type.Object(
  { resourceNames: atomicList(Type.String(), "Names that the rule is limited to; empty is all."), ...ruleFields },
  { $id: "NamedRuleWithOperations", "x-kubernetes-map-type": "atomic", description: "Operations on resources." },
);

/** Which requests a policy or its binding is about. */
export const matchResources = (description: string) =>
  Type.Optional(
    Type.Object(
      {
        namespaceSelector: labelSelector("Namespaces that count. Default: all."),
        objectSelector: labelSelector("Objects that count. Default: all."),
        resourceRules: atomicList(namedRule, "Operations on resources that count."),
        excludeResourceRules: atomicList(namedRule, "Operations on resources that do not count; stronger."),
        matchPolicy: textPointer("Exact, or Equivalent for requests in other versions as well. Default Equivalent."),
      },
      {
        $id: "MatchResources",
        "x-kubernetes-map-type": "atomic",
        keepEmpty: true,
        fieldDescription: description,
        description,
      },
    ),
  );

interface Rule {
  operations?: string[];
  apiGroups?: string[];
  apiVersions?: string[];
  resources?: string[];
  scope?: string;
}

/** A rule without a scope is about both. */
export function defaultRules(rules: readonly Rule[] | undefined): void {
  for (const rule of rules ?? []) rule.scope ??= "*";
}

interface Matched {
  namespaceSelector?: object;
  objectSelector?: object;
  matchPolicy?: string;
  resourceRules?: Rule[];
  excludeResourceRules?: Rule[];
}

/** Selectors that select everything are written out, as the reference does. */
export function defaultMatch(match: Matched | undefined): void {
  if (match === undefined) return;
  match.matchPolicy ??= "Equivalent";
  match.namespaceSelector ??= {};
  match.objectSelector ??= {};
  defaultRules(match.resourceRules);
  defaultRules(match.excludeResourceRules);
}

const operations = ["*", "CONNECT", "CREATE", "DELETE", "UPDATE"];
const scopes = ["*", "Cluster", "Namespaced"];

/** Faults of one rule. */
export function ruleErrors(rule: Readonly<Record<string, unknown>>, path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const field of ["operations", "apiGroups", "apiVersions", "resources"] as const) {
    const values = textsOf(rule[field]);
    if (values.length === 0) errors.push(fieldError.required(`${path}.${field}`));
    const isMixed = values.length > 1 && values.includes("*");
    if (isMixed && field !== "resources")
      errors.push(
        fieldError.invalid(
          `${path}.${field}`,
          values,
          "if '*' is present, must not specify other ".concat(
            field === "apiGroups" ? "API groups" : field === "apiVersions" ? "API versions" : "operations",
          ),
        ),
      );
    for (const [index, value] of values.entries()) {
      if (field === "operations" && !operations.includes(value))
        errors.push(fieldError.notSupported(`${path}.operations[${index}]`, value, operations));
      else if (value === "" && field !== "apiGroups") errors.push(fieldError.required(`${path}.${field}[${index}]`));
    }
  }
  if (typeof rule.scope === "string" && !scopes.includes(rule.scope))
    errors.push(fieldError.notSupported(`${path}.scope`, rule.scope, scopes));
  return errors;
}

/** A fault where a text is given that is not among `values`. */
export function choiceErrors(value: unknown, path: string, values: readonly string[]): FieldError[] {
  return value === undefined || (typeof value === "string" && values.includes(value))
    ? []
    : [fieldError.notSupported(path, value, values)];
}

/** Conditions must be told apart and say something. */
export function conditionErrors(value: unknown, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<unknown>();
  for (const [index, { name, expression }] of recordsOf(value).entries()) {
    const at = `${path}[${index}]`;
    if (typeof expression !== "string" || expression.trim() === "")
      errors.push(fieldError.required(`${at}.expression`));
    if (name === undefined || name === "") errors.push(fieldError.required(`${at}.name`));
    else if (seen.has(name)) errors.push(fieldError.duplicate(`${at}.name`, name));
    seen.add(name);
  }
  return errors;
}

export function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}
