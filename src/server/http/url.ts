// Paths and queries as Kubernetes reads them: Go's rules, which are laxer than the URL standard's.

/** A path that cannot be decoded. Answered with a bare 400 and the end of the connection. */
export class BadPathError extends Error {
  override readonly name = "BadPathError";
}

/** The decoded path; bytes that are no UTF-8 become U+FFFD. Throws a BadPathError. */
export function decodePath(path: string): string {
  if (!path.includes("%")) return path;
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

function percentDecode(text: string): string | undefined {
  if (!text.includes("%")) return text;
  if (/%(?![0-9a-fA-F]{2})/.test(text)) return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    // Not UTF-8: decoded byte by byte, as Go does.
    return Buffer.from(
      text.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
      "latin1",
    ).toString("utf8");
  }
}
