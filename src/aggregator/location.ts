// Links in a backend's answer that lead to itself by path alone get its address, since the client's path would lead elsewhere.

import { formatReference, parseReference } from "./url-reference.ts";

/**
 * `/path` and `//host/path` become `https://host:port/path` where they mean the backend; everything else stays, but for what must be escaped.
 * Bytes are Latin-1. Throws a BadLinkError.
 */
export function absoluteLink(link: string, authority: string): string {
  const reference = parseReference(link);
  const { host, path } = reference;
  const isElsewhere = host !== "" && host !== authority;
  if (isElsewhere || !path.startsWith("/")) return formatReference(reference);
  return formatReference({ ...reference, scheme: "https", host: authority });
}
