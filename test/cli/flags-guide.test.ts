// docs/flags.md says what the programs take.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { flagsGuide } from "../support/flags-guide.ts";

test("docs/flags.md lists every flag as the programs know it", () => {
  const guide = readFileSync(join(import.meta.dirname, "../../docs/flags.md"), "utf8");
  assert.equal(guide, flagsGuide(), "write it anew, as test/support/flags-guide.ts says");
});
