// From the reference to a service to the addresses where it answers.

import type { ApiObject } from "../api/door.ts";
import type { ServiceReference } from "./api-service-view.ts";
import type { Verdict } from "./condition.ts";
import type { Source } from "./source.ts";

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** `host:port`, as URLs and the Host header have it. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** There is no way to a service. The message is what the condition of its APIServices says. */
export class NoRouteError extends Error {
  override readonly name = "NoRouteError";
}

/**
 * The addresses of a service, at least one: the ready endpoints of its EndpointSlices, else its cluster address.
 * Throws a NoRouteError where there is none.
 */
export function addressesOf(source: Source, { namespace, name, port }: ServiceReference): readonly Address[] {
  const service = source.service(namespace, name);
  if (service === undefined) throw new NoRouteError(`service ${JSON.stringify(name)} not found`);
  const spec = specOf(service);
  if (spec.type === "ExternalName") return [{ host: spec.externalName, port }];
  if (spec.clusterIP === "None") throw new NoRouteError('cannot route to service with ClusterIP "None"');
  const servicePort = spec.ports.find((candidate) => candidate.port === port);
  if (servicePort === undefined)
    throw new NoRouteError(`no service port ${port} found for service ${JSON.stringify(name)}`);
  const ready = readyAddresses(source.endpointSlices(namespace, name), servicePort.name);
  if (ready.length > 0) return ready;
  if (spec.clusterIP === "" || spec.type === "ClusterIP" || spec.type === "")
    throw new NoRouteError(`no endpoints available for service ${JSON.stringify(name)}`);
  return [{ host: spec.clusterIP, port }];
}

/** What is wrong with a service before anybody has asked its server; undefined where nothing is. */
export function serviceFault(source: Source, { namespace, name, port }: ServiceReference): Verdict | undefined {
  const where = `service/${name} in ${JSON.stringify(namespace)}`;
  const no = (reason: string, message: string): Verdict => ({ status: "False", reason, message });
  const service = source.service(namespace, name);
  if (service === undefined) return no("ServiceNotFound", `${where} is not present`);
  const spec = specOf(service);
  // Only services with a cluster address promise ports and endpoints.
  if (spec.type !== "ClusterIP" && spec.type !== "") return undefined;
  const servicePort = spec.ports.find((candidate) => candidate.port === port);
  if (servicePort === undefined) return no("ServicePortError", `${where} is not listening on port ${port}`);
  const slices = source.endpointSlices(namespace, name);
  if (slices.length === 0) return no("EndpointsNotFound", `cannot find endpointslices for ${where}`);
  if (slices.some((slice) => hasReadyEndpoint(slice) && portOf(slice, servicePort.name) !== undefined))
    return undefined;
  const quoted = JSON.stringify(servicePort.name);
  return no("MissingEndpoints", `endpointslices for ${where} have no addresses with port name ${quoted}`);
}

function readyAddresses(slices: readonly ApiObject[], portName: string): Address[] {
  return slices.flatMap((slice) => {
    const port = portOf(slice, portName);
    if (port === undefined) return [];
    return recordsOf(slice.endpoints).flatMap((endpoint) => {
      const [host] = Array.isArray(endpoint.addresses) ? endpoint.addresses : [];
      return isReady(endpoint) && typeof host === "string" ? [{ host, port }] : [];
    });
  });
}

function hasReadyEndpoint({ endpoints }: ApiObject): boolean {
  return recordsOf(endpoints).some(isReady);
}

/** Unknown counts as ready. */
function isReady({ conditions }: Fields): boolean {
  return !(
    typeof conditions === "object" &&
    conditions !== null &&
    "ready" in conditions &&
    conditions.ready === false
  );
}

function portOf({ ports }: ApiObject, name: string): number | undefined {
  const found = recordsOf(ports).find((port) => (port.name ?? "") === name && typeof port.port === "number");
  return typeof found?.port === "number" ? found.port : undefined;
}

interface ServiceSpec {
  readonly type: string;
  readonly clusterIP: string;
  readonly externalName: string;
  readonly ports: readonly { readonly name: string; readonly port: number }[];
}

function specOf({ spec }: ApiObject): ServiceSpec {
  const fields: Fields = typeof spec === "object" && spec !== null ? { ...spec } : {};
  const ports = recordsOf(fields.ports).flatMap(({ name, port }) =>
    typeof port === "number" ? [{ name: textOf(name), port }] : [],
  );
  const { type, clusterIP, externalName } = fields;
  return { type: textOf(type), clusterIP: textOf(clusterIP), externalName: textOf(externalName), ports };
}

type Fields = Readonly<Record<string, unknown>>;

function recordsOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "object" && item !== null) : [];
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
