// The commands of `annex`, and which one a command line means. Each is loaded when it is asked for.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Command, say } from "./command.ts";
import { explain } from "./explain.ts";

interface Entry {
  readonly about: string;
  readonly load: () => Promise<Command>;
}

const commands: Readonly<Record<string, Entry>> = {
  up: {
    about: "Start a control plane with the aggregation layer, and extension servers behind it",
    load: async () => (await import("./up.ts")).up,
  },
  down: {
    about: "Stop the control plane that runs in the background",
    load: async () => (await import("./down.ts")).down,
  },
  status: {
    about: "Show what runs: servers and APIServices",
    load: async () => (await import("./status.ts")).status,
  },
  kubeconfig: {
    about: "Print a kubeconfig, for the administrator or for whomever you name",
    load: async () => (await import("./kubeconfig.ts")).kubeconfig,
  },
  snapshot: {
    about: "Save everything that is stored as one file, or restore it",
    load: async () => (await import("./snapshot.ts")).snapshot,
  },
};

/** Runs one command line. Resolves to the exit code. */
export async function annex(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === "help" || name === "--help" || name === "-h") return help();
  if (name === "version" || name === "--version") return version();
  try {
    const entry = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (entry === undefined)
      return fail(`unknown ${name.startsWith("-") ? "flag" : "command"}: ${name}; annex --help lists what there is`);
    return await (await entry.load()).run(rest);
  } catch (error) {
    return fail(explain(error));
  }
}

function fail(line: string): number {
  process.stderr.write(`annex: ${line}\n`);
  return 1;
}

function version(): number {
  const manifest: { readonly version: string } = JSON.parse(
    readFileSync(join(import.meta.dirname, "../../package.json"), "utf8"),
  );
  say(`annex ${manifest.version}`);
  return 0;
}

function help(): number {
  const width = Math.max(...Object.keys(commands).map((name) => name.length));
  say("Kubernetes API aggregation without a cluster.\n");
  say("Usage: annex COMMAND [flags]\n\nCommands:");
  for (const [name, { about }] of Object.entries(commands)) say(`  ${name.padEnd(width)}  ${about}`);
  say("\nannex COMMAND --help tells of the flags of a command, annex --version which Annex this is.");
  return 0;
}
