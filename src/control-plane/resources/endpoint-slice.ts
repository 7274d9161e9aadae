// EndpointSlices. https://kubernetes.io/docs/reference/kubernetes-api/service-resources/endpoint-slice-v1/

import { type ApiObject, defineKind, type FieldError, fieldError, Type } from "../../api/door.ts";
import { defineResource } from "../../server/door.ts";
import { ageColumn, cellText, nameColumn } from "./columns.ts";
import { atomicList, flagPointer, int32Pointer, objectReference, struct, textPointer } from "./fields.ts";
import { discoveryNumbers } from "./protobuf-numbers.ts";

const endpoint = Type.Object(
  {
    addresses: Type.Array(Type.String(), {
      "x-kubernetes-list-type": "set",
      description: "Addresses of the endpoint; consumers take the first.",
    }),
    conditions: struct(
      Type.Object(
        {
          ready: flagPointer("Whether it takes traffic; unknown counts as ready."),
          serving: flagPointer("Whether it answers, ending or not."),
          terminating: flagPointer("Whether it is ending."),
        },
        { $id: "EndpointConditions", description: "How the endpoint is." },
      ),
    ),
    hostname: textPointer("Name of the endpoint in DNS."),
    targetRef: Type.Optional(
      Type.Object(objectReference, { $id: "ObjectReference", "x-kubernetes-map-type": "atomic" }),
    ),
    deprecatedTopology: Type.Optional(Type.Record(Type.String(), Type.String())),
    nodeName: textPointer("The node that it is on."),
    zone: textPointer("The zone that it is in."),
  },
  { $id: "Endpoint", description: "One place that answers for a service." },
);

export const endpointSliceKind = defineKind({
  group: "discovery.k8s.io",
  kind: "EndpointSlice",
  scope: "Namespaced",
  emptyValues: "omit",
  protobuf: discoveryNumbers,
  definitionPrefix: "io.k8s.api.discovery",
  versions: {
    v1: {
      description: "EndpointSlice says where a service, named by the label kubernetes.io/service-name, is answered.",
      schema: Type.Object({
        addressType: Type.String({ description: "IPv4, IPv6 or FQDN." }),
        endpoints: Type.Array(endpoint, {
          "x-kubernetes-list-type": "atomic",
          description: "The endpoints, at most 1000.",
        }),
        ports: atomicList(
          Type.Object(
            {
              name: textPointer("Name of the port."),
              protocol: textPointer("TCP, UDP or SCTP. Default TCP."),
              port: int32Pointer("The port at the endpoints."),
              appProtocol: textPointer("The protocol spoken above the transport."),
            },
            { $id: "EndpointPort", description: "One port of the endpoints." },
          ),
          "The ports that every endpoint has.",
        ),
      }),
      default(object) {
        for (const port of object.ports ?? []) {
          port.name ??= "";
          port.protocol ??= "TCP";
        }
      },
    },
  },
});

export const endpointSlices = defineResource(endpointSliceKind, {
  allowUnconditionalUpdate: true,
  tracksGeneration: true,
  validate: endpointSliceErrors,
  columns: [
    nameColumn,
    {
      name: "AddressType",
      type: "string",
      description: "IPv4, IPv6 or FQDN.",
      cell: (object) => cellText(object.addressType),
    },
    { name: "Ports", type: "string", description: "The ports.", cell: portsCell },
    { name: "Endpoints", type: "string", description: "The addresses.", cell: endpointsCell },
    ageColumn,
  ],
});

const endpointsMax = 1_000;

function endpointSliceErrors(object: ApiObject, { old }: { readonly old?: ApiObject }): FieldError[] {
  const errors: FieldError[] = [];
  const types = ["FQDN", "IPv4", "IPv6"];
  if (!object.addressType) errors.push(fieldError.required("addressType"));
  else if (!types.includes(cellText(object.addressType)))
    errors.push(fieldError.notSupported("addressType", object.addressType, types));
  if (old !== undefined && old.addressType !== object.addressType)
    errors.push(fieldError.invalid("addressType", object.addressType, "field is immutable"));
  const endpoints = list(object.endpoints);
  if (endpoints.length > endpointsMax) errors.push(fieldError.tooMany("endpoints", endpoints.length, endpointsMax));
  for (const [index, { addresses }] of endpoints.entries())
    if (list(addresses).length === 0)
      errors.push(fieldError.required(`endpoints[${index}].addresses`, "must contain at least 1 address"));
  return errors;
}

function list(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value : [];
}

function portsCell(object: ApiObject): string {
  const ports = list(object.ports).map(({ port }) => (port === undefined ? "*" : String(port)));
  return short(ports) || "<unset>";
}

function endpointsCell(object: ApiObject): string {
  return short(list(object.endpoints).flatMap(({ addresses }) => list(addresses).map(String))) || "<unset>";
}

/** The first three, then how many there are beside. */
function short(items: readonly string[]): string {
  const shown = items.slice(0, 3).join(",");
  return items.length > 3 ? `${shown} + ${items.length - 3} more...` : shown;
}
