// Field selectors: `metadata.name=a,spec.type!=b`. https://kubernetes.io/docs/concepts/overview/working-with-objects/field-selectors/

import { getOwn } from "../../base/own.ts";
import { StatusError } from "../status-error.ts";

export interface FieldRequirement {
  readonly field: string;
  readonly isEqual: boolean;
  readonly value: string;
}

export type FieldSelector = readonly FieldRequirement[];

/** Whether every requirement holds; a field that the object does not have counts as empty. */
export function matchesFields(selector: FieldSelector, fields: Readonly<Record<string, string>>): boolean {
  for (const { field, isEqual, value } of selector)
    if (((getOwn(fields, field) ?? "") === value) !== isEqual) return false;
  return true;
}

/** Parses a selector. Throws a 400 StatusError in Kubernetes' words. */
export function parseFieldSelector(text: string): FieldSelector {
  const requirements: FieldRequirement[] = [];
  for (const term of splitTerms(text)) {
    if (term === "") continue;
    const split = splitTerm(term);
    if (split === undefined) throw StatusError.badRequest(`invalid selector: '${text}'; can't understand '${term}'`);
    requirements.push({ ...split, value: unescapeValue(split.value) });
  }
  return requirements;
}

/** Splits at commas that no backslash protects. */
function splitTerms(text: string): string[] {
  return text.match(/(?:[^,\\]|\\[\s\S]?)+/g) ?? [];
}

function splitTerm(term: string): FieldRequirement | undefined {
  const match = /^((?:[^=!\\]|\\[\s\S]|!(?!=))*)(!=|==|=)([\s\S]*)$/.exec(term);
  if (match === null) return undefined;
  const [, field = "", operator, value = ""] = match;
  return { field, isEqual: operator !== "!=", value };
}

/** `\,`, `\=` and `\\` stand for themselves. */
function unescapeValue(value: string): string {
  if (/(?:^|[^\\])(?:\\\\)*\\(?:[^,=\\]|$)/.test(value) || /(?:^|[^\\])=/.test(value))
    throw StatusError.badRequest(`invalid field selector: cannot unescape ${JSON.stringify(value)}`);
  return value.replace(/\\([,=\\])/g, "$1");
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
