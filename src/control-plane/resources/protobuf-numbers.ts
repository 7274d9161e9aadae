// The protobuf fields of Kubernetes' own kinds, as Go's clients number them.
// https://github.com/kubernetes/api: generated.proto of each group

import type { FieldNumbers } from "../../api/door.ts";

const references: FieldNumbers = {
  ObjectReference: { kind: 1, namespace: 2, name: 3, uid: 4, apiVersion: 5, resourceVersion: 6, fieldPath: 7 },
  LocalObjectReference: { name: 1 },
};

export const coreNumbers: FieldNumbers = {
  ...references,
  Namespace: { metadata: 1, spec: 2, status: 3 },
  NamespaceSpec: { finalizers: 1 },
  NamespaceStatus: { phase: 1, conditions: 2 },
  NamespaceCondition: { type: 1, status: 2, lastTransitionTime: 4, reason: 5, message: 6 },
  ConfigMap: { metadata: 1, data: 2, binaryData: 3, immutable: 4 },
  Secret: { metadata: 1, data: 2, type: 3, stringData: 4, immutable: 5 },
  ServiceAccount: { metadata: 1, secrets: 2, imagePullSecrets: 3, automountServiceAccountToken: 4 },
  Service: { metadata: 1, spec: 2, status: 3 },
  ServiceSpec: {
    ports: 1,
    selector: 2,
    clusterIP: 3,
    type: 4,
    externalIPs: 5,
    sessionAffinity: 7,
    loadBalancerIP: 8,
    loadBalancerSourceRanges: 9,
    externalName: 10,
    externalTrafficPolicy: 11,
    healthCheckNodePort: 12,
    publishNotReadyAddresses: 13,
    sessionAffinityConfig: 14,
    ipFamilyPolicy: 17,
    clusterIPs: 18,
    ipFamilies: 19,
    allocateLoadBalancerNodePorts: 20,
    loadBalancerClass: 21,
    internalTrafficPolicy: 22,
    trafficDistribution: 23,
  },
  ServicePort: { name: 1, protocol: 2, port: 3, targetPort: 4, nodePort: 5, appProtocol: 6 },
  ServiceStatus: { loadBalancer: 1, conditions: 2 },
  LoadBalancerStatus: { ingress: 1 },
  LoadBalancerIngress: { ip: 1, hostname: 2, ipMode: 3 },
  SessionAffinityConfig: { clientIP: 1 },
  ClientIPConfig: { timeoutSeconds: 1 },
  Event: {
    metadata: 1,
    involvedObject: 2,
    reason: 3,
    message: 4,
    source: 5,
    firstTimestamp: 6,
    lastTimestamp: 7,
    count: 8,
    type: 9,
    eventTime: 10,
    series: 11,
    action: 12,
    related: 13,
    reportingComponent: 14,
    reportingInstance: 15,
  },
  EventSource: { component: 1, host: 2 },
  EventSeries: { count: 1, lastObservedTime: 2 },
};

export const eventsNumbers: FieldNumbers = {
  ...references,
  EventSource: { component: 1, host: 2 },
  EventSeries: { count: 1, lastObservedTime: 2 },
  Event: {
    metadata: 1,
    eventTime: 2,
    series: 3,
    reportingController: 4,
    reportingInstance: 5,
    action: 6,
    reason: 7,
    regarding: 8,
    related: 9,
    note: 10,
    type: 11,
    deprecatedSource: 12,
    deprecatedFirstTimestamp: 13,
    deprecatedLastTimestamp: 14,
    deprecatedCount: 15,
  },
};

export const discoveryNumbers: FieldNumbers = {
  ...references,
  EndpointSlice: { metadata: 1, endpoints: 2, ports: 3, addressType: 4 },
  Endpoint: { addresses: 1, conditions: 2, hostname: 3, targetRef: 4, deprecatedTopology: 5, nodeName: 6, zone: 7 },
  EndpointConditions: { ready: 1, serving: 2, terminating: 3 },
  EndpointPort: { name: 1, protocol: 2, port: 3, appProtocol: 4 },
};

export const coordinationNumbers: FieldNumbers = {
  Lease: { metadata: 1, spec: 2 },
  LeaseSpec: {
    holderIdentity: 1,
    leaseDurationSeconds: 2,
    acquireTime: 3,
    renewTime: 4,
    leaseTransitions: 5,
    strategy: 6,
    preferredHolder: 7,
  },
};

export const rbacNumbers: FieldNumbers = {
  Role: { metadata: 1, rules: 2 },
  ClusterRole: { metadata: 1, rules: 2, aggregationRule: 3 },
  RoleBinding: { metadata: 1, subjects: 2, roleRef: 3 },
  ClusterRoleBinding: { metadata: 1, subjects: 2, roleRef: 3 },
  PolicyRule: { verbs: 1, apiGroups: 2, resources: 3, resourceNames: 4, nonResourceURLs: 5 },
  RoleRef: { apiGroup: 1, kind: 2, name: 3 },
  Subject: { kind: 1, apiGroup: 2, name: 3, namespace: 4 },
  AggregationRule: { clusterRoleSelectors: 1 },
};

const spec = { metadata: 1, spec: 2, status: 3 };

export const reviewNumbers: FieldNumbers = {
  SubjectAccessReview: spec,
  LocalSubjectAccessReview: spec,
  SelfSubjectAccessReview: spec,
  SelfSubjectRulesReview: spec,
  TokenReview: spec,
  SelfSubjectReview: { metadata: 1, status: 2 },
  SubjectAccessReviewSpec: { resourceAttributes: 1, nonResourceAttributes: 2, user: 3, groups: 4, extra: 5, uid: 6 },
  SelfSubjectAccessReviewSpec: { resourceAttributes: 1, nonResourceAttributes: 2 },
  SelfSubjectRulesReviewSpec: { namespace: 1 },
  ResourceAttributes: { namespace: 1, verb: 2, group: 3, version: 4, resource: 5, subresource: 6, name: 7 },
  NonResourceAttributes: { path: 1, verb: 2 },
  TokenReviewSpec: { token: 1, audiences: 2 },
};
