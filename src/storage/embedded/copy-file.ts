// A copy of the embedded engine's file as it stands at one moment, taken beside the process that has it open: LMDB has readers in any
// number of processes, and a copy is one read transaction. It holds no lock of ours and writes nothing but its reader's entry.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { StorageError } from "../storage-error.ts";
import { embeddedFileName } from "./embedded-storage.ts";
import { checkHead, pageSizeBytes } from "./lmdb-head.ts";

/** Copies the storage in one directory into another, which must exist and have none. Throws CORRUPT where the file is not ours. */
export async function copyEmbeddedStorage(source: string, target: string): Promise<void> {
  const path = join(source, embeddedFileName);
  if (!existsSync(path)) throw new StorageError("CORRUPT", `Cannot copy ${path} as it must be there: it is missing`);
  checkHead(path);
  const { open } = await import("lmdb");
  const root = open({ path, noSubdir: true, pageSize: pageSizeBytes, readOnly: true });
  try {
    await root.backup(join(target, embeddedFileName), false);
  } finally {
    await root.close();
  }
}
