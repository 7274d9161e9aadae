// The one line of what a program printed that says why it failed.

import { basename } from "node:path";

/** Empty where it printed nothing. */
export function failureLine(printed: string): string {
  const lines = printed
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !/^Node\.js v\d/.test(line));
  const at = lines.findLastIndex((line) => /^(Uncaught )?\w*Error( \[\w+\])?: /.test(line));
  const thrown = lines[at];
  if (thrown === undefined) return lines.at(-1) ?? "";
  // Node prints where a file could not be read before the error, and where it was thrown after it.
  const place = lines.slice(0, at).findLast((line) => /^(file:|\/).*:\d+$/.test(line)) ?? lines[at + 1];
  const where = /([^/\\\s(]+\.[cm]?[jt]s):(\d+)/.exec(place === undefined ? "" : place.replaceAll("\\", "/"));
  return where === null ? thrown : `${thrown} (${basename(where[1] ?? "")}:${where[2]})`;
}
