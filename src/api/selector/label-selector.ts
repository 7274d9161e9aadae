// Label selectors as queries hold them: `app=web,tier in (a, b),!old`.
// https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors

import { StatusError } from "../status-error.ts";
import { labelKeyFaults, labelValueFaults } from "../validation/names.ts";

/** One requirement. All of a selector's must hold. */
export type LabelRequirement =
  | { readonly operator: "in" | "notin"; readonly key: string; readonly values: ReadonlySet<string> }
  | { readonly operator: "exists" | "!"; readonly key: string }
  | { readonly operator: "gt" | "lt"; readonly key: string; readonly bound: bigint };

export type LabelSelector = readonly LabelRequirement[];

/** Whether every requirement holds. */
export function matchesLabels(selector: LabelSelector, labels: Readonly<Record<string, string>>): boolean {
  for (const requirement of selector) {
    // Nothing that a plain object inherits is a string, so that keys such as `constructor` need no other look.
    const value: unknown = labels[requirement.key];
    if (!holds(requirement, typeof value === "string" ? value : undefined)) return false;
  }
  return true;
}

function holds(requirement: LabelRequirement, value: string | undefined): boolean {
  switch (requirement.operator) {
    case "in":
      return value !== undefined && requirement.values.has(value);
    case "notin":
      return value === undefined || !requirement.values.has(value); // `tier!=web` selects an object without a tier, too.
    case "exists":
      return value !== undefined;
    case "!":
      return value === undefined;
    case "gt":
    case "lt": {
      const number = value === undefined ? undefined : parseInt64(value);
      if (number === undefined) return false;
      return requirement.operator === "gt" ? number > requirement.bound : number < requirement.bound;
    }
  }
}

/** Clients ask with the same few selectors again and again: 1,000 of up to 512 characters are under a megabyte. */
const remembered = new Map<string, LabelSelector>();
const rememberedMax = 1_000;
const rememberedCharactersMax = 512;

/** Parses a selector. Throws a 400 StatusError in Kubernetes' words. */
export function parseLabelSelector(text: string): LabelSelector {
  const known = remembered.get(text);
  if (known !== undefined) return known;
  const selector = parse(text);
  if (remembered.size >= rememberedMax) remembered.clear();
  if (text.length <= rememberedCharactersMax) remembered.set(text, selector);
  return selector;
}

function parse(text: string): LabelSelector {
  try {
    return new Parser(text).parse();
  } catch (error) {
    if (error instanceof SelectorError) throw StatusError.badRequest(error.message);
    throw error;
  }
}

/** Undefined for what is no integer of 64 bits. */
function parseInt64(text: string): bigint | undefined {
  if (!/^[-+]?\d{1,40}$/.test(text)) return undefined;
  const number = BigInt(text.replace("+", ""));
  return number === BigInt.asIntN(64, number) ? number : undefined;
}

class SelectorError extends Error {}

type Token = { readonly kind: "word" | "symbol" | "end"; readonly text: string };

