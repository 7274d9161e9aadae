// What a phase cost the server's process, as the kernel counts it.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** What a phase has to tell of itself. */
export interface Work {
  readonly operations: number;
  readonly latenciesMs: readonly number[];
  readonly errors: number;
  readonly sizeBytes: number;
  /** The last thing that went wrong. */
  readonly fault: string | undefined;
}

export interface Measured extends Work {
  readonly elapsedMs: number;
  /** User and system time of the process, all threads. */
  readonly cpuMs: number;
  readonly memory: Memory;
}

export async function measure(pid: number, phase: () => Promise<Work>): Promise<Measured> {
  const cpuBeforeMs = cpuMsOf(pid);
  const startedMs = performance.now();
  const work = await phase();
  return {
    ...work,
    elapsedMs: performance.now() - startedMs,
    cpuMs: cpuMsOf(pid) - cpuBeforeMs,
    memory: memoryOf(pid),
  };
}

const ticksPerSecond = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));

function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const [user = "0", system = "0"] = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .slice(11, 13);
  return ((Number(user) + Number(system)) * 1000) / ticksPerSecond;
}

export interface Memory {
  readonly residentMiB: number;
  /** Without the pages of mapped files, such as those of the embedded store, which the kernel takes back as it likes. */
  readonly ownMiB: number;
}

export function memoryOf(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const mib = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? "0") / 1024;
  const residentMiB = mib("VmRSS");
  return { residentMiB, ownMiB: residentMiB - mib("RssFile") };
}

/** Open file descriptors. */
export function openFilesOf(pid: number): number {
  return Number(execFileSync("sh", ["-c", `ls /proc/${pid}/fd | wc -l`], { encoding: "utf8" }));
}
