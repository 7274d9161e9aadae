// EndpointSlices for Endpoints that somebody writes for a service without a selector, so that readers of slices find what is in the older form.
// https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/#endpointslice-mirroring

import { createHash } from "node:crypto";
import { isIP } from "node:net";
import { type ApiObject, StatusError } from "../../api/door.ts";
import type { Clock } from "../../base/clock.ts";
import { recordsOf } from "../../base/record.ts";
import { type Client, WorkQueue } from "../../client/door.ts";
import type { Logger } from "../../server/door.ts";
import type { ObjectView } from "../object-view.ts";
import { cellText, part, sizeOf } from "../resources/columns.ts";

interface EndpointsMirrorOptions {
  readonly client: Client;
  readonly endpoints: ObjectView;
  readonly slices: ObjectView;
  readonly services: ObjectView;
  readonly clock: Clock;
  readonly logger: Logger;
}

const managedBy = "endpointslicemirroring-controller.k8s.io";
const labels = { service: "kubernetes.io/service-name", manager: "endpointslice.kubernetes.io/managed-by" } as const;
const skipLabel = "endpointslice.kubernetes.io/skip-mirror";
/** Election locks of old are no endpoints. */
const leaderAnnotation = "control-plane.alpha.kubernetes.io/leader";
const notCopied = new Set([
  "kubectl.kubernetes.io/last-applied-configuration",
  "endpoints.kubernetes.io/last-change-trigger-time",
]);
/** As many as a slice takes; what is beyond is not mirrored, as in the reference. */
const addressesMax = 1_000;

/** Looks at all Endpoints now and whenever they, their slices or services change. The result stops that. */
export function mirrorEndpoints(options: EndpointsMirrorOptions): () => Promise<void> {
  const { endpoints, slices, services, clock, logger } = options;
  const queue = new WorkQueue({
    work: (key, signal) => mirror(key, options, signal),
    clock,
    onError: (key, error) => logger.warn({ error, endpoints: key }, "endpoints could not be mirrored"),
  });
  const look = () => {
    const keys = new Set<string>();
    for (const { metadata } of endpoints.all()) keys.add(`${metadata.namespace}/${metadata.name}`);
    for (const slice of slices.all())
      if (isOurs(slice)) keys.add(`${slice.metadata.namespace}/${slice.metadata.labels?.[labels.service]}`);
    for (const key of keys) if (differences(key, options).length > 0) queue.add(key);
  };
  const stops = [endpoints, slices, services].map((view) => view.onChange(look));
  look();
  return async () => {
    for (const stop of stops) stop();
    await queue.close();
  };
}

type Difference = { readonly name: string; readonly to: ApiObject | undefined };

async function mirror(key: string, options: EndpointsMirrorOptions, signal: AbortSignal): Promise<void> {
  const [namespace = ""] = key.split("/");
  const address = { group: "discovery.k8s.io", version: "v1", resource: "endpointslices", isNamespaced: true };
  const resource = options.client.resource(address);
  for (const { name, to } of differences(key, options)) {
    try {
      if (to === undefined) await resource.delete(name, { namespace, signal });
      else await resource.patch(name, to, { type: "apply", fieldManager: managedBy, force: true, namespace, signal });
    } catch (error) {
      // It is gone by now, or its namespace is going.
      if (!(error instanceof StatusError && (error.code === 404 || error.code === 403))) throw error;
    }
  }
}

/** What has to happen for the slices of one service to be as its Endpoints say. */
function differences(key: string, { endpoints, slices, services }: EndpointsMirrorOptions): Difference[] {
  const [namespace = "", name = ""] = key.split("/");
  const found = endpoints.get(namespace, name);
  const wanted = found !== undefined && isMirrored(found, services.get(namespace, name)) ? slicesOf(found) : [];
  const slicesNow = [...slices.in(namespace)].filter(
    (slice) => isOurs(slice) && slice.metadata.labels?.[labels.service] === name,
  );
  const known = new Map(slicesNow.map((slice) => [slice.metadata.name ?? "", slice]));
  const changes: Difference[] = wanted
    .filter((slice) => !isSame(slice, known.get(slice.metadata.name ?? "")))
    .map((to) => ({ name: to.metadata.name ?? "", to }));
  const kept = new Set(wanted.map(({ metadata }) => metadata.name ?? ""));
  for (const old of known.keys()) if (!kept.has(old)) changes.push({ name: old, to: undefined });
  return changes;
}

