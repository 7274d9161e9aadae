// Columns that many of the control plane's kinds share, as kubectl prints them.

import type { ApiObject } from "../../api/door.ts";
import { humanDuration } from "../../base/human-duration.ts";
import { recordOf } from "../../base/record.ts";
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

/** The number of members of a map or list field, 0 where it is absent. */
export function sizeOf(value: unknown): number {
  if (Array.isArray(value)) return value.length;
  return typeof value === "object" && value !== null ? Object.keys(value).length : 0;
}

/** A field of an object that may be absent, as an object. */
export function part(object: ApiObject, field: string): Readonly<Record<string, unknown>> {
  return recordOf(object[field]);
}

/** A text for a cell; anything else becomes the empty text. */
export function cellText(value: unknown): string {
  return typeof value === "string" ? value : "";
}
