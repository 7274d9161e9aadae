import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { describeStorage } from "../contract.ts";
import { openEmbeddedStorage } from "./embedded-storage.ts";

describeStorage("embedded", (t) => openEmbeddedStorage({ directory: temporaryDirectory(t) }));

function temporaryDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "annex-storage-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
