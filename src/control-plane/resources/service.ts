// Services. https://kubernetes.io/docs/reference/kubernetes-api/service-resources/service-v1/

import { type ApiObject, defineKind, Type } from "../../api/door.ts";
import type { ResourceRules } from "../../server/door.ts";
import { ageColumn, cellText, nameColumn, part } from "./columns.ts";
import { atomicList, conditions, flag, flagPointer, int32, int32Pointer, struct, text, textPointer } from "./fields.ts";
import { coreNumbers } from "./protobuf-numbers.ts";
import { portsOf } from "./service-ports.ts";
import { validateService } from "./service-validation.ts";

const servicePort = Type.Object(
  {
    name: text("Name of the port, a DNS label; needed where there is more than one."),
    // A key of the list: apply has to know what stands for a port without it.
    protocol: Type.Optional(Type.String({ default: "TCP", description: "TCP, UDP or SCTP." })),
    appProtocol: textPointer("The protocol spoken above the transport."),
    port: Type.Integer({ format: "int32", description: "The port that the service listens on." }),
    targetPort: Type.Optional(
      Type.Unsafe<number | string>(
        Type.Any({
          "x-kubernetes-int-or-string": true,
          description: "Number or name of the port at the endpoints. Default: port.",
        }),
      ),
    ),
    nodePort: int32("The port on every node, for types NodePort and LoadBalancer."),
  },
  { $id: "ServicePort", description: "One port of a service." },
);

const serviceSpec = Type.Object(
  {
    ports: Type.Optional(
      Type.Array(servicePort, {
        description: "The ports of the service.",
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["port", "protocol"],
        "x-kubernetes-patch-strategy": "merge",
        "x-kubernetes-patch-merge-key": "port",
      }),
    ),
    selector: Type.Optional(
      Type.Record(Type.String(), Type.String(), {
        description: "The labels of the pods that the service stands for.",
        "x-kubernetes-map-type": "atomic",
      }),
    ),
    clusterIP: text("The address of the service, None for headless ones; allocated where it is empty."),
    clusterIPs: atomicList(Type.String(), "The addresses of the service, one per family; the first is clusterIP."),
    type: text("ClusterIP, NodePort, LoadBalancer or ExternalName. Default ClusterIP."),
    externalIPs: atomicList(Type.String(), "Addresses outside the cluster's care that lead to the service."),
    sessionAffinity: text("ClientIP or None. Default None."),
    loadBalancerIP: text("The address wished for the load balancer. Deprecated."),
    loadBalancerSourceRanges: atomicList(Type.String(), "The networks that the load balancer lets in."),
    externalName: text("The DNS name that stands for a service of type ExternalName."),
    externalTrafficPolicy: text("Cluster or Local, for traffic from outside."),
    healthCheckNodePort: int32("The node port for health checks of Local services."),
    publishNotReadyAddresses: flag("Whether endpoints count before they are ready."),
    sessionAffinityConfig: Type.Optional(
      Type.Object(
        {
          clientIP: Type.Optional(
            Type.Object(
              { timeoutSeconds: int32Pointer("How long a client stays with its endpoint.") },
              { $id: "ClientIPConfig", keepEmpty: true },
            ),
          ),
        },
        {
          $id: "SessionAffinityConfig",
          keepEmpty: true,
          fieldDescription: "How clients stay with their endpoint.",
          description: "How clients stay with their endpoint.",
        },
      ),
    ),
    ipFamilies: atomicList(Type.String(), "IPv4 and IPv6, in the order of clusterIPs."),
    ipFamilyPolicy: textPointer("SingleStack, PreferDualStack or RequireDualStack."),
    allocateLoadBalancerNodePorts: flagPointer("Whether a load balancer gets node ports. Default true."),
    loadBalancerClass: textPointer("Who makes the load balancer."),
    internalTrafficPolicy: textPointer("Cluster or Local, for traffic from inside."),
    trafficDistribution: textPointer("Which endpoints are preferred, such as PreferSameZone."),
  },
  { $id: "ServiceSpec", description: "What the service is meant to be." },
);

