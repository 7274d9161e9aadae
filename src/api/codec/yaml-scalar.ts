// What a plain word of YAML means to Kubernetes: version 1.1 as go-yaml reads it.
// https://yaml.org/type/

import { exactInteger } from "../int64.ts";

/** A plain word that is no text. `merge` is the key `<<`. */
export type PlainScalar =
  | { readonly is: "text" | "time" | "merge" }
  | { readonly is: "null" }
  | { readonly is: "boolean"; readonly value: boolean }
  | { readonly is: "number"; readonly value: number | bigint };

const words: ReadonlyMap<string, PlainScalar> = new Map([
  ...entries(["", "~", "null", "Null", "NULL"], { is: "null" }),
  ...entries(["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"], { is: "boolean", value: true }),
  ...entries(["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"], {
    is: "boolean",
    value: false,
  }),
  ...entries([".nan", ".NaN", ".NAN"], { is: "number", value: Number.NaN }),
  ...entries([".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"], { is: "number", value: Number.POSITIVE_INFINITY }),
  ...entries(["-.inf", "-.Inf", "-.INF"], { is: "number", value: Number.NEGATIVE_INFINITY }),
  ...entries(["<<"], { is: "merge" }),
]);

function entries(texts: readonly string[], scalar: PlainScalar): [string, PlainScalar][] {
  return texts.map((text) => [text, scalar]);
}

const text: PlainScalar = { is: "text" };

/** Reads a word that stands without quotes. */
export function readPlainScalar(word: string): PlainScalar {
  const known = words.get(word);
  if (known !== undefined) return known;
  if (!/^[-+.\d]/.test(word)) return text;
  if (isTime(word)) return { is: "time" };
  const value = numberOf(word.replaceAll("_", ""));
  return value === undefined ? text : { is: "number", value };
}

const integer = /^[-+]?(0[xX][\da-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9]\d*)$/;
const decimal = /^[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?$/;

function numberOf(word: string): number | bigint | undefined {
  if (integer.test(word)) {
    const magnitude = integerOf(word.replace(/^[-+]/, ""));
    const exact = word.startsWith("-") ? -magnitude : magnitude;
    if (BigInt.asIntN(64, exact) === exact) return exactInteger(exact);
    if (BigInt.asUintN(64, exact) === exact) return Number(exact);
  }
  return decimal.test(word) ? Number(word) : undefined;
}

/** A leading zero alone makes an octal number. */
function integerOf(digits: string): bigint {
  return BigInt(/^0\d/.test(digits) ? `0o${digits.slice(1)}` : digits);
}

const time = /^\d{4}-(\d{1,2})-(\d{1,2})(?:(?:[Tt]| )(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.\d+)?(?:Z|[-+]\d\d:\d\d)?)?$/;

/** Whether the word looks like a moment, which is kept as the text that it is, but written in quotes. */
function isTime(word: string): boolean {
  const match = time.exec(word);
  if (match === null) return false;
  const [month, day, hour = 0, minute = 0, second = 0] = match.slice(1).map((part) => Number(part ?? 0));
  return (
    month !== undefined &&
    day !== undefined &&
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= 31 &&
    hour < 24 &&
    minute < 60 &&
    second < 60
  );
}

/** Whether YAML 1.1 would read the word as a number to the base 60, such as `1:30`; go-yaml does not, but quotes it for those who do. */
export function isBase60(word: string): boolean {
  return /^[-+]?\d[\d_]*(?::[0-5]?\d)+(?:\.[\d_]*)?$/.test(word);
}
