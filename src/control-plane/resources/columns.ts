// Columns that many of the control plane's kinds share, as kubectl prints them.

import type { ApiObject } from "../../api/door.ts";
import type { Column } from "../../server/door.ts";

export const nameColumn: Column = {
  name: "Name",
  type: "string",
  format: "name",
  description: "The name of the object, unique among objects of its kind in its namespace.",
  cell: (object) => object.metadata.name ?? "",
};

export const ageColumn: Column = {
  name: "Age",
  type: "string",
  description: "How long ago the object was created.",
  changesWithTime: true,
  cell: (object, now) => ageOf(object.metadata.creationTimestamp, now),
};

/** `<unknown>` where there is no time. */
export function ageOf(time: string | undefined, now: Date): string {
  if (time === undefined) return "<unknown>";
  return humanDuration(now.getTime() - Date.parse(time));
}

/** A duration as kubectl shows ages: `45s`, `2m5s`, `3h7m`, `4d2h`, `1y30d`. */
export function humanDuration(durationMs: number): string {
  const seconds = Math.floor(durationMs / 1000);
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return withRest(minutes, "m", seconds % 60, "s");
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return withRest(hours, "h", minutes % 60, "m");
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  if (days < 8) return withRest(days, "d", hours % 24, "h");
  if (days < 730) return `${days}d`;
  const years = Math.floor(days / 365);
  if (years < 8) return withRest(years, "y", days % 365, "d");
  return `${years}y`;
}

function withRest(whole: number, wholeUnit: string, rest: number, restUnit: string): string {
  return rest === 0 ? `${whole}${wholeUnit}` : `${whole}${wholeUnit}${rest}${restUnit}`;
}

/** The number of members of a map or list field, 0 where it is absent. */
export function sizeOf(value: unknown): number {
  if (Array.isArray(value)) return value.length;
  return typeof value === "object" && value !== null ? Object.keys(value).length : 0;
}

/** A field of an object that may be absent, as an object. */
export function part(object: ApiObject, field: string): Readonly<Record<string, unknown>> {
  const value = object[field];
  return typeof value === "object" && value !== null ? { ...value } : {};
}

/** A text for a cell; anything else becomes the empty text. */
export function cellText(value: unknown): string {
  return typeof value === "string" ? value : "";
}