const serviceStatus = Type.Object(
  {
    loadBalancer: struct(
      Type.Object(
        {
          ingress: atomicList(
            Type.Object(
              {
                ip: text("Address of the load balancer."),
                hostname: text("Name of the load balancer."),
                ipMode: textPointer("VIP or Proxy."),
              },
              { $id: "LoadBalancerIngress" },
            ),
            "Where the load balancer takes traffic.",
          ),
        },
        { $id: "LoadBalancerStatus", description: "The load balancer's side." },
      ),
    ),
    conditions: conditions("What is known of the service."),
  },
  { $id: "ServiceStatus", description: "What the service is." },
);

export const serviceKind = defineKind({
  group: "",
  kind: "Service",
  shortNames: ["svc"],
  categories: ["all"],
  scope: "Namespaced",
  emptyValues: "omit",
  protobuf: coreNumbers,
  definitionPrefix: "io.k8s.api.core",
  versions: {
    v1: {
      description: "Service gives a name and an address to endpoints that come and go.",
      schema: Type.Object({ spec: struct(serviceSpec), status: struct(serviceStatus) }),
      default(object) {
        const spec: Record<string, unknown> = object.spec ?? {};
        defaultSpec(spec);
        object.spec = spec;
      },
    },
  },
});

/** Defaults that need no allocation. */
function defaultSpec(spec: Record<string, unknown>): void {
  spec.sessionAffinity ??= "None";
  spec.type ??= "ClusterIP";
  for (const port of portsOf(spec)) {
    port.protocol ??= "TCP";
    if (port.targetPort === undefined || port.targetPort === 0 || port.targetPort === "") port.targetPort = port.port;
  }
  if (spec.sessionAffinity === "ClientIP") spec.sessionAffinityConfig ??= { clientIP: { timeoutSeconds: 10_800 } };
  else delete spec.sessionAffinityConfig;
  if (spec.type === "NodePort" || spec.type === "LoadBalancer") spec.externalTrafficPolicy ??= "Cluster";
  if (spec.type !== "ExternalName") spec.internalTrafficPolicy ??= "Cluster";
  if (spec.type === "LoadBalancer") spec.allocateLoadBalancerNodePorts ??= true;
}

/** The rules but for allocation, which the control plane adds around prepareForCreate and prepareForUpdate. */
export const serviceRules: ResourceRules = {
  nameRule: "dns-1035-label",
  status: true,
  tracksGeneration: false,
  allowUnconditionalUpdate: true,
  validate: (object, { old }) => validateService(object, old),
  selectableFields: {
    "spec.clusterIP": (object) => cellText(part(object, "spec").clusterIP),
    "spec.type": (object) => cellText(part(object, "spec").type),
  },
  columns: [
    nameColumn,
    {
      name: "Type",
      type: "string",
      description: "How the service is reached.",
      cell: (object) => cellText(part(object, "spec").type),
    },
    { name: "Cluster-IP", type: "string", description: "The address of the service.", cell: clusterIpCell },
    { name: "External-IP", type: "string", description: "Addresses from outside.", cell: externalIpCell },
    { name: "Port(s)", type: "string", description: "The ports of the service.", cell: portsCell },
    ageColumn,
    {
      name: "Selector",
      type: "string",
      priority: 1,
      description: "The labels of the pods behind it.",
      cell: selectorCell,
    },
  ],
};

function clusterIpCell(object: ApiObject): string {
  const spec = part(object, "spec");
  return spec.type === "ExternalName" ? "<none>" : cellText(spec.clusterIP) || "<none>";
}

function externalIpCell(object: ApiObject): string {
  const spec = part(object, "spec");
  const addresses = Array.isArray(spec.externalIPs) ? spec.externalIPs.map(String) : [];
  if (spec.type === "ExternalName") return cellText(spec.externalName);
  if (spec.type !== "LoadBalancer") return addresses.join(",") || "<none>";
  return addresses.join(",") || "<pending>";
}

function portsCell(object: ApiObject): string {
  const ports = portsOf(part(object, "spec")).map((port) => {
    const node = typeof port.nodePort === "number" && port.nodePort > 0 ? `:${port.nodePort}` : "";
    return `${port.port}${node}/${port.protocol}`;
  });
  return ports.join(",") || "<none>";
}

function selectorCell(object: ApiObject): string {
  const selector = part(part(object, "spec") as ApiObject, "selector");
  const terms = Object.entries(selector)
    .sort()
    .map(([key, value]) => `${key}=${value}`);
  return terms.join(",") || "<none>";
}
