// Making directories, and looking for files.

import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Makes a directory and those above it, for their owner alone. Throws what the system says where it may not. Node's own recursive way
 * never comes back where the system denies that a directory can be made at all, as below /proc.
 */
export function ensureDirectory(path: string): void {
  if (existsSync(path)) return;
  const parent = dirname(path);
  if (parent !== path) ensureDirectory(parent);
  mkdirSync(path, { mode: 0o700 });
}

/** Whether something that can be read lies there, and is no directory. */
export function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
