// The objects by which the aggregator finds an extension server: Namespace, Service, EndpointSlice and APIServices.

import { type ApiObject, compareVersions, StatusError } from "../api/door.ts";
import type { Client } from "../client/door.ts";

/** By this name the service of every extension is known in its namespace. */
export const extensionServiceName = "api";
const portName = "https";
/** As the documentation of sample-apiserver registers it. */
const groupPriorityMinimum = 1_000;
const versionPriority = 15;

/** What a server serves. */
export type ServedGroups = readonly { readonly group: string; readonly versions: readonly string[] }[];

interface RegistrationOptions {
  readonly client: Client;
  /** The extension's, and its namespace's. */
  readonly name: string;
  /** PEM: what the server's certificate leads to. */
  readonly servingAuthority: string;
  readonly signal: AbortSignal;
}

/** One extension server as the cluster API knows it. */
export class Registration {
  readonly #options: RegistrationOptions;
  #apiServices: readonly string[] = [];

  constructor(options: RegistrationOptions) {
    this.#options = options;
  }

  /** Applies all objects for a server that answers on a port of this machine. Resolves to the names of its APIServices, best first. */
  async register(port: number, groups: ServedGroups): Promise<readonly string[]> {
    const { name, servingAuthority } = this.#options;
    await this.#apply("namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name } });
    await Promise.all([this.#apply("services", service(name, port)), this.setEndpoint(port, true)]);
    const objects = groups.flatMap(({ group, versions }) =>
      [...versions].sort(compareVersions).map((version) => apiService({ name, group, version, servingAuthority })),
    );
    await Promise.all(objects.map((object) => this.#apply("apiservices", object)));
    const registered = objects.map(({ metadata }) => metadata.name ?? "");
    const gone = this.#apiServices.filter((old) => !registered.includes(old));
    this.#apiServices = registered;
    await Promise.all(gone.map((old) => this.#remove(old)));
    return registered;
  }

  /** An endpoint that is not ready takes no traffic, so that the APIServices say at once what is wrong. */
  async setEndpoint(port: number, isReady: boolean): Promise<void> {
    await this.#apply("endpointslices", endpointSlice(this.#options.name, port, isReady));
  }

  #apply(resource: string, object: ApiObject): Promise<unknown> {
    const { client, signal } = this.#options;
    const { name = "", namespace } = object.metadata;
    const slash = object.apiVersion.indexOf("/");
    const address = {
      group: object.apiVersion.slice(0, Math.max(0, slash)),
      version: object.apiVersion.slice(slash + 1),
      resource,
      isNamespaced: namespace !== undefined,
    };
    return client.resource(address).patch(name, object, {
      type: "apply",
      fieldManager: "annex",
      force: true,
      signal,
      ...(namespace === undefined ? {} : { namespace }),
    });
  }

  async #remove(apiServiceName: string): Promise<void> {
    const { client, signal } = this.#options;
    const address = { group: "apiregistration.k8s.io", version: "v1", resource: "apiservices", isNamespaced: false };
    try {
      await client.resource(address).delete(apiServiceName, { signal });
    } catch (error) {
      if (!(error instanceof StatusError && error.reason === "NotFound")) throw error;
    }
  }
}

function service(namespace: string, port: number): ApiObject {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: extensionServiceName, namespace },
    spec: { type: "ClusterIP", ports: [{ name: portName, port: 443, protocol: "TCP", targetPort: port }] },
  };
}

function endpointSlice(namespace: string, port: number, ready: boolean): ApiObject {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: extensionServiceName,
      namespace,
      labels: { "kubernetes.io/service-name": extensionServiceName },
    },
    addressType: "IPv4",
    endpoints: [{ addresses: ["127.0.0.1"], conditions: { ready } }],
    ports: [{ name: portName, port, protocol: "TCP" }],
  };
}

interface ApiServiceOptions {
  readonly name: string;
  readonly group: string;
  readonly version: string;
  readonly servingAuthority: string;
}

function apiService({ name, group, version, servingAuthority }: ApiServiceOptions): ApiObject {
  return {
    apiVersion: "apiregistration.k8s.io/v1",
    kind: "APIService",
    metadata: { name: `${version}.${group}` },
    spec: {
      group,
      version,
      service: { name: extensionServiceName, namespace: name, port: 443 },
      caBundle: Buffer.from(servingAuthority).toString("base64"),
      groupPriorityMinimum,
      versionPriority,
    },
  };
}
