// Durations as Go writes them: `300ms`, `1.5h`, `1m30s`. https://pkg.go.dev/time#ParseDuration

const unitsMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

/** Go counts nanoseconds in 63 bits: some 292 years. */
const longestMs = 2 ** 63 / 1e6;

/** Milliseconds; a text with what is wrong where it is no duration. */
export function parseGoDuration(text: string): number | string {
  const [, sign = "", rest = ""] = /^([-+]?)(.*)$/s.exec(text) ?? [];
  if (rest === "0") return 0;
  const invalid = `invalid duration ${quoteBytes(text)}`;
  if (rest === "") return invalid;
  let totalMs = 0;
  for (let at = 0; at < rest.length; ) {
    const match = /^(\d*\.?\d*)([^\d.]*)/.exec(rest.slice(at));
    const [whole = "", number = "", unit = ""] = match ?? [];
    if (number === "" || number === ".") return invalid;
    if (unit === "") return `missing unit in duration ${quoteBytes(text)}`;
    const unitMs = Object.hasOwn(unitsMs, unit) ? unitsMs[unit] : undefined;
    if (unitMs === undefined) return `unknown unit ${quoteBytes(unit)} in duration ${quoteBytes(text)}`;
    totalMs += Number(number) * unitMs;
    if (totalMs > longestMs) return invalid;
    at += whole.length;
  }
  return sign === "-" ? -totalMs : totalMs;
}

/** In quotes, as Go's package of times has them: what is no ASCII, or steers, is told byte by byte. */
function quoteBytes(text: string): string {
  const quoted = Array.from(Buffer.from(text), (byte) => {
    const character = String.fromCharCode(byte);
    if (character === '"' || character === "\\") return `\\${character}`;
    return byte < 0x20 || byte >= 0x80 ? `\\x${byte.toString(16).padStart(2, "0")}` : character;
  });
  return `"${quoted.join("")}"`;
}
