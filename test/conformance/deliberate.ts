// The scenarios that Annex answers otherwise on purpose, read from where they are explained.

import { readFileSync } from "node:fs";
import { join } from "node:path";

const document = readFileSync(join(import.meta.dirname, "../../docs/differences.md"), "utf8");

/** Files such as `flunders/http/example.json`: the first column of the table in docs/differences.md. */
export const deliberateDifferences: ReadonlySet<string> = new Set(
  [...document.matchAll(/^\| `([a-z]+\/[\w/-]+\.json)` +\|/gm)].map((match) => match[1] ?? ""),
);
