// Field selectors: `metadata.name=a,spec.type!=b`. https://kubernetes.io/docs/concepts/overview/working-with-objects/field-selectors/

import { StatusError } from "../status-error.ts";

export interface FieldRequirement {
  readonly field: string;
  readonly isEqual: boolean;
  readonly value: string;
}

export type FieldSelector = readonly FieldRequirement[];

/** Whether every requirement holds; a field that the object does not have counts as empty. */
export function matchesFields(selector: FieldSelector, fields: Readonly<Record<string, string>>): boolean {
  for (const { field, isEqual, value } of selector) if ((stringOf(fields[field]) === value) !== isEqual) return false;
  return true;
}

/** Nothing that a plain object inherits is a string. */
function stringOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** Parses a selector. Throws a 400 StatusError in Kubernetes' words. */
export function parseFieldSelector(text: string): FieldSelector {
  if (text === "") return [];
  const requirements: FieldRequirement[] = [];
  // Sorted, as the reference reads them: of several faults the same one is told.
  for (const term of splitTerms(text).sort()) {
    if (term === "") continue;
    const split = splitTerm(term);
    if (split === undefined) throw StatusError.badRequest(`invalid selector: '${text}'; can't understand '${term}'`);
    const value = unescapeValue(split.value);
    // An operator alone asks for nothing.
    if (split.field !== "" || value !== "") requirements.push({ ...split, value });
  }
  return requirements;
}

/** Splits at commas that no backslash protects. */
function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === ",") {
      terms.push(text.slice(start, at));
      start = at + 1;
    }
  }
  terms.push(text.slice(start));
  return terms;
}

/** At the first operator, since nothing protects one in a field's name. */
function splitTerm(term: string): FieldRequirement | undefined {
  const match = /!=|==|=/.exec(term);
  if (match === null) return undefined;
  const [operator] = match;
  return {
    field: term.slice(0, match.index),
    isEqual: operator !== "!=",
    value: term.slice(match.index + operator.length),
  };
}

/** `\,`, `\=` and `\\` stand for what the backslash protects. */
function unescapeValue(value: string): string {
  if (!/[\\,=]/.test(value)) return value;
  let text = "";
  for (let at = 0; at < value.length; at++) {
    const character = value[at] ?? "";
    if (character === "," || character === "=")
      throw StatusError.badRequest(`invalid field selector: unescaped character in value: ${character.codePointAt(0)}`);
    if (character !== "\\") {
      text += character;
      continue;
    }
    const escaped = String.fromCodePoint(value.codePointAt(++at) ?? 0);
    if (at >= value.length || !["\\", ",", "="].includes(escaped))
      throw StatusError.badRequest(
        `invalid field selector: invalid escape sequence: \\${at >= value.length ? "" : escaped}`,
      );
    text += escaped;
  }
  return text;
}

/** The value that a field must have for the selector to match; undefined where the selector leaves it open. */
export function requiredValue(selector: FieldSelector, field: string): string | undefined {
  return selector.find((requirement) => requirement.field === field && requirement.isEqual)?.value;
}

/** Throws a 400 StatusError where the selector names a field that the resource does not offer. */
export function requireKnownFields(selector: FieldSelector, extraFields: readonly string[]): void {
  for (const { field } of selector) {
    if (field === "metadata.name" || field === "metadata.namespace" || extraFields.includes(field)) continue;
    if (extraFields.length > 0) throw StatusError.badRequest(`field label not supported: ${field}`);
    throw StatusError.badRequest(
      `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`,
    );
  }
}
