// docs/testing.md shows a test of one's own API: it is run as it stands there.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryDirectory } from "../support/annex.ts";

const root = join(import.meta.dirname, "../..");

/** Code of the guide by the file that its first line names. */
function filesOf(guide: string): ReadonlyMap<string, string> {
  return new Map(
    [...guide.matchAll(/```ts\n\/\/ (\S+)\n([\s\S]*?)```/g)].map(([, name = "", code = ""]) => [name, code]),
  );
}

test("the node:test example of docs/testing.md passes", (t) => {
  const directory = temporaryDirectory(t);
  mkdirSync(join(directory, "node_modules"));
  symlinkSync(root, join(directory, "node_modules/annex"));
  writeFileSync(join(directory, "package.json"), '{ "type": "module" }');
  const files = filesOf(readFileSync(join(root, "docs/testing.md"), "utf8"));
  assert.deepEqual([...files.keys()], ["gadgets.ts", "gadgets.test.ts", "gadgets.vitest.ts"]);
  for (const [name, code] of files) writeFileSync(join(directory, name), code);
  // A test runner inside a test runner would take itself for the same one.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { status, stdout } = spawnSync(process.execPath, ["--conditions=annex-source", "--test", "gadgets.test.ts"], {
    cwd: directory,
    encoding: "utf8",
    env,
  });
  assert.equal(status, 0, stdout);
  assert.match(stdout, /^ℹ pass 2$|^# pass 2$/m);
});