const symbols = ["==", "!=", "=", "!", "(", ")", ",", ">", "<"];

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < text.length; ) {
    if (/[ \t\r\n]/.test(text[at] ?? "")) {
      at++;
      continue;
    }
    const symbol = symbols.find((candidate) => text.startsWith(candidate, at));
    if (symbol !== undefined) {
      tokens.push({ kind: "symbol", text: symbol });
      at += symbol.length;
      continue;
    }
    const start = at;
    while (at < text.length && !/[ \t\r\n=!(),><]/.test(text[at] ?? "")) at++;
    tokens.push({ kind: "word", text: text.slice(start, at) });
  }
  tokens.push({ kind: "end", text: "" });
  return tokens;
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(text: string) {
    this.#tokens = tokenize(text);
  }

  parse(): LabelSelector {
    const requirements: LabelRequirement[] = [];
    if (this.#peek().kind === "end") return requirements;
    for (;;) {
      const token = this.#peek();
      if (token.kind !== "word" && token.text !== "!")
        throw this.#unexpected(token, "!, identifier, or 'end of string'");
      requirements.push(this.#requirement());
      const next = this.#next();
      if (next.kind === "end") return requirements;
      if (next.text !== ",") throw this.#unexpected(next, "',' or 'end of string'");
      const after = this.#peek();
      if (after.kind !== "word" && after.text !== "!") throw this.#unexpected(after, "identifier after ','");
    }
  }

  #requirement(): LabelRequirement {
    const isNegated = this.#peek().text === "!" && this.#peek().kind === "symbol";
    if (isNegated) this.#next();
    const keyToken = this.#next();
    if (keyToken.kind !== "word") throw this.#malformed(keyToken, "identifier");
    const key = keyToken.text;
    const faults = labelKeyFaults(key);
    if (faults.length > 0)
      throw new SelectorError(
        `unable to parse requirement: <nil>: Invalid value: ${JSON.stringify(key)}: ${faults.join("; ")}`,
      );
    if (isNegated) return { operator: "!", key };
    const next = this.#peek();
    if (next.kind === "end" || next.text === ",") return { operator: "exists", key };
    return this.#comparison(key);
  }

  #comparison(key: string): LabelRequirement {
    const operator = this.#next();
    if (operator.kind === "word" && (operator.text === "in" || operator.text === "notin"))
      return { operator: operator.text, key, values: checked(key, this.#values()) };
    switch (operator.text) {
      case "=":
      case "==":
        return { operator: "in", key, values: checked(key, [this.#value()]) };
      case "!=":
        return { operator: "notin", key, values: checked(key, [this.#value()]) };
      case ">":
      case "<":
        return { operator: operator.text === ">" ? "gt" : "lt", key, bound: boundOf(key, this.#value()) };
      default:
        throw this.#malformed(operator, "in, notin, =, ==, !=, gt, lt");
    }
  }

  #value(): string {
    const token = this.#peek();
    if (token.kind === "end" || token.text === ",") return "";
    if (token.kind !== "word") throw this.#malformed(token, "identifier");
    this.#next();
    return token.text;
  }

  #values(): readonly string[] {
    const open = this.#next();
    if (open.text !== "(") throw new SelectorError(`unable to parse requirement: found '${open.text}' expected: '('`);
    const first = this.#peek();
    if (first.text === ")") {
      this.#next();
      return [""];
    }
    if (first.kind !== "word" && first.text !== ",") throw this.#malformed(first, "',', ')' or identifier");
    const values: string[] = [];
    for (;;) {
      const token = this.#peek();
      if (token.kind === "word") values.push(this.#next().text);
      else if (token.text === "," || token.text === ")") values.push("");
      else throw this.#malformed(token, "',', or identifier");
      const next = this.#next();
      if (next.text === ")") return values;
      if (next.text !== ",") throw this.#malformed(next, "',' or ')'");
    }
  }

  #peek(): Token {
    return this.#tokens[this.#at] ?? { kind: "end", text: "" };
  }

  #next(): Token {
    const token = this.#peek();
    this.#at++;
    return token;
  }

  /** Between requirements. */
  #unexpected(token: Token, expected: string): SelectorError {
    return new SelectorError(`found '${token.text}', expected: ${expected}`);
  }

  /** Inside a requirement. */
  #malformed(token: Token, expected: string): SelectorError {
    return new SelectorError(`unable to parse requirement: found '${token.text}', expected: ${expected}`);
  }
}

/** The values, each once and in order, as errors number them. */
function checked(key: string, values: readonly string[]): ReadonlySet<string> {
  const sorted = [...new Set(values)].sort();
  const faults = sorted.flatMap((value, index) => valueFaults(key, value, index));
  if (faults.length > 0) throw faulty(faults);
  return new Set(sorted);
}

function valueFaults(key: string, value: string, index: number): string[] {
  const faults = labelValueFaults(value);
  if (faults.length === 0) return [];
  return [`values[${index}][${key}]: Invalid value: ${JSON.stringify(value)}: ${faults.join("; ")}`];
}

function boundOf(key: string, value: string): bigint {
  const bound = parseInt64(value);
  const faults = valueFaults(key, value, 0);
  if (bound === undefined)
    faults.unshift(
      `values[0]: Invalid value: ${JSON.stringify(value)}: for 'Gt', 'Lt' operators, the value must be an integer`,
    );
  if (bound === undefined || faults.length > 0) throw faulty(faults);
  return bound;
}

function faulty(faults: readonly string[]): SelectorError {
  const text = faults.length === 1 ? faults[0] : `[${faults.join(", ")}]`;
  return new SelectorError(`unable to parse requirement: ${text}`);
}
