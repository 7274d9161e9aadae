// Command lines in Go's manner, read by a table of flags: `--name value`, `--name=value`, and `--name` alone for booleans.

import { parseGoDuration } from "./go-duration.ts";

/** What a flag takes. A list may be given several times, or once with commas. */
type FlagType = "text" | "boolean" | "integer" | "duration" | "list";

export interface Flag {
  readonly type: FlagType;
  readonly help: string;
  readonly default?: string;
  /** "harmless": accepted, since nothing depends on it here. "unsupported": refused, since ignoring it would be a surprise. */
  readonly meaning?: "harmless" | "unsupported";
}

export type FlagTable = Readonly<Record<string, Flag>>;

/** A command line that cannot be run. The message is one line for a person. */
export class FlagError extends Error {
  override readonly name = "FlagError";
}

/** The values of all flags. */
export interface Flags<Name extends string> {
  /** Undefined where it was not given and has no default. */
  text(name: Name): string | undefined;
  list(name: Name): readonly string[];
  integer(name: Name): number;
  /** Of a duration in Go's form, such as 1m30s. */
  durationMs(name: Name): number;
  isSet(name: Name): boolean;
  /** Whether the command line names it. */
  isGiven(name: Name): boolean;
  /** The words that are no flags. */
  readonly words: readonly string[];
  readonly wantsHelp: boolean;
}

export interface ParseOptions<Name extends string> {
  /** What counts as the default in place of the table's. */
  readonly defaults?: Readonly<Partial<Record<Name, string>>>;
  /** How many words the command takes that are no flags. Default none. */
  readonly wordsMax?: number;
}

/** Reads a command line. Throws a FlagError. */
export function parseFlags<Name extends string>(
  table: Readonly<Record<Name, Flag>>,
  args: readonly string[],
  { defaults, wordsMax = 0 }: ParseOptions<Name> = {},
): Flags<Name> {
  const isName = (name: string): name is Name => Object.hasOwn(table, name);
  const given = new Map<Name, string[]>();
  const words: string[] = [];
  let wantsHelp = false;
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? "";
    if (arg === "--help" || arg === "-h") {
      wantsHelp = true;
      continue;
    }
    const match = /^--?([a-z0-9][a-z0-9-]*)(?:=([\s\S]*))?$/.exec(arg);
    if (match === null) {
      if (arg.startsWith("-") || words.length === wordsMax) throw new FlagError(`unexpected argument: ${arg}`);
      words.push(arg);
      continue;
    }
    const name = match[1] ?? "";
    if (!isName(name)) throw new FlagError(`unknown flag: --${name}`);
    const flag: Flag = table[name];
    if (flag.meaning === "unsupported") throw new FlagError(`--${name} is not supported`);
    let value = match[2];
    if (value === undefined) {
      if (flag.type === "boolean") value = "true";
      else {
        value = args[++at];
        if (value === undefined) throw new FlagError(`flag needs an argument: --${name}`);
      }
    }
    check(name, flag, value);
    given.set(name, [...(given.get(name) ?? []), value]);
  }
  const raw = (name: Name): string | undefined => given.get(name)?.at(-1) ?? defaults?.[name] ?? table[name].default;
  return {
    text: raw,
    list: (name) => {
      const values = given.get(name) ?? [raw(name) ?? ""];
      return values.flatMap((value) => value.split(",")).filter((value) => value !== "");
    },
    integer: (name) => Number(raw(name) ?? 0),
    durationMs: (name) => {
      const duration = parseGoDuration(raw(name) ?? "0");
      return typeof duration === "string" ? 0 : duration;
    },
    isSet: (name) => raw(name) === "true",
    isGiven: (name) => given.has(name),
    words,
    wantsHelp,
  };
}

function check(name: string, { type }: Flag, value: string): void {
  if (type === "boolean" && value !== "true" && value !== "false")
    throw new FlagError(`invalid argument ${JSON.stringify(value)} for --${name}: it must be true or false`);
  if (type === "integer" && !/^-?\d+$/.test(value))
    throw new FlagError(`invalid argument ${JSON.stringify(value)} for --${name}: it must be a whole number`);
  const duration = type === "duration" ? parseGoDuration(value) : 0;
  if (typeof duration === "string" || duration < 0)
    throw new FlagError(`invalid argument ${JSON.stringify(value)} for --${name}: it must be a duration such as 1m30s`);
}

/** What --help prints: the flags that do something. */
export function describeFlags(table: FlagTable): string {
  const told = Object.entries(table).filter(([, { meaning }]) => meaning === undefined);
  const width = Math.max(...told.map(([name]) => name.length));
  const lines = told.map(
    ([name, flag]) =>
      `  --${name.padEnd(width)}  ${flag.help}${flag.default === undefined ? "" : ` Default ${flag.default}.`}`,
  );
  return `${lines.join("\n")}\n`;
}
