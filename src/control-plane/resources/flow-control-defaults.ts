// The flow schemas and priority levels that a main API server brings along.
// https://kubernetes.io/docs/concepts/cluster-administration/flow-control/#defaults

import type { ApiObject } from "../../api/door.ts";

const apiVersion = "flowcontrol.apiserver.k8s.io/v1";
const annotations = { "apf.kubernetes.io/autoupdate-spec": "true" };
const all = ["*"];

/** Shares of the seats, how many of them may be lent, and for those with queues their number and the size of a hand. */
type Level = readonly [shares: number, lendablePercent: number, queues?: number, handSize?: number];
const levels: Readonly<Record<string, Level>> = {
  "catch-all": [5, 0],
  "global-default": [20, 50, 128, 6],
  "leader-election": [10, 0, 16, 4],
  "node-high": [40, 25, 64, 6],
  system: [30, 33, 64, 6],
  "workload-high": [40, 50, 128, 6],
  "workload-low": [100, 90, 128, 6],
};

const group = (name: string) => ({ kind: "Group", group: { name } });
const user = (name: string) => ({ kind: "User", user: { name } });
const kubeSystemAccounts = { kind: "ServiceAccount", serviceAccount: { name: "*", namespace: "kube-system" } };
const everybody = [group("system:unauthenticated"), group("system:authenticated")];

const resources = (
  verbs: readonly string[],
  apiGroups: readonly string[],
  names: readonly string[],
  cluster = false,
) => ({
  verbs,
  apiGroups,
  resources: names,
  ...(cluster ? { clusterScope: true } : {}),
  namespaces: all,
});
const everything = {
  resourceRules: [resources(all, all, all, true)],
  nonResourceRules: [{ verbs: all, nonResourceURLs: all }],
};
const leases = (verbs: readonly string[]) => resources(verbs, ["coordination.k8s.io"], ["leases"]);

interface Schema {
  readonly level: string;
  readonly precedence: number;
  readonly by?: "ByUser" | "ByNamespace";
  readonly subjects: readonly object[];
  readonly rules: object;
}
const schemas: Readonly<Record<string, Schema>> = {
  exempt: { level: "exempt", precedence: 1, subjects: [group("system:masters")], rules: everything },
  probes: {
    level: "exempt",
    precedence: 2,
    subjects: everybody,
    rules: { nonResourceRules: [{ verbs: ["get"], nonResourceURLs: ["/healthz", "/readyz", "/livez"] }] },
  },
  "system-leader-election": {
    level: "leader-election",
    precedence: 100,
    by: "ByUser",
    subjects: [user("system:kube-controller-manager"), user("system:kube-scheduler"), kubeSystemAccounts],
    rules: { resourceRules: [leases(["get", "create", "update"])] },
  },
  "system-node-high": {
    level: "node-high",
    precedence: 400,
    by: "ByUser",
    subjects: [group("system:nodes")],
    rules: { resourceRules: [resources(all, [""], ["nodes", "nodes/status"], true), leases(all)] },
  },
  "system-nodes": {
    level: "system",
    precedence: 500,
    by: "ByUser",
    subjects: [group("system:nodes")],
    rules: everything,
  },
  "kube-controller-manager": {
    level: "workload-high",
    precedence: 800,
    by: "ByNamespace",
    subjects: [user("system:kube-controller-manager")],
    rules: everything,
  },
  "kube-scheduler": {
    level: "workload-high",
    precedence: 800,
    by: "ByNamespace",
    subjects: [user("system:kube-scheduler")],
    rules: everything,
  },
  "kube-system-service-accounts": {
    level: "workload-high",
    precedence: 900,
    by: "ByNamespace",
    subjects: [kubeSystemAccounts],
    rules: everything,
  },
  "service-accounts": {
    level: "workload-low",
    precedence: 9_000,
    by: "ByUser",
    subjects: [group("system:serviceaccounts")],
    rules: everything,
  },
  "global-default": {
    level: "global-default",
    precedence: 9_900,
    by: "ByUser",
    subjects: everybody,
    rules: everything,
  },
  "catch-all": { level: "catch-all", precedence: 10_000, by: "ByUser", subjects: everybody, rules: everything },
};

/** Everything that is created at start where it is missing. */
export function flowControlDefaults(): ApiObject[] {
  return [
    priorityLevel("exempt", { type: "Exempt", exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } }),
    ...Object.entries(levels).map(([name, level]) =>
      priorityLevel(name, { type: "Limited", limited: limitsOf(level) }),
    ),
    ...Object.entries(schemas).map(([name, { level, precedence, by, subjects, rules }]) => ({
      apiVersion,
      kind: "FlowSchema",
      metadata: { name, annotations: { ...annotations } },
      spec: {
        priorityLevelConfiguration: { name: level },
        matchingPrecedence: precedence,
        ...(by === undefined ? {} : { distinguisherMethod: { type: by } }),
        rules: [{ subjects, ...rules }],
      },
    })),
  ];
}

function priorityLevel(name: string, spec: object): ApiObject {
  return { apiVersion, kind: "PriorityLevelConfiguration", metadata: { name, annotations: { ...annotations } }, spec };
}

function limitsOf([nominalConcurrencyShares, lendablePercent, queues, handSize]: Level): object {
  return {
    nominalConcurrencyShares,
    lendablePercent,
    limitResponse:
      queues === undefined
        ? { type: "Reject" }
        : { type: "Queue", queuing: { queues, handSize, queueLengthLimit: 50 } },
  };
}
