// docs/flags.md as it must be, out of the tables that the programs read their command lines with. To write it anew:
// node --conditions=annex-source test/support/flags-guide.ts > docs/flags.md

import { upFlags } from "../../src/cli/up-flags.ts";
import type { Flag, FlagTable } from "../../src/server/door.ts";
import { serverFlags } from "../../src/server/flags.ts";

const preface = `# Flags

Made from the tables in \`src/server/flags.ts\` and \`src/cli/up-flags.ts\`. Names and meanings are Kubernetes' own wherever it has them, so that a command line
for its servers starts these, too. A duration is written as \`1m30s\`; a list is given with commas, or by giving its flag again.`;

/** The whole document. */
export function flagsGuide(): string {
  return [
    preface,
    "## An extension server",
    "What every program takes that calls `runServer()`, such as the wardle sample.",
    ...tablesOf(serverFlags),
    "## annex up",
    ...tablesOf(upFlags),
    "",
  ]
    .join("\n\n")
    .replace(/\n+$/, "\n");
}

function tablesOf(table: FlagTable): string[] {
  const flags = Object.entries(table);
  const accepted = flags.filter(([, { meaning }]) => meaning === "harmless").map(([name]) => `\`--${name}\``);
  const refused = flags.filter(([, { meaning }]) => meaning === "unsupported").map(([name]) => `\`--${name}\``);
  const rows = flags.filter(([, { meaning }]) => meaning === undefined).map(row);
  return [
    ["| flag | takes | default | what it is for |", "| --- | --- | --- | --- |", ...rows].join("\n"),
    `Accepted, since nothing depends on them here: ${accepted.join(", ")}.`,
    `Refused, since ignoring them would be a surprise: ${refused.join(", ")}.`,
  ];
}

function row([name, { type, default: value, help }]: [string, Flag]): string {
  const code = value === undefined ? "" : `\`${value}\``;
  return `| \`--${name}\` | ${type} | ${code} | ${help.replaceAll("|", "\\|")} |`;
}

if (import.meta.main) process.stdout.write(flagsGuide());
