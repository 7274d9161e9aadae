// Times as Kubernetes keeps them: RFC 3339, in UTC, whole seconds or microseconds.

import { DecodeError } from "./decode-error.ts";

/** As Go's parser has it: the hour may be one digit, the fraction may stand behind a comma. */
const pattern = /^(\d{4})-(\d\d)-(\d\d)T(\d{1,2}):(\d\d):(\d\d)(?:[.,](\d+))?(?:Z|([+-])(\d\d):(\d\d))$/;

/** The form in which nearly all times come, and already canonical. */
const canonical = /^[1-9]\d{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/;

/** Go's zero time, which stands for no time at all. */
const zeroTime = "0001-01-01T00:00:00";

interface TimeOptions {
  readonly path: string;
  readonly hasMicroseconds: boolean;
}

/** The same moment in canonical form; undefined for Go's zero time. Throws a DecodeError where `text` is no time. */
export function normaliseTime(text: string, { path, hasMicroseconds }: TimeOptions): string | undefined {
  if (!hasMicroseconds && canonical.test(text)) return text;
  const match = pattern.exec(text);
  if (match === null) throw noTime(text, path, 'it must be like "2006-01-02T15:04:05Z"');
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  if (month < 1 || month > 12) throw noTime(text, path, "month out of range");
  if (day < 1 || day > daysOf(year, month)) throw noTime(text, path, "day out of range");
  if (hour > 23) throw noTime(text, path, "hour out of range");
  if (minute > 59) throw noTime(text, path, "minute out of range");
  if (second > 59) throw noTime(text, path, "second out of range");
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute - offsetMinutes(match), second);
  const seconds = date.toISOString().slice(0, -".000Z".length);
  if (seconds.length !== zeroTime.length) throw noTime(text, path, "year outside of range [0,9999]");
  const fraction = (match[7] ?? "").padEnd(6, "0").slice(0, 6);
  if (seconds === zeroTime && /^0*$/.test(fraction)) return undefined;
  return hasMicroseconds ? `${seconds}.${fraction}Z` : `${seconds}Z`;
}

function offsetMinutes([, , , , , , , , sign, hours = "0", minutes = "0"]: RegExpExecArray): number {
  const offset = Number(hours) * 60 + Number(minutes);
  return sign === "-" ? -offset : offset;
}

function daysOf(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

function noTime(text: string, path: string, why: string): DecodeError {
  return DecodeError.saying(path, `parsing time ${JSON.stringify(text)} of field "${path}": ${why}`);
}
