// Label selectors as queries hold them: `app=web,tier in (a, b),!old`.
// https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors

import { getOwn } from "../../base/own.ts";
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
  for (const requirement of selector) if (!holds(requirement, getOwn(labels, requirement.key))) return false;
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
      if (value === undefined || !/^[-+]?\d{1,19}$/.test(value)) return false;
      const number = BigInt(value.replace("+", ""));
      return requirement.operator === "gt" ? number > requirement.bound : number < requirement.bound;
    }
  }
}

/** Parses a selector. Throws a 400 StatusError in Kubernetes' words. */
export function parseLabelSelector(text: string): LabelSelector {
  try {
    return new Parser(text).parse();
  } catch (error) {
    if (error instanceof SelectorError) throw StatusError.badRequest(error.message);
    throw error;
  }
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
      return { operator: operator.text, key, values: this.#values(key) };
    switch (operator.text) {
      case "=":
      case "==":
        return { operator: "in", key, values: new Set([this.#value(key)]) };
      case "!=":
        return { operator: "notin", key, values: new Set([this.#value(key)]) };
      case ">":
      case "<":
        return { operator: operator.text === ">" ? "gt" : "lt", key, bound: this.#bound(key) };
      default:
        throw this.#malformed(operator, "in, notin, =, ==, !=, gt, lt");
    }
  }

  #value(key: string): string {
    const token = this.#peek();
    if (token.kind === "end" || token.text === ",") return "";
    if (token.kind !== "word") throw this.#malformed(token, "identifier");
    this.#next();
    return this.#checked(key, token.text);
  }

  #checked(key: string, value: string): string {
    const faults = labelValueFaults(value);
    if (faults.length > 0)
      throw new SelectorError(
        `unable to parse requirement: values[0][${key}]: Invalid value: ${JSON.stringify(value)}: ${faults.join("; ")}`,
      );
    return value;
  }

  #bound(key: string): bigint {
    const value = this.#value(key);
    if (!/^[-+]?\d{1,19}$/.test(value))
      throw new SelectorError(
        `unable to parse requirement: values[0]: Invalid value: ${JSON.stringify(value)}: for 'Gt', 'Lt' operators, the value must be an integer`,
      );
    return BigInt(value.replace("+", ""));
  }

  #values(key: string): ReadonlySet<string> {
    const open = this.#next();
    if (open.text !== "(") throw new SelectorError(`unable to parse requirement: found '${open.text}' expected: '('`);
    const values = new Set<string>();
    if (this.#peek().text === ")") {
      this.#next();
      values.add("");
      return values;
    }
    for (;;) {
      const token = this.#peek();
      if (token.kind === "word") values.add(this.#checked(key, this.#next().text));
      else if (token.text === "," || token.text === ")") values.add("");
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
