// Users by bearer token, from a file or from whoever else knows tokens.
// https://kubernetes.io/docs/reference/access-authn-authz/authentication/#static-token-file

import { timingSafeEqual } from "node:crypto";
import { getOwn, setOwn } from "../../base/own.ts";
import { header } from "../exchange.ts";
import { unauthorized } from "../filters/authenticate.ts";
import type { Authenticator, UserInfo } from "./user.ts";

/** Undefined for a token that nobody knows. */
export type TokenLookup = (token: string, signal: AbortSignal) => Promise<UserInfo | undefined> | UserInfo | undefined;

/** Reads `Authorization: Bearer …`. A token that nobody knows is a 401. */
export function bearerTokenAuthenticator(lookUp: TokenLookup): Authenticator {
  return {
    async authenticate(request) {
      const token =
        bearerToken(header(request.headers, "authorization")) ||
        (request.upgrade === undefined ? "" : webSocketToken(header(request.headers, "sec-websocket-protocol")));
      if (token === "") return undefined;
      const user = await lookUp(token, request.signal);
      if (user === undefined) throw unauthorized();
      return user;
    },
  };
}

/** Empty where there is none; any other scheme than Bearer counts as none. */
function bearerToken(authorization: string | undefined): string {
  const [scheme = "", token = ""] = (authorization ?? "").trim().split(" ");
  return scheme.toLowerCase() === "bearer" ? token : "";
}

/** How web pages send their token, who cannot set headers of a WebSocket: as one of its protocols, in base64url. */
export const tokenProtocolPrefix = "base64url.bearer.authorization.k8s.io.";

/** Throws 401 for several tokens, and for one without a protocol beside it that the server could choose. */
function webSocketToken(protocols: string | undefined): string {
  const names = (protocols ?? "").split(",").map((name) => name.trim());
  const [protocol, ...more] = names.filter((name) => name.startsWith(tokenProtocolPrefix));
  if (protocol === undefined) return "";
  if (more.length > 0 || names.length === 1) throw unauthorized();
  return Buffer.from(protocol.slice(tokenProtocolPrefix.length), "base64url").toString();
}

/**
 * Reads a file of lines `token,user,uid,"group1,group2"`. Beyond the reference a fifth field may hold more about the user, as
 * `"scopes=read,scopes=write"`. Throws a TypeError for a line that is none.
 */
export function staticTokens(text: string): TokenLookup {
  const known = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map(parseLine);
  return (token) => known.find((entry) => sameText(entry.token, token))?.user;
}

function parseLine(line: string): { readonly token: string; readonly user: UserInfo } {
  const [token = "", name = "", uid = "", groups = "", extra = ""] = fieldsOf(line);
  if (token === "" || name === "")
    throw new TypeError("Cannot read a token file as each line must have a token and a user");
  return { token, user: { name, uid, groups: listOf(groups), extra: extraOf(listOf(extra)) } };
}

/** A field in quotes may hold commas, and quotes that are written twice. */
function fieldsOf(line: string): string[] {
  return [...line.matchAll(/(?:^|,)\s*(?:"((?:[^"]|"")*)"\s*|([^,]*))/g)].map(([, quoted, plain = ""]) =>
    quoted === undefined ? plain.trim() : quoted.replaceAll('""', '"'),
  );
}

function listOf(field: string): string[] {
  return field
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

function extraOf(pairs: readonly string[]): Record<string, readonly string[]> {
  const extra: Record<string, readonly string[]> = {};
  for (const pair of pairs) {
    const equals = pair.indexOf("=");
    if (equals <= 0) throw new TypeError(`Cannot read a token file as more about a user must be KEY=VALUE: "${pair}"`);
    const key = pair.slice(0, equals);
    setOwn(extra, key, [...(getOwn(extra, key) ?? []), pair.slice(equals + 1)]);
  }
  return extra;
}

/** Takes as long for a token that is nearly right as for one that is not. */
function sameText(a: string, b: string): boolean {
  const [x, y] = [Buffer.from(a), Buffer.from(b)];
  return x.length === y.length && timingSafeEqual(x, y);
}
