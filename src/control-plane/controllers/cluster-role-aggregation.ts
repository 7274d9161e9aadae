// Fills cluster roles that are gathered from others: their rules are those of all cluster roles that their selectors select.
// https://kubernetes.io/docs/reference/access-authn-authz/rbac/#aggregated-clusterroles

import { type ApiObject, type LabelSelector, matchesLabels } from "../../api/door.ts";
import type { Clock } from "../../base/clock.ts";
import { recordsOf } from "../../base/record.ts";
import { type Client, WorkQueue } from "../../client/door.ts";
import type { Logger } from "../../server/door.ts";
import type { ObjectView } from "../object-view.ts";
import { textsOf } from "../resources/admission-fields.ts";
import { part } from "../resources/columns.ts";

interface AggregationOptions {
  readonly client: Client;
  readonly clusterRoles: ObjectView;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Looks at every aggregated role now and whenever cluster roles change. The result stops that. */
export function keepClusterRolesAggregated({
  client,
  clusterRoles,
  clock,
  logger,
}: AggregationOptions): () => Promise<void> {
  const resource = client.resource({
    group: "rbac.authorization.k8s.io",
    version: "v1",
    resource: "clusterroles",
    isNamespaced: false,
  });
  const queue = new WorkQueue({
    async work(name, signal) {
      const role = clusterRoles.get("", name);
      const rules = role === undefined ? undefined : rulesToBe(role, [...clusterRoles.all()]);
      if (role === undefined || rules === undefined) return;
      const { apiVersion, kind } = role;
      const options = {
        type: "apply",
        fieldManager: "clusterrole-aggregation-controller",
        force: true,
        signal,
      } as const;
      await resource.patch(name, { apiVersion, kind, metadata: { name }, rules }, options);
    },
    clock,
    onError: (name, error) => logger.warn({ error, clusterRole: name }, "a cluster role could not be gathered"),
  });
  const look = () => {
    const all = [...clusterRoles.all()];
    for (const role of all) if (rulesToBe(role, all) !== undefined) queue.add(role.metadata.name ?? "");
  };
  const stop = clusterRoles.onChange(look);
  look();
  return async () => {
    stop();
    await queue.close();
  };
}

/** The rules that a role should have; undefined where it has them, or is not gathered at all. */
function rulesToBe(role: ApiObject, all: readonly ApiObject[]): unknown[] | undefined {
  const { clusterRoleSelectors } = part(role, "aggregationRule");
  if (clusterRoleSelectors === undefined || role.metadata.deletionTimestamp !== undefined) return undefined;
  const found = new Map<string, unknown>();
  const others = all.filter(({ metadata }) => metadata.name !== role.metadata.name).sort(byName);
  for (const selector of recordsOf(clusterRoleSelectors).map(selectorOf))
    for (const other of others)
      if (matchesLabels(selector, other.metadata.labels ?? {}))
        for (const rule of recordsOf(other.rules)) found.set(JSON.stringify(rule), rule);
  const rules = [...found.values()];
  return JSON.stringify(rules) === JSON.stringify(recordsOf(role.rules)) ? undefined : rules;
}

function byName(a: ApiObject, b: ApiObject): number {
  return (a.metadata.name ?? "") < (b.metadata.name ?? "") ? -1 : 1;
}

/** A selector as objects have it, as a list of requirements. */
function selectorOf({ matchLabels, matchExpressions }: Readonly<Record<string, unknown>>): LabelSelector {
  const exact = Object.entries(matchLabels ?? {}).map(
    ([key, value]) => ({ operator: "in", key, values: new Set([String(value)]) }) as const,
  );
  const further = recordsOf(matchExpressions).map(({ key, operator, values }) => {
    const name = String(key);
    if (operator === "Exists") return { operator: "exists", key: name } as const;
    if (operator === "DoesNotExist") return { operator: "!", key: name } as const;
    return { operator: operator === "In" ? "in" : "notin", key: name, values: new Set(textsOf(values)) } as const;
  });
  return [...exact, ...further];
}
