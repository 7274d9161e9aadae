// Files that nobody else may read.

import { chmodSync, renameSync, writeFileSync } from "node:fs";

/** Writes a file with mode 0600; a reader sees the old one or the new one, never a part. */
export function writePrivateFile(file: string, content: string): void {
  writeFileSync(`${file}.new`, content, { mode: 0o600 });
  chmodSync(`${file}.new`, 0o600);
  renameSync(`${file}.new`, file);
}
