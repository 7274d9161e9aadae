// Path and query as the backend gets them: decoded and encoded anew, as Kubernetes' proxy does, so that nothing ambiguous goes through.

/** Bytes that a path keeps as they are; all others are escaped. */
const plainPath = /^[A-Za-z0-9\-_.~$&+,/:;=@]*$/;
const plainQueryByte = /[A-Za-z0-9\-_.~]/;
const plainPathByte = /[A-Za-z0-9\-_.~$&+,/:;=@]/;

/** `%2F` becomes a slash; `//` and `..` stay. `rawPath` has been decoded without fault before. */
export function forwardedPath(rawPath: string): string {
  return plainPath.test(rawPath) ? rawPath : escapeBytes(unescapeBytes(rawPath) ?? rawPath, plainPathByte);
}

/** Sorted by key, values of a key in their order; parts with a semicolon or a bad escape are dropped. With the question mark, or empty. */
export function forwardedQuery(rawQuery: string): string {
  if (rawQuery === "") return "";
  const pairs: { readonly key: string; readonly value: string }[] = [];
  for (const part of rawQuery.split("&")) {
    if (part === "" || part.includes(";")) continue;
    const equals = part.indexOf("=");
    const key = unescapeBytes((equals < 0 ? part : part.slice(0, equals)).replaceAll("+", " "));
    const value = equals < 0 ? "" : unescapeBytes(part.slice(equals + 1).replaceAll("+", " "));
    if (key !== undefined && value !== undefined) pairs.push({ key, value });
  }
  if (pairs.length === 0) return "";
  // A stable sort keeps the values of a key in their order.
  pairs.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return `?${pairs.map(({ key, value }) => `${escapeQuery(key)}=${escapeQuery(value)}`).join("&")}`;
}

/** The path in X-Forwarded-Uri, which Kubernetes cleans: no `//`, `.` or `..`. */
export function cleanPath(path: string): string {
  if (!/\/\/|\/\.{1,2}(?:\/|$)/.test(path)) return path;
  const kept: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "..") kept.pop();
    else if (segment !== "" && segment !== ".") kept.push(segment);
  }
  const cleaned = `/${kept.join("/")}`;
  return path.endsWith("/") && cleaned !== "/" ? `${cleaned}/` : cleaned;
}

/** Bytes as Latin-1 text, or undefined for a bad escape. */
function unescapeBytes(text: string): string | undefined {
  const bytes = /[^\0-\xff]/.test(text) ? Buffer.from(text, "utf8").toString("latin1") : text;
  if (!bytes.includes("%")) return bytes;
  if (/%(?![0-9a-fA-F]{2})/.test(bytes)) return undefined;
  return bytes.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

function escapeQuery(bytes: string): string {
  return escapeBytes(bytes, plainQueryByte).replaceAll("%20", "+");
}

function escapeBytes(bytes: string, plain: RegExp): string {
  return bytes.replace(/[\s\S]/g, (byte) =>
    plain.test(byte) ? byte : `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
}
