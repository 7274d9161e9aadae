// Times as Kubernetes keeps them: RFC 3339, in UTC, whole seconds or microseconds.

import { DecodeError } from "./decode-error.ts";

const pattern = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)([.,]\d+)?(Z|[+-]\d\d:\d\d)$/;
const daysInMonth = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** The same moment in canonical form. Throws a DecodeError where `text` is no time. */
export function normaliseTime(
  text: string,
  { path, hasMicroseconds }: { readonly path: string; readonly hasMicroseconds: boolean },
): string {
  const match = pattern.exec(text);
  const atMs = match === null ? Number.NaN : Date.parse(text.replace(",", "."));
  if (match === null || Number.isNaN(atMs) || !hasSuchDay(match))
    throw DecodeError.saying(
      path,
      `parsing time ${JSON.stringify(text)} as RFC 3339: field "${path}" must be like "2006-01-02T15:04:05Z"`,
    );
  const seconds = new Date(atMs).toISOString().slice(0, 19);
  if (!hasMicroseconds) return `${seconds}Z`;
  const fraction = (match[7] ?? "").slice(1).padEnd(6, "0").slice(0, 6);
  return `${seconds}.${fraction}Z`;
}

function hasSuchDay([, , month, day]: RegExpExecArray): boolean {
  return Number(day) <= (daysInMonth[Number(month) - 1] ?? 0);
}
