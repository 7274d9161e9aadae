// Making directories.

import { existsSync, mkdirSync } from "node:fs";
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
