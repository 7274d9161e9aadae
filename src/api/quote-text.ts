// Text in quotes as Kubernetes' messages have it: whatever cannot be seen is escaped.
// https://pkg.go.dev/strconv#Quote

/** The text in double quotes, such as `"a\x00"`. */
export function quoteText(text: string): string {
  if (isPlain.test(text)) return `"${text}"`;
  let quoted = "";
  for (const character of text.toWellFormed()) quoted += isVisible.test(character) ? character : escapeOf(character);
  return `"${quoted}"`;
}

const isPlain = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;
const isVisible = /^(?!["\\])[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

const named: ReadonlyMap<string, string> = new Map([
  ['"', '\\"'],
  ["\\", "\\\\"],
  ["\x07", "\\a"],
  ["\b", "\\b"],
  ["\f", "\\f"],
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
  ["\v", "\\v"],
]);

function escapeOf(character: string): string {
  const name = named.get(character);
  if (name !== undefined) return name;
  const point = character.codePointAt(0) ?? 0;
  const digits = point.toString(16);
  if (point < 0x80) return `\\x${digits.padStart(2, "0")}`;
  return point < 0x10000 ? `\\u${digits.padStart(4, "0")}` : `\\U${digits.padStart(8, "0")}`;
}
