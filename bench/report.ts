// Figures as rows.

import type { Measured } from "./measure.ts";

const columns = [
  "phase",
  "server",
  "operations/s",
  "p50 ms",
  "p99 ms",
  "CPU ms each",
  "ratio",
  "MiB",
  "own MiB",
  "errors",
] as const;
const widths = [14, 22, 13, 9, 9, 12, 7, 6, 8, 7] as const;

export const heading = line(columns);

interface Row {
  readonly name: string;
  readonly label: string;
  readonly measured: Measured;
  /** Whose CPU per operation is 1.00. */
  readonly comparedTo: Measured | undefined;
}

export function row({ name, label, measured, comparedTo }: Row): string {
  const { operations, elapsedMs, latenciesMs, memory, errors, fault } = measured;
  const sorted = [...latenciesMs].sort((a, b) => a - b);
  const each = cpuMsEach(measured);
  const cells = [
    name,
    label,
    ((operations * 1000) / elapsedMs).toFixed(operations / elapsedMs > 1 ? 0 : 1),
    quantile(sorted, 0.5).toFixed(2),
    quantile(sorted, 0.99).toFixed(2),
    each.toFixed(each < 1 ? 4 : 2),
    comparedTo === undefined ? "" : (each / cpuMsEach(comparedTo)).toFixed(2),
    memory.residentMiB.toFixed(0),
    memory.ownMiB.toFixed(0),
    String(errors),
  ];
  return line(cells) + (fault === undefined ? "" : `\n  ${fault}`);
}

/** Of several runs of a phase, the one whose cost is in the middle. */
export function middle(runs: readonly Measured[]): Measured | undefined {
  return runs.toSorted((a, b) => cpuMsEach(a) - cpuMsEach(b))[Math.floor(runs.length / 2)];
}

function cpuMsEach({ cpuMs, operations }: Measured): number {
  return cpuMs / operations;
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function line(cells: readonly string[]): string {
  return cells
    .map((cell, i) => (i < 2 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
    .join(" ")
    .trimEnd();
}
