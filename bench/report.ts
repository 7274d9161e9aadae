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
  "errors",
] as const;
const widths = [14, 22, 13, 9, 9, 12, 7, 6, 7] as const;

export const heading = line(columns);

interface Row {
  readonly name: string;
  readonly label: string;
  readonly measured: Measured;
  /** Whose CPU per operation is 1.00. */
  readonly comparedTo: Measured | undefined;
}

export function row({ name, label, measured, comparedTo }: Row): string {
  const { operations, elapsedMs, latenciesMs, cpuMs, residentMiB, errors, fault } = measured;
  const sorted = [...latenciesMs].sort((a, b) => a - b);
  const each = cpuMs / operations;
  const cells = [
    name,
    label,
    ((operations * 1000) / elapsedMs).toFixed(operations / elapsedMs > 1 ? 0 : 1),
    quantile(sorted, 0.5).toFixed(2),
    quantile(sorted, 0.99).toFixed(2),
    each.toFixed(each < 1 ? 4 : 2),
    comparedTo === undefined ? "" : (each / (comparedTo.cpuMs / comparedTo.operations)).toFixed(2),
    residentMiB.toFixed(0),
    String(errors),
  ];
  return line(cells) + (fault === undefined ? "" : `\n  ${fault}`);
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
