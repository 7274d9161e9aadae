// References such as those in Location headers, read and written as Go does: what clients get is to be the same text.
// https://www.rfc-editor.org/rfc/rfc3986#section-4.1

import { quoteText } from "../api/door.ts";

/** A reference that cannot be read. The message is Go's. */
export class BadLinkError extends Error {
  override readonly name = "BadLinkError";
}

/** Text is bytes as Latin-1. Undefined differs from empty where the sign before it was there. */
export interface UrlReference {
  readonly scheme: string;
  /** What follows a scheme without a slash, as in `mailto:a@b`; it then has no other parts but a query and a fragment. */
  readonly opaque: string;
  readonly userinfo: string | undefined;
  /** Decoded. */
  readonly host: string;
  /** As it was written. */
  readonly path: string;
  readonly query: string | undefined;
  readonly fragment: string;
  /** Whether there was a scheme and a path, and no `//`. */
  readonly omitsHost: boolean;
}

/** Throws a BadLinkError. */
export function parseReference(text: string): UrlReference {
  if (hasControlCharacter(text)) throw bad(text, "net/url: invalid control character in URL");
  const [beforeFragment, fragment = ""] = cut(text, "#");
  const { scheme, rest } = splitScheme(beforeFragment, text);
  const [hierarchy, query] = cut(rest, "?");
  const parts = { scheme, query, fragment, opaque: "", userinfo: undefined, host: "", path: "", omitsHost: false };
  if (!hierarchy.startsWith("/") && scheme !== "") return { ...parts, opaque: checked(fragment, text) && hierarchy };
  if (!hierarchy.startsWith("/") && cut(hierarchy, "/")[0].includes(":"))
    throw bad(text, "first path segment in URL cannot contain colon");
  const hasAuthority = hierarchy.startsWith("//") && (scheme !== "" || !hierarchy.startsWith("///"));
  const pathStart = hasAuthority ? (/[^/]*/.exec(hierarchy.slice(2))?.[0].length ?? 0) + 2 : 0;
  const path = hierarchy.slice(pathStart);
  const authority = hasAuthority ? parseAuthority(hierarchy.slice(2, pathStart), text) : {};
  for (const part of [path, fragment]) checked(part, text);
  return { ...parts, ...authority, path, omitsHost: !hasAuthority && scheme !== "" };
}

/** What need not be escaped stays as it was written; a path that holds anything else is escaped anew. */
export function formatReference(reference: UrlReference): string {
  const { scheme, opaque, query, fragment } = reference;
  const tail = `${query === undefined ? "" : `?${query}`}${fragment === "" ? "" : `#${escaped(fragment, plainFragment)}`}`;
  const start = scheme === "" ? "" : `${scheme}:`;
  if (opaque !== "") return `${start}${opaque}${tail}`;
  const { userinfo, host, omitsHost } = reference;
  const path = escaped(reference.path, plainPath);
  const isBare = host === "" && userinfo === undefined;
  if (isBare && (scheme === "" || omitsHost || path === "")) return `${start}${path}${tail}`;
  const user = userinfo === undefined ? "" : `${userinfo}@`;
  const shownHost = host.replace(/[^A-Za-z0-9\-_.~!$&'()*+,;=:[\]<>"]/g, percent);
  return `${start}//${user}${shownHost}${path !== "" && !path.startsWith("/") && host !== "" ? "/" : ""}${path}${tail}`;
}

function bad(text: string, why: string): BadLinkError {
  return new BadLinkError(`parse ${quoteText(Buffer.from(text, "latin1").toString("utf8"))}: ${why}`);
}

function cut(text: string, sign: string): [string, string | undefined] {
  const at = text.indexOf(sign);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function hasControlCharacter(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x20 || code === 0x7f) return true;
  }
  return false;
}

function splitScheme(reference: string, text: string): { readonly scheme: string; readonly rest: string } {
  if (reference.startsWith(":")) throw bad(text, "missing protocol scheme");
  const scheme = /^([A-Za-z][A-Za-z0-9+\-.]*):/.exec(reference)?.[1];
  return scheme === undefined
    ? { scheme: "", rest: reference }
    : { scheme: scheme.toLowerCase(), rest: reference.slice(scheme.length + 1) };
}

/** Throws where a percent sign begins no escape. */
function checked(part: string, text: string): true {
  const found = /%(?![0-9a-fA-F]{2}).{0,2}/s.exec(part);
  if (found !== null) throw bad(text, `invalid URL escape ${quoteText(found[0])}`);
  return true;
}

function parseAuthority(authority: string, text: string): Pick<UrlReference, "userinfo" | "host"> {
  const at = authority.lastIndexOf("@");
  const userinfo = at < 0 ? undefined : authority.slice(0, at);
  if (userinfo !== undefined && !/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(userinfo))
    throw bad(text, "net/url: invalid userinfo");
  if (userinfo !== undefined) checked(userinfo, text);
  const host = authority.slice(at + 1);
  if (host.startsWith("[") && !host.includes("]")) throw bad(text, "missing ']' in host");
  const port = /:[^\]:]*$/.exec(host)?.[0] ?? "";
  if (!/^(?::\d*)?$/.test(port)) throw bad(text, `invalid port ${quoteText(port)} after host`);
  checked(host, text);
  // Only bytes beyond ASCII, and the percent sign itself, may be escaped in a host.
  const ascii = /%(?!25)[0-7][0-9a-fA-F]/.exec(host);
  if (ascii !== null) throw bad(text, `invalid URL escape ${quoteText(ascii[0])}`);
  const odd = /[^A-Za-z0-9\-_.~!$&'()*+,;=:[\]<>"%\x80-\xff]/.exec(host);
  if (odd !== null) throw bad(text, `invalid character ${quoteText(odd[0])} in host name`);
  return { userinfo, host: unescaped(host) };
}

const plainPath = /^(?:[A-Za-z0-9\-_.~!$&'()*+,;=:@/[\]]|%[0-9a-fA-F]{2})*$/;
const plainFragment = /^(?:[A-Za-z0-9\-_.~!$&'()*+,;=:@/?[\]]|%[0-9a-fA-F]{2})*$/;

function escaped(text: string, plain: RegExp): string {
  const kept = plain === plainPath ? /[^A-Za-z0-9\-_.~$&+,/:;=@]/g : /[^A-Za-z0-9\-_.~$&+,/:;=@?!()*]/g;
  return plain.test(text) ? text : unescaped(text).replace(kept, percent);
}

function unescaped(text: string): string {
  return text.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

function percent(byte: string): string {
  return `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}
