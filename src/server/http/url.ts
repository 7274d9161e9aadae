// Paths and queries as Kubernetes reads them: Go's rules, which are laxer than the URL standard's.

/** A path that cannot be decoded. Answered with a bare 400 and the end of the connection. */
export class BadPathError extends Error {
  override readonly name = "BadPathError";
}

/** The path and the query of a request's target, which may be a whole URL. https://www.rfc-editor.org/rfc/rfc9112#section-3.2 */
export function splitTarget(target: string): { readonly path: string; readonly query: string } {
  const rest = target.startsWith("/") ? target : target.replace(/^https?:\/\/[^/?]*/i, "");
  const mark = rest.indexOf("?");
  if (mark < 0) return { path: rest, query: "" };
  return { path: rest.slice(0, mark), query: rest.slice(mark + 1) };
}

/** The decoded path; bytes that are no UTF-8 become U+FFFD. Throws a BadPathError. */
export function decodePath(path: string): string {
  const decoded = percentDecode(path);
  if (decoded === undefined)
    throw new BadPathError(`Cannot decode a path as its percent escapes must be two hexadecimal digits: "${path}"`);
  return decoded;
}

/** The pairs of a query; those with a bad escape or a semicolon are dropped. */
export function parseQuery(query: string): URLSearchParams {
  const parameters = new URLSearchParams();
  if (query === "") return parameters;
  for (const pair of query.split("&")) {
    if (pair === "" || pair.includes(";")) continue;
    const equals = pair.indexOf("=");
    const name = percentDecode((equals < 0 ? pair : pair.slice(0, equals)).replaceAll("+", " "));
    const value = equals < 0 ? "" : percentDecode(pair.slice(equals + 1).replaceAll("+", " "));
    if (name !== undefined && value !== undefined) parameters.append(name, value);
  }
  return parameters;
}

const notPlain = /[%\x80-\uffff]/;

/** Undefined where a percent sign is not followed by two hexadecimal digits. */
function percentDecode(text: string): string | undefined {
  if (!notPlain.test(text)) return text;
  if (/%(?![0-9a-fA-F]{2})/.test(text)) return undefined;
  // Byte by byte, as Go does: what came unescaped is UTF-8, too, and what is not UTF-8 must not fail.
  const bytes = text.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString("utf8");
}
