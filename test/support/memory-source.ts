// What an aggregator reads, as a test puts it there.

import type { Condition } from "../../src/aggregator/condition.ts";
import type { Source, SourceChange } from "../../src/aggregator/source.ts";
import type { ApiObject } from "../../src/api/door.ts";

export class MemorySource implements Source {
  readonly #apiServices = new Map<string, ApiObject>();
  readonly #services = new Map<string, ApiObject>();
  readonly #slices = new Map<string, ApiObject[]>();
  readonly #listeners = new Set<(change: SourceChange) => void>();
  #waiters: { readonly name: string; readonly reason: string; readonly resolve: (condition: Condition) => void }[] = [];

  putApiService(group: string, version: string, spec: object = {}): void {
    const name = `${version}.${group}`;
    const before = this.#apiServices.get(name);
    this.#apiServices.set(name, {
      apiVersion: "apiregistration.k8s.io/v1",
      kind: "APIService",
      metadata: { name },
      spec: { group, version, groupPriorityMinimum: 100, versionPriority: 10, ...spec },
      status: before?.status ?? {},
    });
    this.#tell({ kind: "APIService", name });
  }

  deleteApiService(name: string): void {
    this.#apiServices.delete(name);
    this.#tell({ kind: "APIService", name });
  }

  /** A service in namespace `ns`, answered at these ports of 127.0.0.1. */
  putService(name: string, spec: object, ports: readonly number[] = []): void {
    this.#services.set(`ns/${name}`, { apiVersion: "v1", kind: "Service", metadata: { name, namespace: "ns" }, spec });
    const slices = ports.map((port, index) => ({
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { name: `${name}-${index}`, namespace: "ns" },
      endpoints: [{ addresses: ["127.0.0.1"] }],
      ports: [{ name: "https", port }],
    }));
    this.#slices.set(`ns/${name}`, slices);
    this.#tell({ kind: "Service", namespace: "ns", name });
  }

  putSlices(name: string, slices: ApiObject[]): void {
    this.#slices.set(`ns/${name}`, slices);
    this.#tell({ kind: "Service", namespace: "ns", name });
  }

  /** Resolves when an APIService says that it is, or is not, available for this reason. */
  condition(name: string, reason: string): Promise<Condition> {
    return new Promise((resolve) => {
      this.#waiters.push({ name, reason, resolve });
      this.#wake();
    });
  }

  apiServices(): Iterable<ApiObject> {
    return this.#apiServices.values();
  }

  apiService(name: string): ApiObject | undefined {
    return this.#apiServices.get(name);
  }

  service(namespace: string, name: string): ApiObject | undefined {
    return this.#services.get(`${namespace}/${name}`);
  }

  endpointSlices(namespace: string, service: string): readonly ApiObject[] {
    return this.#slices.get(`${namespace}/${service}`) ?? [];
  }

  onChange(listener: (change: SourceChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async writeConditions(apiService: ApiObject, conditions: readonly Condition[]): Promise<void> {
    const name = apiService.metadata.name ?? "";
    this.#apiServices.set(name, { ...apiService, status: { conditions } });
    this.#tell({ kind: "APIService", name });
    this.#wake();
  }

  async synced(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}

  #tell(change: SourceChange): void {
    for (const listener of this.#listeners) listener(change);
  }

  #wake(): void {
    this.#waiters = this.#waiters.filter(({ name, reason, resolve }) => {
      const status: { conditions?: Condition[] } = Object(this.#apiServices.get(name)?.status);
      const found = status.conditions?.find((condition) => condition.reason === reason);
      if (found !== undefined) resolve(found);
      return found === undefined;
    });
  }
}
