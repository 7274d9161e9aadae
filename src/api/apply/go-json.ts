// JSON where its text is compared with what Go wrote, or shown to somebody.

/** JSON in one line; integers that only a bigint holds are written like others. */
export function jsonText(value: unknown): string {
  if (typeof value === "bigint") return value.toString();
  return (
    JSON.stringify(value, (_key, member: unknown) => (typeof member === "bigint" ? Number(member) : member)) ?? "null"
  );
}

/** As Go's encoder writes it, which could stand inside of HTML. */
export function goJson(value: unknown): string {
  const text = jsonText(value);
  return /[<>&\u2028\u2029]/.test(text) ? text.replaceAll(/[<>&\u2028\u2029]/g, escapeUnicode) : text;
}

function escapeUnicode(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
