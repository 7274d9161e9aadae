// The service `kubernetes`, by which programs in the cluster find the API server, and where it is answered: here.
// Whoever deletes everything in the namespace takes it along, hence it comes back, as from a main API server.

import { type ApiObject, StatusError } from "../../api/door.ts";
import type { Clock } from "../../base/clock.ts";
import { type Client, WorkQueue } from "../../client/door.ts";
import type { Logger } from "../../server/door.ts";
import { endpointSliceKind } from "../resources/endpoint-slice.ts";
import { endpointsKind } from "../resources/endpoints.ts";
import { serviceKind } from "../resources/service.ts";
import type { Views } from "../views.ts";

const name = "kubernetes";
const namespace = "default";

interface OwnServiceOptions {
  readonly client: Client;
  readonly views: Views;
  /** Where this process listens. */
  readonly host: string;
  readonly port: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Creates what is missing whenever something changes. The result stops that. */
export function keepOwnService({ client, views, host, port, clock, logger }: OwnServiceOptions): () => Promise<void> {
  const { service, endpointSlice, endpoints } = ownService(host, port);
  const kept = new Map([
    ["services", { kind: serviceKind, object: service }],
    ["endpointslices", { kind: endpointSliceKind, object: endpointSlice }],
    ["endpoints", { kind: endpointsKind, object: endpoints }],
  ]);
  const queue = new WorkQueue({
    async work(resource, signal) {
      const found = kept.get(resource);
      if (found === undefined || views.of(found.kind).get(namespace, name) !== undefined) return;
      const { group, plural } = found.kind;
      try {
        const resources = client.resource({ group, version: "v1", resource: plural, isNamespaced: true });
        await resources.create(found.object, { signal });
      } catch (error) {
        // Somebody else was faster.
        if (!(error instanceof StatusError && error.reason === "AlreadyExists")) throw error;
      }
    },
    clock,
    onError: (resource, error) => logger.warn({ error, resource }, `${namespace}/${name} could not be created again`),
  });
  const unsubscribe = [...kept].map(([resource, { kind }]) => {
    const view = views.of(kind);
    return view.onChange(() => {
      if (view.get(namespace, name) === undefined) queue.add(resource);
    });
  });
  return async () => {
    for (const end of unsubscribe) end();
    await queue.close();
  };
}

/** The service, where it is answered, and the latter for those who still read Endpoints. */
export function ownService(
  host: string,
  port: number,
): { readonly service: ApiObject; readonly endpointSlice: ApiObject; readonly endpoints: ApiObject } {
  const metadata = (labels: Readonly<Record<string, string>>) => ({ name, namespace, labels });
  const https = { name: "https", protocol: "TCP" };
  return {
    service: {
      apiVersion: "v1",
      kind: "Service",
      metadata: metadata({ component: "apiserver", provider: "kubernetes" }),
      spec: { type: "ClusterIP", ports: [{ ...https, port: 443, targetPort: port }] },
    },
    endpointSlice: {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: metadata({ "kubernetes.io/service-name": name }),
      addressType: "IPv4",
      endpoints: [{ addresses: [host], conditions: { ready: true } }],
      ports: [{ ...https, port }],
    },
    endpoints: {
      apiVersion: "v1",
      kind: "Endpoints",
      // Not to be mirrored: the slice is there already.
      metadata: metadata({ "endpointslice.kubernetes.io/skip-mirror": "true" }),
      subsets: [{ addresses: [{ ip: host }], ports: [{ ...https, port }] }],
    },
  };
}
