// JSON in and out, within Kubernetes' limits.

/** Objects and lists nest at most this deep, as in the reference; JSON.parse itself would take more than our own walks can. */
const depthMax = 10_000;

/** A body that is no JSON. The message ends a 400's. */
export class JsonError extends Error {
  override readonly name = "JsonError";
}

/** Reads one JSON document. Bytes that are no UTF-8 become U+FFFD, as do lone surrogates. Throws a JsonError. */
export function parseJson(bytes: Buffer): unknown {
  if (isTooDeep(bytes)) throw new JsonError(`exceeded max depth of ${depthMax}`);
  if (bytes.length >= 3 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf)
    throw new JsonError("invalid character 'ï' looking for beginning of value");
  try {
    const text = bytes.toString("utf8");
    return JSON.parse(text, hasLoneSurrogate(text) ? replaceLoneSurrogates : undefined);
  } catch (error) {
    if (bytes.length === 0 || error instanceof SyntaxError) throw new JsonError(wordsOf(error));
    throw error;
  }
}

function wordsOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.startsWith("Unexpected end") ? "unexpected end of JSON input" : message;
}

/** Whether brackets open more than `depthMax` deep, strings left aside. */
function isTooDeep(bytes: Buffer): boolean {
  if (bytes.length <= depthMax) return false;
  let depth = 0;
  let isInString = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (isInString) {
      if (byte === 0x5c) at++;
      else if (byte === 0x22) isInString = false;
    } else if (byte === 0x22) isInString = true;
    else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > depthMax) return true;
    } else if (byte === 0x7d || byte === 0x5d) depth--;
  }
  return false;
}

/** Only an escape such as \ud800 can bring one in, since the text was made from bytes. */
function hasLoneSurrogate(text: string): boolean {
  return /\\u[dD][89a-fA-F]/.test(text);
}

function replaceLoneSurrogates(_key: string, value: unknown): unknown {
  return typeof value === "string" ? value.toWellFormed() : value;
}

/** JSON for a person, with two spaces, as `?pretty=true` asks. */
export function encodePrettyJson(value: unknown): string {
  return JSON.stringify(value, null, 2);
}
