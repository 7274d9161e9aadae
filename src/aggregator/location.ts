// Links in a backend's answer that lead to itself by path alone get its address, since the client's path would lead elsewhere.

/** A link that cannot be read. The message is Go's. */
export class BadLinkError extends Error {
  override readonly name = "BadLinkError";
}

/** `/path` and `//host/path` become `https://host:port/path` where they mean the backend; everything else stays. Throws a BadLinkError. */
export function absoluteLink(link: string, authority: string): string {
  if (hasControlCharacter(link))
    throw new BadLinkError(`parse ${JSON.stringify(link)}: net/url: invalid control character in URL`);
  const rest = withoutScheme(link);
  const badEscape = /%(?![0-9a-fA-F]{2}).{0,2}/.exec(rest.split(/[?#]/, 1)[0] ?? "");
  if (badEscape !== null)
    throw new BadLinkError(`parse ${JSON.stringify(link)}: invalid URL escape ${JSON.stringify(badEscape[0])}`);
  const match = /^(?:\/\/([^/?#]*))?([^?#]*)(.*)$/s.exec(rest);
  const [, host = "", path = "", tail = ""] = match ?? [];
  if (host !== "" && host !== authority) return link;
  if (!path.startsWith("/")) return link;
  return `https://${authority}${path}${tail}`;
}

function hasControlCharacter(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x20 || code === 0x7f) return true;
  }
  return false;
}

function withoutScheme(link: string): string {
  const colon = link.search(/[^A-Za-z0-9+\-.]/);
  if (link[colon] !== ":") return link;
  if (colon === 0) throw new BadLinkError(`parse ${JSON.stringify(link)}: missing protocol scheme`);
  if (!/^[A-Za-z]/.test(link)) {
    const why = "first path segment in URL cannot contain colon";
    throw new BadLinkError(`parse ${JSON.stringify(link)}: ${why}`);
  }
  return link.slice(colon + 1);
}

/** The attributes of HTML that hold links. https://html.spec.whatwg.org/multipage/indices.html#attributes-3 */
const linkAttribute =
  /(<[A-Za-z][^<>]*?\s(?:href|src|action|background|cite|classid|codebase|data|longdesc|profile|usemap)\s*=\s*)("[^"]*"|'[^']*')/gi;

/** A page with its links made absolute. A link that cannot be read stays as it is. */
export function absoluteLinks(html: string, authority: string): string {
  return html.replace(linkAttribute, (whole, head: string, quoted: string) => {
    const quote = quoted.slice(0, 1);
    try {
      return `${head}${quote}${absoluteLink(quoted.slice(1, -1), authority)}${quote}`;
    } catch {
      return whole;
    }
  });
}
