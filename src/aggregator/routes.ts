// Which APIServices there are, in the order in which discovery tells them, and the backend of each that is remote.

import { type ApiObject, compareVersions } from "../api/door.ts";
import type { Clock } from "../base/clock.ts";
import { registrationGroup } from "./api-service-kind.ts";
import { type ApiServiceView, viewOf } from "./api-service-view.ts";
import { Backend, type ClientCertificate, trustOf } from "./backend.ts";
import type { Source } from "./source.ts";

export interface Route {
  readonly view: ApiServiceView;
  /** Undefined for versions that the main API server serves itself, and where the caBundle holds no certificate. */
  readonly backend: Backend | undefined;
}

/** The versions of a group, the preferred one first. */
export interface RoutedGroup {
  readonly name: string;
  readonly routes: readonly Route[];
}

interface RoutesOptions {
  readonly source: Source;
  readonly clientCertificate: () => ClientCertificate | undefined;
  readonly clock: Clock;
}

export class Routes {
  readonly #options: RoutesOptions;
  /** By what makes two APIServices share connections: service, trust, client certificate. */
  readonly #backends = new Map<string, Backend>();
  #byName = new Map<string, Route>();
  #byGroupVersion = new Map<string, Route>();
  #groups: readonly RoutedGroup[] | undefined;

  constructor(options: RoutesOptions) {
    this.#options = options;
  }

  /** The route of `group/version`. */
  find(groupVersion: string): Route | undefined {
    return this.#byGroupVersion.get(groupVersion);
  }

  get(name: string): Route | undefined {
    return this.#byName.get(name);
  }

  all(): Iterable<Route> {
    return this.#byName.values();
  }

  /** By priority, then name. The core group is not among them. */
  get groups(): readonly RoutedGroup[] {
    this.#groups ??= groupsOf([...this.#byName.values()]);
    return this.#groups;
  }

  /** An APIService was made, changed or deleted. */
  update(name: string, object: ApiObject | undefined): void {
    const before = this.#byName.get(name);
    if (before !== undefined) this.#byGroupVersion.delete(keyOf(before.view));
    this.#byName.delete(name);
    if (object !== undefined) {
      const view = viewOf(object);
      const route = { view, backend: this.#backendOf(view) };
      this.#byName.set(name, route);
      this.#byGroupVersion.set(keyOf(view), route);
    }
    this.#groups = undefined;
    if (before?.backend !== undefined) this.#retireUnused();
  }

  /** A service or its endpoints have changed. */
  readdress(namespace: string, name: string): void {
    for (const backend of this.#backends.values())
      if (backend.service.name === name && backend.service.namespace === namespace) backend.readdress();
  }

  /** The proxy's client certificate has changed: new connections show the new one. */
  renewBackends(): void {
    for (const [name, { view }] of this.#byName) {
      const route = { view, backend: this.#backendOf(view) };
      this.#byName.set(name, route);
      this.#byGroupVersion.set(keyOf(view), route);
    }
    this.#groups = undefined;
    this.#retireUnused();
  }

  /** APIServices that are answered by a service. */
  *ofService(namespace: string, name: string): Iterable<Route> {
    for (const route of this.#byName.values())
      if (route.view.service?.name === name && route.view.service.namespace === namespace) yield route;
  }

  close(): void {
    for (const backend of this.#backends.values()) backend.close();
    this.#backends.clear();
  }

  #backendOf(view: ApiServiceView): Backend | undefined {
    const { service } = view;
    const trust = trustOf(view);
    if (service === undefined || trust === undefined) return undefined;
    const { source, clock } = this.#options;
    const clientCertificate = this.#options.clientCertificate();
    const key = JSON.stringify([service, trust, clientCertificate?.cert]);
    const known = this.#backends.get(key);
    if (known !== undefined) return known;
    const backend = new Backend({ source, service, trust, clientCertificate, clock });
    this.#backends.set(key, backend);
    return backend;
  }

  /** Watches that are open on a backend that nobody refers to any more stay open. */
  #retireUnused(): void {
    const used = new Set([...this.#byName.values()].map(({ backend }) => backend));
    for (const [key, backend] of this.#backends)
      if (!used.has(backend)) {
        this.#backends.delete(key);
        backend.retire();
      }
  }
}

function keyOf({ group, version }: ApiServiceView): string {
  return `${group}/${version}`;
}

function groupsOf(routes: readonly Route[]): RoutedGroup[] {
  const byPriority = [...routes].sort(
    ({ view: a }, { view: b }) => b.groupPriority - a.groupPriority || (a.name < b.name ? -1 : 1),
  );
  const groups = new Map<string, Route[]>();
  for (const route of byPriority) {
    const { group } = route.view;
    // The core group is not below /apis, and the group of APIServices is always there, before all others.
    if (group === "" || group === registrationGroup) continue;
    const members = groups.get(group);
    if (members === undefined) groups.set(group, [route]);
    else members.push(route);
  }
  return [...groups].map(([name, members]) => ({ name, routes: members.sort(byVersion) }));
}

function byVersion({ view: a }: Route, { view: b }: Route): number {
  return b.versionPriority - a.versionPriority || compareVersions(a.version, b.version);
}
