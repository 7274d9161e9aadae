// What a command of `annex` is: words and flags in, exit code out.

import { describeFlags, type Flag, type Flags, parseFlags } from "../server/door.ts";

export interface Command {
  /** Resolves to the exit code. Throws a FlagError for what it cannot take. */
  run(args: readonly string[]): Promise<number>;
}

interface CommandDeclaration<Name extends string> {
  /** Such as `annex up [flags]`. */
  readonly usage: string;
  /** What it does, in a sentence or two. */
  readonly about: string;
  readonly flags: Readonly<Record<Name, Flag>>;
  /** How many words it takes that are no flags. Default none. */
  readonly wordsMax?: number;
  readonly run: (flags: Flags<Name>) => Promise<number>;
}

/** Declares a command. `--help` is answered here. */
export function defineCommand<Name extends string>({
  usage,
  about,
  flags: table,
  wordsMax = 0,
  run,
}: CommandDeclaration<Name>): Command {
  return {
    async run(args) {
      const flags = parseFlags(table, args, { wordsMax });
      if (!flags.wantsHelp) return run(flags);
      say(`${about}\n\nUsage: ${usage}\n\nFlags:\n${describeFlags(table).trimEnd()}`);
      return 0;
    },
  };
}

/** Prints a line. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Where everything is kept, for every command that looks there. */
export const dataDirectoryFlag = {
  type: "text",
  default: ".annex",
  help: "Where the control plane keeps everything.",
} as const satisfies Flag;
