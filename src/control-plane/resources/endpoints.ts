// Endpoints, the older form of EndpointSlices. https://kubernetes.io/docs/reference/kubernetes-api/service-resources/endpoints-v1/

import { isIP } from "node:net";
import { type ApiObject, defineKind, type FieldError, fieldError, Type } from "../../api/door.ts";
import { recordsOf } from "../../base/record.ts";
import { defineResource } from "../../server/door.ts";
import { ageColumn, cellText, nameColumn } from "./columns.ts";
import { atomicList, objectReference, text, textPointer } from "./fields.ts";
import { coreNumbers } from "./protobuf-numbers.ts";

const address = Type.Object(
  {
    ip: Type.String({ description: "The IP address; not one of this machine or link alone." }),
    hostname: text("The name of the endpoint."),
    nodeName: textPointer("The node that it is on."),
    targetRef: Type.Optional(
      Type.Object(objectReference, {
        $id: "ObjectReference",
        "x-kubernetes-map-type": "atomic",
        keepEmpty: true,
        fieldDescription: "The object that answers.",
        description: "The object that answers.",
      }),
    ),
  },
  { $id: "EndpointAddress", "x-kubernetes-map-type": "atomic", description: "One address that answers." },
);
const port = Type.Object(
  {
    name: text("Name of the port, the same as in the service."),
    port: Type.Integer({ format: "int32", description: "The port at the addresses." }),
    protocol: text("TCP, UDP or SCTP. Default TCP."),
    appProtocol: textPointer("The protocol spoken above the transport."),
  },
  { $id: "EndpointPort", "x-kubernetes-map-type": "atomic", description: "One port of the addresses." },
);

export const endpointsKind = defineKind({
  group: "",
  kind: "Endpoints",
  plural: "endpoints",
  singular: "endpoints",
  shortNames: ["ep"],
  scope: "Namespaced",
  emptyValues: "omit",
  protobuf: coreNumbers,
  definitionPrefix: "io.k8s.api.core",
  versions: {
    v1: {
      description:
        "Endpoints says where the service of the same name is answered. EndpointSlice is what to use instead.",
      lifecycle: {
        introduced: "1.0",
        deprecated: "1.33",
        replacement: { group: "discovery.k8s.io", version: "v1", kind: "EndpointSlice" },
      },
      schema: Type.Object({
        subsets: atomicList(
          Type.Object(
            {
              addresses: atomicList(address, "Addresses that take traffic."),
              notReadyAddresses: atomicList(address, "Addresses that do not yet, or no longer, take traffic."),
              ports: atomicList(port, "Ports that every address has."),
            },
            { $id: "EndpointSubset", description: "Addresses with the same ports." },
          ),
          "Addresses and their ports.",
        ),
      }),
      default(object) {
        for (const subset of object.subsets ?? [])
          for (const one of subset.ports ?? []) if ((one.protocol ?? "") === "") one.protocol = "TCP";
      },
    },
  },
});

export const endpoints = defineResource(endpointsKind, {
  allowUnconditionalUpdate: true,
  validate: (object) => recordsOf(object.subsets).flatMap(subsetErrors),
  columns: [
    nameColumn,
    { name: "Endpoints", type: "string", description: "The addresses with their ports.", cell: endpointsCell },
    ageColumn,
  ],
});

function subsetErrors(subset: Readonly<Record<string, unknown>>, index: number): FieldError[] {
  const path = `subsets[${index}]`;
  const errors: FieldError[] = [];
  const ready = recordsOf(subset.addresses);
  const unready = recordsOf(subset.notReadyAddresses);
  if (ready.length + unready.length === 0)
    errors.push(fieldError.required(path, "must specify `addresses` or `notReadyAddresses`"));
  for (const [field, addresses] of [
    ["addresses", ready],
    ["notReadyAddresses", unready],
  ] as const)
    for (const [at, { ip }] of addresses.entries())
      errors.push(...addressErrors(cellText(ip), `${path}.${field}[${at}].ip`));
  const ports = recordsOf(subset.ports);
  for (const [at, one] of ports.entries()) {
    if (ports.length > 1 && cellText(one.name) === "") errors.push(fieldError.required(`${path}.ports[${at}].name`));
    if (typeof one.port !== "number" || one.port < 1 || one.port > 65_535)
      errors.push(fieldError.invalid(`${path}.ports[${at}].port`, one.port, "must be between 1 and 65535, inclusive"));
    if (!["SCTP", "TCP", "UDP"].includes(cellText(one.protocol)))
      errors.push(fieldError.notSupported(`${path}.ports[${at}].protocol`, one.protocol, ["SCTP", "TCP", "UDP"]));
  }
  return errors;
}

/** Addresses of the machine itself are allowed, other than in a cluster of many: extension servers run beside this control plane. */
function addressErrors(ip: string, path: string): FieldError[] {
  const message = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
  return isIP(ip) === 0 ? [fieldError.invalid(path, ip, message)] : [];
}

function endpointsCell(object: ApiObject): string {
  const all = recordsOf(object.subsets).flatMap(({ addresses, ports }) => {
    const ips = recordsOf(addresses).map(({ ip }) => cellText(ip));
    const known = recordsOf(ports);
    if (known.length === 0) return ips;
    return known.flatMap((one) => ips.map((ip) => `${ip.includes(":") ? `[${ip}]` : ip}:${String(one.port)}`));
  });
  const shown = all.slice(0, 3).join(",");
  if (shown === "") return "<none>";
  return all.length > 3 ? `${shown} + ${all.length - 3} more...` : shown;
}
