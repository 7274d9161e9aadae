// Which process runs the control plane of a data directory.

import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Written once the data directory is ours, which the storage's lock says. */
export function rememberProcess(dataDirectory: string): void {
  writeFileSync(fileIn(dataDirectory), `${process.pid}\n`);
}

export function forgetProcess(dataDirectory: string): void {
  rmSync(fileIn(dataDirectory), { force: true });
}

/** Undefined where none runs; a process that was killed has left its file behind. */
export function runningProcess(dataDirectory: string): number | undefined {
  return processIn(fileIn(dataDirectory));
}

/** The process whose id a file holds, where it lives. */
export function processIn(file: string): number | undefined {
  try {
    const pid = Number(readFileSync(file, "utf8"));
    return Number.isInteger(pid) && pid > 0 && lives(pid) ? pid : undefined;
  } catch {
    return undefined; // There is no file.
  }
}

export function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function fileIn(dataDirectory: string): string {
  return join(dataDirectory, "pid");
}
