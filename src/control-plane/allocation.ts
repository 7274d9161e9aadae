// Cluster addresses and node ports for services, handed out once each.

import { type ApiObject, fieldError, StatusError } from "../api/door.ts";
import { defineResource, type Resource } from "../server/door.ts";
import { cellText, part } from "./resources/columns.ts";
import { serviceKind, serviceRules } from "./resources/service.ts";
import { portsOf } from "./resources/service-ports.ts";

/** The services as they are. */
export type ServiceLister = () => Iterable<ApiObject>;

/** As the reference has it: --service-node-port-range. */
const nodePorts = { first: 30_000, last: 32_767 } as const;

/** Services whose addresses come from a range such as `10.96.0.0/16`. Throws a TypeError for what is no IPv4 range. */
export function serviceResource(range: string, services: ServiceLister): Resource {
  const addresses = parseRange(range);
  return defineResource(serviceKind, {
    ...serviceRules,
    prepareForCreate(object) {
      object.status = { loadBalancer: {} };
      allocate(object, undefined, { addresses, services });
    },
    prepareForUpdate(object, { old }) {
      allocate(object, old, { addresses, services });
    },
  });
}

interface AddressRange {
  readonly first: number;
  readonly last: number;
  readonly text: string;
}

function parseRange(text: string): AddressRange {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(text);
  const bits = Number(match?.[5]);
  const base = match === null ? Number.NaN : toNumber(text.split("/")[0] ?? "");
  if (Number.isNaN(base) || !(bits >= 8 && bits <= 30))
    throw new TypeError(`Cannot use a range of service addresses as it must be like 10.96.0.0/16: "${text}"`);
  const size = 2 ** (32 - bits);
  const first = Math.floor(base / size) * size;
  return { first: first + 1, last: first + size - 2, text };
}

function toNumber(address: string): number {
  const parts = address.split(".").map(Number);
  if (parts.length !== 4 || parts.some((value) => !(value >= 0 && value <= 255))) return Number.NaN;
  return parts.reduce((sum, value) => sum * 256 + value, 0);
}

function toAddress(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
}

interface Pools {
  readonly addresses: AddressRange;
  readonly services: ServiceLister;
}

function allocate(object: ApiObject, old: ApiObject | undefined, pools: Pools): void {
  const spec: Record<string, unknown> = { ...part(object, "spec") };
  object.spec = spec;
  const before = old === undefined ? {} : part(old, "spec");
  if (spec.type === "ExternalName") {
    for (const field of ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"]) delete spec[field];
    return;
  }
  allocateAddress(object, spec, before, pools);
  allocateNodePorts(object, spec, before, pools);
}

function allocateAddress(
  object: ApiObject,
  spec: Record<string, unknown>,
  before: Readonly<Record<string, unknown>>,
  { addresses, services }: Pools,
): void {
  const asked = cellText(spec.clusterIP) || cellText(before.clusterIP);
  if (asked !== "" && asked !== "None") requireFree(object, asked, { addresses, services });
  spec.clusterIP = asked || freeAddress(object, { addresses, services });
  spec.clusterIPs = [spec.clusterIP];
  spec.ipFamilies ??= ["IPv4"];
  spec.ipFamilyPolicy ??= "SingleStack";
}

function usedAddresses(object: ApiObject, services: ServiceLister): Set<string> {
  const used = new Set<string>();
  for (const service of services())
    if (service.metadata.uid !== object.metadata.uid || object.metadata.uid === undefined)
      used.add(cellText(part(service, "spec").clusterIP));
  return used;
}

function requireFree(object: ApiObject, address: string, { addresses, services }: Pools): void {
  const value = toNumber(address);
  const refuse = (why: string) =>
    StatusError.invalid(serviceKind, object.metadata.name ?? "", [
      fieldError.invalid("spec.clusterIPs", [address], `failed to allocate IP ${address}: ${why}`),
    ]);
  if (Number.isNaN(value)) return; // Validation tells what is wrong with it.
  if (value < addresses.first || value > addresses.last)
    throw refuse(`the provided IP (${address}) is not in the valid range. The range of valid IPs is ${addresses.text}`);
  if (usedAddresses(object, services).has(address) && !isOwn(object, address, services))
    throw refuse("provided IP is already allocated");
}

/** An update names the address that the service has already. */
function isOwn({ metadata }: ApiObject, address: string, services: ServiceLister): boolean {
  for (const service of services())
    if (service.metadata.namespace === metadata.namespace && service.metadata.name === metadata.name)
      return cellText(part(service, "spec").clusterIP) === address;
  return false;
}

function freeAddress(object: ApiObject, { addresses, services }: Pools): string {
  const used = usedAddresses(object, services);
  // The first addresses stay free for those that ask for them, as the reference keeps its lower band.
  const start = addresses.first + Math.min(16, Math.floor((addresses.last - addresses.first) / 16));
  for (let value = start; value <= addresses.last; value++) if (!used.has(toAddress(value))) return toAddress(value);
  for (let value = addresses.first; value < start; value++) if (!used.has(toAddress(value))) return toAddress(value);
  throw new StatusError("InternalError", "Internal error occurred: failed to allocate a serviceIP: range is full", {
    details: { causes: [{ message: "range is full" }] },
  });
}

function allocateNodePorts(
  object: ApiObject,
  spec: Record<string, unknown>,
  before: Readonly<Record<string, unknown>>,
  { services }: Pools,
): void {
  const ports = portsOf(spec);
  const wantsThem =
    spec.type === "NodePort" || (spec.type === "LoadBalancer" && spec.allocateLoadBalancerNodePorts !== false);
  if (!wantsThem) {
    if (before.type === "NodePort" || before.type === "LoadBalancer") for (const port of ports) delete port.nodePort;
    return;
  }
  const used = usedNodePorts(object, services);
  for (const [index, port] of ports.entries()) {
    const own = portsOf(before).find(
      (candidate) => candidate.port === port.port && candidate.protocol === port.protocol,
    )?.nodePort;
    port.nodePort = port.nodePort || own || freeNodePort(used);
    if (typeof port.nodePort !== "number" || used.has(port.nodePort))
      throw StatusError.invalid(serviceKind, object.metadata.name ?? "", [
        fieldError.invalid(`spec.ports[${index}].nodePort`, port.nodePort, "provided port is already allocated"),
      ]);
    used.add(port.nodePort);
  }
}

function usedNodePorts({ metadata }: ApiObject, services: ServiceLister): Set<number> {
  const used = new Set<number>();
  for (const service of services()) {
    if (service.metadata.namespace === metadata.namespace && service.metadata.name === metadata.name) continue;
    for (const { nodePort } of portsOf(part(service, "spec")))
      if (typeof nodePort === "number" && nodePort > 0) used.add(nodePort);
  }
  return used;
}

function freeNodePort(used: ReadonlySet<number>): number {
  for (let port: number = nodePorts.first; port <= nodePorts.last; port++) if (!used.has(port)) return port;
  throw new StatusError("InternalError", "Internal error occurred: failed to allocate a nodePort: range is full", {
    details: { causes: [{ message: "range is full" }] },
  });
}
