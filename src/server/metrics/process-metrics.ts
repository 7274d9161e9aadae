// What the process itself takes, by the names that every Prometheus client uses.

import { readdirSync } from "node:fs";
import { systemClock } from "../../base/clock.ts";
import { gauge, type Metric } from "./registry.ts";

export function processMetrics(): Metric[] {
  const read = (value: () => number) => () => [[{}, value()] as const];
  const startedAt = Math.floor(systemClock.nowMs() / 1000 - process.uptime());
  return [
    counterOf("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    }),
    gauge(
      "process_resident_memory_bytes",
      "Resident memory size in bytes.",
      read(() => process.memoryUsage.rss()),
    ),
    gauge(
      "process_start_time_seconds",
      "Start time of the process since unix epoch in seconds.",
      read(() => startedAt),
    ),
    gauge("process_open_fds", "Number of open file descriptors.", read(openFiles)),
    gauge(
      "nodejs_heap_size_used_bytes",
      "Process heap size used from Node.js in bytes.",
      read(() => process.memoryUsage().heapUsed),
    ),
  ];
}

function counterOf(name: string, help: string, value: () => number): Metric {
  return { name, help, type: "counter", lines: () => [`${name} ${value()}`] };
}

/** Nothing to count where the system has no /proc. */
function openFiles(): number {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    return 0;
  }
}
