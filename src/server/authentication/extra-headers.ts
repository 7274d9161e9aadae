// What headers say of a user beyond name and groups: `X-Remote-Extra-Scopes: view`, `Impersonate-Extra-Scopes: view`.

import { setOwn } from "../../base/own.ts";
import type { Headers } from "../exchange.ts";
import { headerTexts } from "../header-text.ts";

/** The values by what follows one of the prefixes, which are lower case. */
export function extraOf(headers: Headers, prefixes: readonly string[]): Record<string, readonly string[]> {
  const extra: Record<string, readonly string[]> = {};
  for (const name in headers) {
    const prefix = prefixes.find((candidate) => name.startsWith(candidate));
    if (prefix !== undefined) setOwn(extra, unescapeKey(name.slice(prefix.length)), headerTexts(headers, name));
  }
  return extra;
}

/** Keys are percent-escaped, so that any text can be one. */
function unescapeKey(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}
