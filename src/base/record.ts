// Values of unknown shape, as JSON gives them, taken as objects with fields.

/** Whether it is an object with fields: no list, and no number that the JSON reader has boxed to keep how it was written. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Number);
}

/** Its fields, in a copy; none where it is no object. */
export function recordOf(value: unknown): Record<string, unknown> {
  return isRecord(value) ? { ...value } : {};
}

/** The objects in a list; none where it is no list. */
export function recordsOf(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}
