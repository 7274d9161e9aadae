// One quick look over JSON text, for what JSON.parse does not tell.

/** What stands in a text that may or may not be JSON. */
export interface JsonSurvey {
  /** Keys of all objects, each occurrence once. Right for valid JSON only. */
  readonly keys: number;
  /** How deep objects and lists nest. */
  readonly depth: number;
  /** Whether some number says more in its text than a JavaScript number holds: `1e2`, `1.0` and integers of 16 digits or more. */
  readonly hasOddNumbers: boolean;
  /** Whether some text has the escape of a surrogate, which may be a lone one. */
  readonly hasSurrogates: boolean;
}

/** Every integer of fewer digits is a safe one. */
const safeDigitsMax = 15;

export function surveyJson(bytes: Buffer): JsonSurvey {
  const { length } = bytes;
  let keys = 0;
  let depth = 0;
  let deepest = 0;
  let hasOddNumbers = false;
  let hasSurrogates = false;
  for (let at = 0; at < length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === 0x22) {
      for (at++; at < length; at++) {
        const inside = bytes[at] ?? 0;
        if (inside === 0x22) break;
        if (inside === 0x5c && isSurrogate(bytes, ++at)) hasSurrogates = true;
      }
    } else if (byte === 0x3a) keys++;
    else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > deepest) deepest = depth;
    } else if (byte === 0x7d || byte === 0x5d) depth--;
    else if (byte >= 0x30 && byte <= 0x39) {
      const start = at;
      while (isOfNumber(bytes[at + 1] ?? 0)) at++;
      if (at - start >= safeDigitsMax || !isOnlyDigits(bytes, start, at)) hasOddNumbers = true;
    }
  }
  return { keys, depth: deepest, hasOddNumbers, hasSurrogates };
}

/** Whether the escape at `at`, behind its backslash, is one of \ud800 to \udfff. */
function isSurrogate(bytes: Buffer, at: number): boolean {
  if (bytes[at] !== 0x75) return false;
  const [first = 0, second = 0] = [bytes[at + 1], bytes[at + 2]];
  return (first === 0x64 || first === 0x44) && (second >= 0x41 || second === 0x38 || second === 0x39);
}

/** Digits, the point, e, E and signs. */
function isOfNumber(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || byte === 0x2e || byte === 0x65 || byte === 0x45 || isSign(byte);
}

function isSign(byte: number): boolean {
  return byte === 0x2b || byte === 0x2d;
}

function isOnlyDigits(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at <= end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte < 0x30 || byte > 0x39) return false;
  }
  return true;
}
