// How the caches of a server are, by the names of Kubernetes' own API servers where those have one.
// https://kubernetes.io/docs/reference/instrumentation/metrics/

import { formatGroupResource } from "../../api/door.ts";
import { ringEventsMax, ringSizeBytesMax } from "../cache/event-ring.ts";
import { rootsMax } from "../cache/kept-roots.ts";
import type { ResourceCache } from "../cache/resource-cache.ts";
import type { ServedResource } from "../served-resource.ts";
import { counted, gauge, type Metric } from "./registry.ts";

/** What each cache holds, what it may hold at most, and what has happened to it. */
export function cacheMetrics(served: readonly ServedResource[]): Metric[] {
  const read = (value: (cache: ResourceCache) => number) => () =>
    served.map(({ groupResource: { group, resource }, cache }) => [{ group, resource }, value(cache)] as const);
  const counts = (name: keyof ResourceCache["counts"]) => read(({ counts }) => counts[name]);
  return [
    gauge("apiserver_storage_objects", "Number of stored objects at the time of last check split by kind.", () =>
      served.map(({ groupResource, cache }) => [
        { resource: formatGroupResource(groupResource) },
        cache.snapshot.tree.size,
      ]),
    ),
    gauge(
      "apiserver_resource_objects",
      "Number of stored objects at the time of last check split by kind.",
      read((cache) => cache.snapshot.tree.size),
    ),
    gauge(
      "apiserver_resource_size_estimate_bytes",
      "Estimated size of stored objects in database.",
      read((cache) => cache.sizeBytes),
    ),
    gauge(
      "apiserver_watch_cache_resource_version",
      "Current resource version of watch cache broken by resource type.",
      read((cache) => cache.revision),
    ),
    gauge(
      "apiserver_watch_cache_capacity",
      "Total capacity of watch cache broken by resource type.",
      read(() => ringEventsMax),
    ),
    gauge(
      "annex_watch_cache_events",
      "Events that are kept for watchers.",
      read(({ ring }) => ring.length),
    ),
    gauge(
      "annex_watch_cache_events_bytes",
      "Size of the objects of these events, before and after.",
      read(({ ring }) => ring.sizeBytes),
    ),
    gauge(
      "annex_watch_cache_events_bytes_max",
      "What that may be at most.",
      read(() => ringSizeBytesMax),
    ),
    gauge(
      "annex_watch_cache_kept_lists",
      "Older moments that are kept for the next pages of lists.",
      read(({ keptRoots }) => keptRoots.length),
    ),
    gauge(
      "annex_watch_cache_kept_lists_max",
      "How many of these may be kept.",
      read(() => rootsMax),
    ),
    counted(
      "apiserver_watch_cache_events_received_total",
      "Counter of events received in watch cache broken by resource type.",
      counts("eventsReceived"),
    ),
    counted(
      "apiserver_watch_cache_events_dispatched_total",
      "Counter of events dispatched in watch cache broken by resource type.",
      counts("eventsReceived"),
    ),
    counted(
      "apiserver_watch_cache_initializations_total",
      "Counter of watch cache initializations broken by resource type.",
      counts("initializations"),
    ),
    counted(
      "apiserver_watch_cache_initialization_errors_total",
      "Counter of watch cache initialization errors broken by resource type.",
      counts("initializationErrors"),
    ),
    counted(
      "apiserver_terminated_watchers_total",
      "Counter of watchers closed due to unresponsiveness broken by resource type.",
      counts("terminatedWatchers"),
    ),
    counted("apiserver_watch_cache_consistent_read_total", "Counter for consistent reads from cache.", () =>
      served.flatMap(({ groupResource: { group, resource }, cache: { counts } }) => [
        [{ fallback: "false", group, resource, success: "true" }, counts.freshReads] as const,
        [{ fallback: "true", group, resource, success: "true" }, counts.freshReadsFromStorage] as const,
        [{ fallback: "false", group, resource, success: "false" }, counts.freshReadsFailed] as const,
      ]),
    ),
  ];
}
