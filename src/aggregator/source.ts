// Where the aggregator learns of APIServices, Services and EndpointSlices, and where it writes what it found out.

import type { ApiObject } from "../api/door.ts";
import { type Client, Informer } from "../client/door.ts";
import { apiServiceKind } from "./api-service-kind.ts";
import type { Condition } from "./condition.ts";

/** What has changed: `name` is the APIService's, or the service's that a Service or an EndpointSlice belongs to. */
export type SourceChange =
  | { readonly kind: "APIService"; readonly name: string }
  | { readonly kind: "Service"; readonly namespace: string; readonly name: string };

/** All reads are from memory. */
export interface Source extends AsyncDisposable {
  apiServices(): Iterable<ApiObject>;
  apiService(name: string): ApiObject | undefined;
  service(namespace: string, name: string): ApiObject | undefined;
  endpointSlices(namespace: string, service: string): readonly ApiObject[];
  onChange(listener: (change: SourceChange) => void): () => void;
  /** Writes the conditions of an APIService as it was read. Rejects with a 409 where it has changed since. */
  writeConditions(apiService: ApiObject, conditions: readonly Condition[], signal: AbortSignal): Promise<void>;
  /** Resolves once everything was read for the first time. */
  synced(signal: AbortSignal): Promise<void>;
}

const serviceNameLabel = "kubernetes.io/service-name";
/** Everything is looked at again so often, as the reference has it. */
export const resyncMs = 30_000;

interface ClientSourceOptions {
  /** Its user agent is the field manager of the conditions: `kube-aggregator`. */
  readonly client: Client;
  readonly onError?: (error: unknown) => void;
}

/** A source over any API server, the one in this process included (by `handlerTransport` of the server room). */
export function clientSource({ client, onError }: ClientSourceOptions): Source {
  const apiServices = client.resource(apiServiceKind, "v1");
  const options = onError === undefined ? {} : { onError };
  const registered = new Informer<ApiObject>({
    client: client.resource(apiServices.address),
    resyncMs,
    ...options,
  });
  const services = new Informer<ApiObject>({
    client: client.resource({ group: "", version: "v1", resource: "services", isNamespaced: true }),
    ...options,
  });
  const slices = new Informer<ApiObject>({
    client: client.resource({
      group: "discovery.k8s.io",
      version: "v1",
      resource: "endpointslices",
      isNamespaced: true,
    }),
    ...options,
  });
  const informers = [registered, services, slices];
  const listeners = new Set<(change: SourceChange) => void>();
  const tell = (change: SourceChange) => {
    for (const listener of listeners) listener(change);
  };
  const slicesByService = new Map<string, Map<string, ApiObject>>();

  registered.onChange(({ object }) => tell({ kind: "APIService", name: object.metadata.name ?? "" }));
  services.onChange(({ object: { metadata } }) =>
    tell({ kind: "Service", namespace: metadata.namespace ?? "", name: metadata.name ?? "" }),
  );
  slices.onChange(({ type, object, old }) => {
    for (const service of new Set([serviceOf(object), old === undefined ? "" : serviceOf(old)])) {
      if (service === "") continue;
      const belongs = type !== "deleted" && serviceOf(object) === service;
      keep({ service, slice: object, belongs });
      const slash = service.indexOf("/");
      tell({ kind: "Service", namespace: service.slice(0, slash), name: service.slice(slash + 1) });
    }
  });

  function keep({ service, slice, belongs }: { service: string; slice: ApiObject; belongs: boolean }): void {
    const name = slice.metadata.name ?? "";
    const known = slicesByService.get(service) ?? new Map<string, ApiObject>();
    if (belongs) slicesByService.set(service, known.set(name, slice));
    else if (known.delete(name) && known.size === 0) slicesByService.delete(service);
  }

  for (const informer of informers) informer.start();
  return {
    apiServices: () => registered.objects(),
    apiService: (name) => registered.get(name),
    service: (namespace, name) => services.get(name, namespace),
    endpointSlices: (namespace, service) => [...(slicesByService.get(`${namespace}/${service}`)?.values() ?? [])],
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async writeConditions(apiService, conditions, signal) {
      const status = { ...(typeof apiService.status === "object" ? apiService.status : {}), conditions };
      await client.resource(apiServices.address).update({ ...apiService, status }, { subresource: "status", signal });
    },
    async synced(signal) {
      await Promise.all(informers.map((informer) => informer.synced(signal)));
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(informers.map((informer) => informer[Symbol.asyncDispose]()));
    },
  };
}

/** `namespace/name` of the service that a slice belongs to; empty where it says none. */
function serviceOf({ metadata }: ApiObject): string {
  const name = metadata.labels?.[serviceNameLabel];
  return name === undefined || name === "" ? "" : `${metadata.namespace ?? ""}/${name}`;
}
