// Text out of bytes that should be UTF-8, as Go reads it: each byte that begins no character is one U+FFFD.

import { isUtf8 } from "node:buffer";

/** The text. The Encoding Standard, which Node follows, would tell a character that is cut short as one fault, Go as one for each byte. */
export function decodeUtf8(bytes: Buffer): string {
  const text = bytes.toString("utf8");
  if (!text.includes("\ufffd") || isUtf8(bytes)) return text;
  return decodeFaulty(bytes);
}

function decodeFaulty(bytes: Buffer): string {
  const parts: string[] = [];
  let start = 0;
  for (let at = 0; at < bytes.length; ) {
    const length = characterLength(bytes, at);
    if (length === 0) {
      parts.push(bytes.toString("utf8", start, at), "\ufffd");
      start = at + 1;
    }
    at += Math.max(length, 1);
  }
  parts.push(bytes.toString("utf8", start));
  return parts.join("");
}

/** How many bytes the character at this place has; 0 where none begins. */
function characterLength(bytes: Buffer, at: number): number {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return 1;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  return isUtf8(bytes.subarray(at, at + length)) && at + length <= bytes.length ? length : 0;
}