function isOurs({ metadata }: ApiObject): boolean {
  return metadata.labels?.[labels.manager] === managedBy && metadata.deletionTimestamp === undefined;
}

/** A service with a selector has slices made for it by others. */
function isMirrored({ metadata }: ApiObject, service: ApiObject | undefined): boolean {
  if (service === undefined || sizeOf(part(service, "spec").selector) > 0 || metadata.deletionTimestamp !== undefined)
    return false;
  return metadata.labels?.[skipLabel] !== "true" && metadata.annotations?.[leaderAnnotation] === undefined;
}

function isSame(wanted: ApiObject, known: ApiObject | undefined): boolean {
  const shown = (slice: ApiObject | undefined) =>
    JSON.stringify([slice?.metadata.labels, slice?.metadata.annotations, slice?.endpoints, slice?.ports ?? []]);
  return shown(wanted) === shown(known);
}

/** One slice for each set of ports and family of addresses. */
function slicesOf(endpoints: ApiObject): ApiObject[] {
  const groups = new Map<
    string,
    { readonly ports: unknown; readonly addressType: string; readonly endpoints: object[] }
  >();
  for (const subset of recordsOf(endpoints.subsets)) {
    const ports = recordsOf(subset.ports).map(({ name = "", protocol, port, appProtocol }) => ({
      name,
      protocol,
      port,
      ...(appProtocol === undefined ? {} : { appProtocol }),
    }));
    for (const [field, ready] of [
      ["addresses", true],
      ["notReadyAddresses", false],
    ] as const)
      for (const address of recordsOf(subset[field]).slice(0, addressesMax)) {
        const addressType = isIP(cellText(address.ip)) === 6 ? "IPv6" : "IPv4";
        const key = JSON.stringify([addressType, ports]);
        const group = groups.get(key) ?? { ports, addressType, endpoints: [] };
        groups.set(key, group);
        if (group.endpoints.length < addressesMax) group.endpoints.push(endpointOf(address, ready));
      }
  }
  return [...groups].map(([key, group]) => sliceOf(endpoints, key, group));
}

function endpointOf({ ip, hostname, targetRef, nodeName }: Readonly<Record<string, unknown>>, ready: boolean): object {
  return {
    addresses: [ip],
    conditions: { ready },
    ...(cellText(hostname) === "" ? {} : { hostname }),
    ...(targetRef === undefined ? {} : { targetRef }),
    ...(nodeName === undefined ? {} : { nodeName }),
  };
}

function sliceOf({ metadata }: ApiObject, key: string, content: object): ApiObject {
  const { name = "", namespace = "", uid = "" } = metadata;
  // The same ports and family have the same name each time, so that a second attempt makes no second slice.
  const suffix = createHash("sha256").update(key).digest("hex").slice(0, 5);
  const annotations = Object.entries(metadata.annotations ?? {}).filter(([annotation]) => !notCopied.has(annotation));
  const owner = { apiVersion: "v1", kind: "Endpoints", name, uid, controller: true, blockOwnerDeletion: true };
  const ours = { ...metadata.labels, [labels.manager]: managedBy, [labels.service]: name };
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: `${name}-${suffix}`,
      namespace,
      labels: Object.fromEntries(Object.entries(ours).sort(([a], [b]) => (a < b ? -1 : 1))),
      ...(annotations.length === 0
        ? {}
        : { annotations: Object.fromEntries(annotations.sort(([a], [b]) => (a < b ? -1 : 1))) }),
      ownerReferences: [owner],
    },
    ...content,
  };
}
