// What puts a server that runs somewhere on this machine behind a control plane: a service, its address, an APIService.

import type { ApiObject } from "../../src/api/door.ts";

interface RegistrationOptions {
  readonly group: string;
  /** Its name, in the namespace `default`. */
  readonly service: string;
  readonly port: number;
}

interface Registered {
  /** Where it is created. */
  readonly path: string;
  readonly object: ApiObject;
}

/** For version v1 of the group. Nobody checks the server's certificate. */
export function registration({ group, service, port }: RegistrationOptions): readonly Registered[] {
  return [
    {
      path: "/api/v1/namespaces/default/services",
      object: {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: service, namespace: "default" },
        spec: { ports: [{ name: "https", port: 443, targetPort: port }] },
      },
    },
    {
      path: "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices",
      object: {
        apiVersion: "discovery.k8s.io/v1",
        kind: "EndpointSlice",
        metadata: { name: service, namespace: "default", labels: { "kubernetes.io/service-name": service } },
        addressType: "IPv4",
        endpoints: [{ addresses: ["127.0.0.1"], conditions: { ready: true } }],
        ports: [{ name: "https", port, protocol: "TCP" }],
      },
    },
    {
      path: "/apis/apiregistration.k8s.io/v1/apiservices",
      object: {
        apiVersion: "apiregistration.k8s.io/v1",
        kind: "APIService",
        metadata: { name: `v1.${group}` },
        spec: {
          group,
          version: "v1",
          service: { name: service, namespace: "default" },
          insecureSkipTLSVerify: true,
          groupPriorityMinimum: 100,
          versionPriority: 10,
        },
      },
    },
  ];
}
