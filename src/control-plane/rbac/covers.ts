// Whether somebody's rules allow everything that other rules do.
// https://kubernetes.io/docs/reference/access-authn-authz/rbac/#privilege-escalation-prevention-and-bootstrapping

import type { PolicyRule } from "./authorizer.ts";

/** The parts of `wanted` that no rule of `owned` allows; empty where all is covered. */
export function missingRights(owned: readonly PolicyRule[], wanted: readonly PolicyRule[]): PolicyRule[] {
  return wanted.flatMap(breakDown).filter((part) => !owned.some((rule) => covers(rule, part)));
}

/** Rights as messages name them, one to a line. */
export function describeRights(rights: readonly PolicyRule[]): string {
  return [...new Set(compact(rights).map(describe))].sort().join("\n");
}

/** A rule as many that each speak of one thing. */
function breakDown(rule: PolicyRule): PolicyRule[] {
  const { verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule;
  const parts: PolicyRule[] = [];
  for (const group of apiGroups)
    for (const resource of resources)
      for (const verb of verbs) {
        const part = { verbs: [verb], apiGroups: [group], resources: [resource] };
        if (resourceNames.length === 0) parts.push(part);
        for (const name of resourceNames) parts.push({ ...part, resourceNames: [name] });
      }
  for (const url of nonResourceURLs) for (const verb of verbs) parts.push({ verbs: [verb], nonResourceURLs: [url] });
  return parts;
}

/** `part` speaks of one thing. */
function covers(rule: PolicyRule, { verbs: [verb = ""], ...part }: PolicyRule): boolean {
  if (!rule.verbs.includes("*") && !rule.verbs.includes(verb)) return false;
  const [url] = part.nonResourceURLs ?? [];
  if (url !== undefined) return (rule.nonResourceURLs ?? []).some((owned) => urlCovers(owned, url));
  const [group = ""] = part.apiGroups ?? [];
  const [resource = ""] = part.resources ?? [];
  const [name] = part.resourceNames ?? [];
  const { apiGroups = [], resources = [], resourceNames = [] } = rule;
  if (!apiGroups.includes("*") && !apiGroups.includes(group)) return false;
  if (!resources.some((owned) => resourceCovers(owned, resource))) return false;
  return resourceNames.length === 0 || (name !== undefined && resourceNames.includes(name));
}

/** A star before a slash stands for any resource with that subresource. */
function resourceCovers(owned: string, wanted: string): boolean {
  if (owned === "*" || owned === wanted) return true;
  const slash = wanted.indexOf("/");
  return slash >= 0 && owned === `*${wanted.slice(slash)}`;
}

function urlCovers(owned: string, wanted: string): boolean {
  return owned === "*" || owned === wanted || (owned.endsWith("*") && wanted.startsWith(owned.slice(0, -1)));
}

/** Puts the verbs on the same resource together. */
function compact(rights: readonly PolicyRule[]): PolicyRule[] {
  const compacted = new Map<string, PolicyRule>();
  for (const right of rights) {
    const { verbs, ...rest } = right;
    // Paths stay apart, as the reference has them.
    const key = JSON.stringify(right.nonResourceURLs === undefined ? rest : right);
    const known = compacted.get(key);
    compacted.set(key, { ...right, verbs: [...new Set([...(known?.verbs ?? []), ...verbs])] });
  }
  return [...compacted.values()];
}

function describe({
  verbs,
  apiGroups = [],
  resources = [],
  resourceNames = [],
  nonResourceURLs = [],
}: PolicyRule): string {
  const parts = Object.entries({
    APIGroups: apiGroups,
    Resources: resources,
    NonResourceURLs: nonResourceURLs,
    ResourceNames: resourceNames,
    Verbs: verbs,
  });
  const shown = parts.filter(([, values]) => values.length > 0).map(([name, values]) => `${name}:${quoteAll(values)}`);
  return `{${shown.join(", ")}}`;
}

/** As Go prints a list of texts. */
export function quoteAll(values: readonly string[]): string {
  return `[${values.map((value) => JSON.stringify(value)).join(" ")}]`;
}
