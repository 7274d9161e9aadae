// How long storage takes, by the names of Kubernetes' own API servers, whichever engine it is.
// https://kubernetes.io/docs/reference/instrumentation/metrics/

import type { GroupResource } from "../../api/door.ts";
import type { RangeQuery, Storage, Write } from "../../storage/door.ts";
import { Counter, formatLabels, Histogram, type Metric } from "./registry.ts";

/** The reference's bounds, in seconds. */
const durationBounds = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
];

export interface StorageMetrics {
  readonly metrics: readonly Metric[];
  /** The same storage, of which each read and commit of a resource is counted. */
  measured(storage: Storage, of: GroupResource): Storage;
}

export function storageMetrics(): StorageMetrics {
  const durations = new Histogram(
    "etcd_request_duration_seconds",
    "Etcd request latency in seconds for each operation and object type.",
    durationBounds,
  );
  const requests = new Counter("etcd_requests_total", "Etcd request counts for each operation and object type.");
  const errors = new Counter(
    "etcd_request_errors_total",
    "Etcd failed request counts for each operation and object type.",
  );

  async function measure<T>(labels: string, call: Promise<T>): Promise<T> {
    const startedMs = performance.now();
    requests.add(labels);
    try {
      return await call;
    } catch (error) {
      errors.add(labels);
      throw error;
    } finally {
      durations.observe(labels, (performance.now() - startedMs) / 1000);
    }
  }

  return {
    metrics: [durations, requests, errors],
    measured(storage, { group, resource }) {
      const labels = Object.fromEntries(
        operations.map((operation) => [operation, formatLabels({ group, operation, resource })]),
      );
      const labelsOf = (operation: Operation) => labels[operation] ?? "";
      return {
        range: (query) => measure(labelsOf(operationOfRange(query)), storage.range(query)),
        commit: (writes, options) => measure(labelsOf(operationOfCommit(writes)), storage.commit(writes, options)),
        watch: (prefix, options) => storage.watch(prefix, options),
        currentRevision: (options) => storage.currentRevision(options),
        requestProgress: () => storage.requestProgress(),
        compact: (revision) => storage.compact(revision),
        check: (options) => storage.check(options),
        [Symbol.asyncDispose]: () => storage[Symbol.asyncDispose](),
      };
    },
  };
}

const operations = ["get", "list", "create", "update", "delete"] as const;
type Operation = (typeof operations)[number];

function operationOfRange({ start, end }: RangeQuery): Operation {
  return end.length === start.length + 1 && end.endsWith("\0") ? "get" : "list";
}

function operationOfCommit([first]: readonly Write[]): Operation {
  if (first?.value === undefined) return "delete";
  return first.expected === 0 ? "create" : "update";
}
