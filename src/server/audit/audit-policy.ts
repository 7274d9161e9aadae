// Which requests are recorded, and how much of each. https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/#audit-policy

import { decodeYaml } from "../../api/door.ts";
import type { UserInfo } from "../authentication/user.ts";
import type { RequestInfo } from "../request-info.ts";

const levels = ["None", "Metadata", "Request", "RequestResponse"] as const;
export type AuditLevel = (typeof levels)[number];
const stages = ["RequestReceived", "ResponseStarted", "ResponseComplete", "Panic"] as const;
export type AuditStage = (typeof stages)[number];

interface AuditRule {
  readonly level: AuditLevel;
  readonly users: readonly string[];
  readonly userGroups: readonly string[];
  readonly verbs: readonly string[];
  readonly namespaces: readonly string[];
  readonly nonResourceURLs: readonly string[];
  readonly resources: readonly GroupResources[];
  readonly omitStages: readonly string[];
  readonly omitManagedFields: boolean;
}

interface GroupResources {
  readonly group: string;
  readonly resources: readonly string[];
  readonly resourceNames: readonly string[];
}

/** What becomes of one request. */
export interface AuditVerdict {
  readonly level: AuditLevel;
  readonly omitStages: readonly string[];
  readonly omitManagedFields: boolean;
}

export type AuditPolicy = (info: RequestInfo, user: UserInfo) => AuditVerdict;

const nothing: AuditVerdict = { level: "None", omitStages: [], omitManagedFields: false };

/** Reads a policy file. Throws a TypeError that says what is wrong with it. */
export function parseAuditPolicy(text: string): AuditPolicy {
  const policy = recordOf(decodeYaml(text), "the policy");
  if (policy.kind !== "Policy" || policy.apiVersion !== "audit.k8s.io/v1")
    throw invalid("the policy must be a Policy of audit.k8s.io/v1");
  const rules = listOf(policy.rules, "rules").map(parseRule);
  if (rules.length === 0) throw invalid("the policy must have rules");
  const omitStages = textsOf(policy.omitStages, "omitStages");
  const omitsManagedFields = policy.omitManagedFields === true;
  return (info, user) => {
    const rule = rules.find((candidate) => matches(candidate, info, user));
    if (rule === undefined) return nothing;
    return {
      level: rule.level,
      omitStages: [...omitStages, ...rule.omitStages],
      omitManagedFields: rule.omitManagedFields || omitsManagedFields,
    };
  };
}

function parseRule(value: unknown): AuditRule {
  const rule = recordOf(value, "a rule");
  const level = levels.find((known) => known === rule.level);
  if (level === undefined) throw invalid(`the level of a rule must be one of ${levels.join(", ")}`);
  const omitStages = textsOf(rule.omitStages, "omitStages");
  for (const stage of omitStages)
    if (!stages.some((known) => known === stage)) throw invalid(`a stage must be one of ${stages.join(", ")}`);
  return {
    level,
    users: textsOf(rule.users, "users"),
    userGroups: textsOf(rule.userGroups, "userGroups"),
    verbs: textsOf(rule.verbs, "verbs"),
    namespaces: textsOf(rule.namespaces, "namespaces"),
    nonResourceURLs: textsOf(rule.nonResourceURLs, "nonResourceURLs"),
    resources: listOf(rule.resources, "resources").map(parseResources),
    omitStages,
    omitManagedFields: rule.omitManagedFields === true,
  };
}

function parseResources(value: unknown): GroupResources {
  const { group = "", resources, resourceNames } = recordOf(value, "resources of a rule");
  if (typeof group !== "string") throw invalid("a group must be a text");
  return {
    group,
    resources: textsOf(resources, "resources"),
    resourceNames: textsOf(resourceNames, "resourceNames"),
  };
}

/** A rule holds where everything that it names fits; what it does not name fits always. */
function matches(rule: AuditRule, info: RequestInfo, user: UserInfo): boolean {
  const { users, userGroups, verbs, namespaces, nonResourceURLs, resources } = rule;
  if (users.length > 0 && !users.includes(user.name)) return false;
  if (userGroups.length > 0 && !userGroups.some((group) => user.groups.includes(group))) return false;
  if (verbs.length > 0 && !verbs.includes(info.verb) && !verbs.includes("*")) return false;
  if (namespaces.length === 0 && resources.length === 0 && nonResourceURLs.length === 0) return true;
  if (!info.isResource) return nonResourceURLs.some((pattern) => fitsPath(pattern, info.path));
  if (nonResourceURLs.length > 0 && namespaces.length === 0 && resources.length === 0) return false;
  if (namespaces.length > 0 && !namespaces.includes(info.namespace)) return false;
  return resources.length === 0 || resources.some((one) => fitsResource(one, info));
}

function fitsPath(pattern: string, path: string): boolean {
  return pattern === path || (pattern.endsWith("*") && path.startsWith(pattern.slice(0, -1)));
}

function fitsResource({ group, resources, resourceNames }: GroupResources, info: RequestInfo): boolean {
  if (group !== info.group) return false;
  if (resourceNames.length > 0 && !resourceNames.includes(info.name)) return false;
  if (resources.length === 0) return true;
  const { resource, subresource } = info;
  const names = subresource === "" ? [resource] : [`${resource}/${subresource}`, `${resource}/*`, `*/${subresource}`];
  return resources.includes("*") || names.some((name) => resources.includes(name));
}

function recordOf(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalid(`${what} must be an object`);
  return { ...value };
}

function listOf(value: unknown, what: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw invalid(`${what} must be a list`);
  return value;
}

function textsOf(value: unknown, what: string): string[] {
  return listOf(value, what).map((item) => {
    if (typeof item !== "string") throw invalid(`${what} must be texts`);
    return item;
  });
}

function invalid(why: string): TypeError {
  return new TypeError(`Cannot read an audit policy as ${why}`);
}
