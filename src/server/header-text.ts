// Text in headers. Node reads a header's bytes as Latin-1; clients of Kubernetes write UTF-8.

import { type Headers, header } from "./exchange.ts";

/** The first value of a header as text; "" where it is missing. */
export function headerText(headers: Headers, name: string): string {
  return decoded(header(headers, name) ?? "");
}

/** All values of a header as texts. */
export function headerTexts(headers: Headers, name: string): readonly string[] {
  const value = headers[name];
  if (value === undefined) return [];
  return typeof value === "string" ? [decoded(value)] : value.map(decoded);
}

function decoded(value: string): string {
  return /[\x80-\xff]/.test(value) ? Buffer.from(value, "latin1").toString("utf8") : value;
}
