// Counts requests and how long they took, by the names of Kubernetes' own API servers.
// https://kubernetes.io/docs/reference/instrumentation/metrics/

import { getOwn } from "../../base/own.ts";
import { type ApiRequest, type ApiResponse, type Filter, header } from "../exchange.ts";
import { isLongRunning } from "../request-info.ts";
import type { ServedResource } from "../served-resource.ts";
import { Counter, formatLabels, gauge, Histogram, type Metric } from "./registry.ts";

/** The reference's bounds, in seconds. */
const durationBounds = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
];

/** A label for any verb that a client may think of would let clients fill our memory. */
const verbs: Readonly<Record<string, string>> = {
  get: "GET",
  list: "LIST",
  watch: "WATCH",
  create: "POST",
  update: "PUT",
  patch: "PATCH",
  delete: "DELETE",
  deletecollection: "DELETECOLLECTION",
};
const methods = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

export interface RequestMetrics {
  readonly filter: Filter;
  readonly metrics: readonly Metric[];
}

/** `knows` says whether a resource is served: those that are not are counted together. */
export function requestMetrics(knows: (group: string, version: string, resource: string) => boolean): RequestMetrics {
  const total = new Counter(
    "apiserver_request_total",
    "Counter of apiserver requests broken out for each verb, dry run value, group, version, resource, scope, component, and HTTP response code.",
  );
  const durations = new Histogram(
    "apiserver_request_duration_seconds",
    "Response latency distribution in seconds for each verb, dry run value, group, version, resource, subresource, scope and component.",
    durationBounds,
  );
  const longRunning = new Map<string, number>();
  const series = new Map<string, Series>();

  function seriesOf(request: ApiRequest): Series {
    const { info } = request;
    const isKnown = info.isResource && knows(info.group, info.version, info.resource);
    const what = isKnown ? `${info.group}/${info.version}/${info.resource}/${info.subresource}` : "";
    const key = `${verbOf(request)} ${what} ${isKnown ? scopeOf(request) : ""} ${isDryRun(request)}`;
    const known = series.get(key);
    if (known !== undefined) return known;
    const made = makeSeries(request, isKnown);
    // Subresources are named by clients, too: past any honest number of series, none is remembered.
    if (series.size < seriesMax) series.set(key, made);
    return made;
  }

  const filter: Filter = (next) => async (request) => {
    const startedMs = performance.now();
    const response = await next(request);
    const { labels, withCode, isLong } = seriesOf(request);
    total.add(withCode(response.status));
    if (!isLong) durations.observe(labels, (performance.now() - startedMs) / 1000);
    else if (isStream(response)) follow(longRunning, labels, request.signal);
    return response;
  };

  return {
    filter,
    metrics: [
      total,
      durations,
      {
        name: "apiserver_longrunning_requests",
        help: "Gauge of all active long-running apiserver requests broken out by verb, group, version, resource, scope and component. Not all requests are tracked this way.",
        type: "gauge",
        *lines() {
          for (const [labels, count] of longRunning) yield `apiserver_longrunning_requests${labels} ${count}`;
        },
      },
    ],
  };
}

/** 30 resources in 3 versions with 9 verbs in 3 scopes are 2,430. */
const seriesMax = 5_000;

interface Series {
  readonly labels: string;
  readonly withCode: (code: number) => string;
  readonly isLong: boolean;
}

function makeSeries(request: ApiRequest, isKnown: boolean): Series {
  const { group, version, resource, subresource } = request.info;
  const labels = {
    component: "",
    dry_run: isDryRun(request) ? "All" : "",
    group: isKnown ? group : "",
    resource: isKnown ? resource : "",
    scope: isKnown ? scopeOf(request) : "",
    subresource: isKnown ? subresource : "",
    verb: verbOf(request),
    version: isKnown ? version : "",
  };
  const codes = new Map<number, string>();
  return {
    labels: formatLabels(labels),
    isLong: isLongRunning(request.info),
    withCode(code) {
      const known = codes.get(code) ?? formatLabels({ code: String(code), ...labels });
      codes.set(code, known);
      return known;
    },
  };
}

function verbOf({ info, method, headers }: ApiRequest): string {
  if (!info.isResource) return methods.has(method) ? method : "other";
  if (info.verb === "patch" && header(headers, "content-type")?.startsWith("application/apply-patch") === true)
    return "APPLY";
  return getOwn(verbs, info.verb) ?? "other";
}

function scopeOf({ info: { name, namespace, verb } }: ApiRequest): string {
  if (name !== "" || verb === "create") return "resource";
  return namespace === "" ? "cluster" : "namespace";
}

function isDryRun({ rawQuery }: ApiRequest): boolean {
  return rawQuery.includes("dryRun=All");
}

function isStream({ body }: ApiResponse): boolean {
  return body !== undefined && !Buffer.isBuffer(body) && !Array.isArray(body);
}

/** Counts a request until its client has its answer or has gone. */
function follow(running: Map<string, number>, labels: string, signal: AbortSignal): void {
  const change = (by: number) => running.set(labels, (running.get(labels) ?? 0) + by);
  if (signal.aborted) return;
  change(1);
  signal.addEventListener("abort", () => change(-1), { once: true });
}

/** Whether a resource is served in that version. */
export function knows(served: readonly ServedResource[], group: string, version: string, resource: string): boolean {
  return served.some(
    ({ kind }) => kind.group === group && kind.plural === resource && Object.hasOwn(kind.versions, version),
  );
}

/** How many requests are under way, by kind. */
export function inFlightMetric(read: () => { readonly reading: number; readonly mutating: number }): Metric {
  return gauge(
    "apiserver_current_inflight_requests",
    "Maximal number of currently used inflight request limit of this apiserver per request kind in last second.",
    () => {
      const { reading, mutating } = read();
      return [
        [{ request_kind: "mutating" }, mutating],
        [{ request_kind: "readOnly" }, reading],
      ];
    },
  );
}
