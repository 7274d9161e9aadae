import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ensureDirectory } from "./directories.ts";

test("ensureDirectory() makes what is missing, for its owner alone, and is content with what is there", (t) => {
  const root = mkdtempSync(join(tmpdir(), "annex-directories-"));
  t.after(() => rmSync(root, { recursive: true }));
  const path = join(root, "a", "b");
  ensureDirectory(path);
  ensureDirectory(path);
  assert.equal(statSync(path).mode & 0o777, 0o700);
});

test("ensureDirectory() throws where no directory can be made", () => {
  assert.throws(() => ensureDirectory("/dev/null/a/b"), { code: "ENOTDIR" });
});
