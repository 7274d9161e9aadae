// Mixed load for a long time: memory, descriptors and latency must stay as they are.

import type { Load } from "./load.ts";
import { memoryOf, openFilesOf } from "./measure.ts";
import { phases, type Size } from "./phases.ts";

interface Soak extends Size {
  readonly minutes: number;
}

/** One round of everything after another; prints a line per round. */
export async function soak(load: Load, pid: number, { minutes, ...size }: Soak): Promise<void> {
  const deadlineMs = performance.now() + minutes * 60_000;
  process.stdout.write("round     minutes   MiB  own MiB  files  get p50 ms  create p50 ms  errors\n");
  for (let round = 1; performance.now() < deadlineMs; round++) {
    let errors = 0;
    const medians: Record<string, number> = {};
    for (const [name, phase] of Object.entries(phases)) {
      const work = await phase(load, size);
      errors += work.errors;
      medians[name] = work.latenciesMs.toSorted((a, b) => a - b)[Math.floor(work.latenciesMs.length / 2)] ?? Number.NaN;
    }
    const left = (deadlineMs - performance.now()) / 60_000;
    const { residentMiB, ownMiB } = memoryOf(pid);
    const cells = [
      String(round).padEnd(8),
      (minutes - left).toFixed(1).padStart(8),
      residentMiB.toFixed(0).padStart(5),
      ownMiB.toFixed(0).padStart(8),
      String(openFilesOf(pid)).padStart(6),
      (medians.get ?? Number.NaN).toFixed(2).padStart(11),
      (medians.create ?? Number.NaN).toFixed(2).padStart(14),
      String(errors).padStart(7),
    ];
    process.stdout.write(`${cells.join(" ")}\n`);
  }
}
