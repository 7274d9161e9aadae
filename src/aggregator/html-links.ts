// Pages of a backend with their links made absolute, as Kubernetes' proxies have it.

import { absoluteLink } from "./location.ts";

/** The attributes that hold links. https://html.spec.whatwg.org/multipage/indices.html#attributes-3 */
const linkAttributes: ReadonlyMap<string, readonly string[]> = new Map([
  ["a", ["href"]],
  ["applet", ["codebase"]],
  ["area", ["href"]],
  ["audio", ["src"]],
  ["base", ["href"]],
  ["blockquote", ["cite"]],
  ["body", ["background"]],
  ["button", ["formaction"]],
  ["command", ["icon"]],
  ["del", ["cite"]],
  ["embed", ["src"]],
  ["form", ["action"]],
  ["frame", ["longdesc", "src"]],
  ["head", ["profile"]],
  ["html", ["manifest"]],
  ["iframe", ["longdesc", "src"]],
  ["img", ["longdesc", "src", "usemap"]],
  ["input", ["src", "usemap", "formaction"]],
  ["ins", ["cite"]],
  ["link", ["href"]],
  ["object", ["classid", "codebase", "data", "usemap"]],
  ["q", ["cite"]],
  ["script", ["src"]],
  ["source", ["src"]],
  ["video", ["poster", "src"]],
]);

/** Elements whose content is text, whatever it looks like. */
const textElement = /^(?:iframe|noembed|noframes|noscript|plaintext|script|style|textarea|title|xmp)$/i;

/** A link that cannot be read stays as it is, and so does everything beside start tags, which are written anew with quotes around values. */
export function absoluteLinks(html: string, authority: string): string {
  const parts: string[] = [];
  let end = 0;
  for (const tag of startTags(html)) {
    parts.push(html.slice(end, tag.start), tagOf(tag, html.slice(tag.start, tag.end), authority));
    end = tag.end;
  }
  return parts.join("") + html.slice(end);
}

interface StartTag {
  readonly start: number;
  readonly end: number;
  readonly name: string;
  /** As they were written; of two by the same name the first. */
  readonly attributes: ReadonlyMap<string, string>;
}

/** Goes over each character once, also where a page is made to be read slowly. */
function* startTags(html: string): Iterable<StartTag> {
  let at = html.indexOf("<");
  while (at >= 0) {
    const tag = /[A-Za-z]/.test(html.charAt(at + 1)) ? readTag(html, at) : undefined;
    const end = tag?.end ?? endOfOther(html, at);
    // A tag or a comment that does not end is the rest of the page.
    if (end < 0) return;
    if (tag !== undefined) yield tag;
    at = html.indexOf("<", tag !== undefined && textElement.test(tag.name) ? endOfText(html, tag) : end);
  }
}

function endOfOther(html: string, start: number): number {
  if (html.startsWith("<!--", start)) return html.indexOf("-->", start + 4);
  return /[A-Za-z]/.test(html.charAt(start + 1)) ? -1 : start + 1;
}

function endOfText(html: string, { name, end }: StartTag): number {
  const close = new RegExp(`</${name}[\\s/>]`, "gi");
  close.lastIndex = end;
  return close.exec(html)?.index ?? html.length;
}

const nameText = /[^\s/>]+/y;
const betweenText = /[\s/]*/y;
const keyText = /[^\s/>][^\s/>=]*/y;
const equalsText = /\s*=\s*/y;
const bareText = /[^\s>]*/y;

/** Undefined where it does not end. */
function readTag(html: string, start: number): StartTag | undefined {
  let at = start + 1;
  const read = (pattern: RegExp) => {
    pattern.lastIndex = at;
    const found = pattern.exec(html)?.[0];
    at += found?.length ?? 0;
    return found;
  };
  const name = read(nameText) ?? "";
  const attributes = new Map<string, string>();
  for (read(betweenText); html[at] !== ">"; read(betweenText)) {
    const key = read(keyText)?.toLowerCase();
    if (key === undefined) return undefined;
    let value = "";
    if (read(equalsText) !== undefined) {
      const quote = html.charAt(at);
      const close = quote === '"' || quote === "'" ? html.indexOf(quote, at + 1) : undefined;
      if (close === -1) return undefined;
      value = close === undefined ? (read(bareText) ?? "") : html.slice(at + 1, close);
      if (close !== undefined) at = close + 1;
    }
    if (!attributes.has(key)) attributes.set(key, value);
  }
  return { start, end: at + 1, name, attributes };
}

function tagOf({ name, attributes }: StartTag, whole: string, authority: string): string {
  const links = linkAttributes.get(name.toLowerCase()) ?? [];
  const written = [name.toLowerCase()];
  for (const [key, raw] of attributes) {
    const value = decoded(raw);
    // It holds a character by a name that only browsers know.
    if (value === undefined) return whole;
    written.push(`${key}="${encoded(links.includes(key) ? linked(value, authority) : value)}"`);
  }
  return `<${written.join(" ")}${whole.endsWith("/>") ? "/" : ""}>`;
}

function linked(link: string, authority: string): string {
  try {
    const bytes = Buffer.from(link, "utf8").toString("latin1");
    return Buffer.from(absoluteLink(bytes, authority), "latin1").toString("utf8");
  } catch {
    return link;
  }
}

const characters: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function decoded(value: string): string | undefined {
  let isKnown = true;
  const text = value.replace(
    /&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([A-Za-z][A-Za-z0-9]*));/g,
    (whole, decimal, hex, name) => {
      if (name !== undefined) {
        const character = Object.hasOwn(characters, name) ? characters[name] : undefined;
        isKnown &&= character !== undefined;
        return character ?? whole;
      }
      const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
      isKnown &&= code > 0 && code <= 0x10ffff;
      return isKnown ? String.fromCodePoint(code) : whole;
    },
  );
  return isKnown ? text : undefined;
}

const references: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "'": "&#39;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&#34;",
  "\r": "&#13;",
};

function encoded(value: string): string {
  return value.replace(/[&'<>"\r]/g, (character) => references[character] ?? character);
}
