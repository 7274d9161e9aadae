// The headers that a backend gets: what the client sent, less what it claims about itself, plus who it is in truth.
// https://kubernetes.io/docs/tasks/extend-kubernetes/configure-aggregation-layer/#kubernetes-apiserver-proxies-the-request

import type { ApiRequest, Headers, UserInfo } from "../server/door.ts";

type OutgoingHeaders = Record<string, string | readonly string[]>;

/** Headers of one connection. https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1 */
export const hopByHop: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  // Of the connection that it would have upgraded.
  "http2-settings",
]);

/** What only the aggregator says, or what is only for the aggregator. */
const withheld = new Set([
  "host",
  "authorization",
  "expect",
  "x-remote-user",
  "x-remote-uid",
  "x-remote-group",
  "impersonate-user",
  "impersonate-uid",
  "impersonate-group",
]);
const withheldPrefixes = ["x-remote-extra-", "impersonate-extra-"];

/** Empty, they say no more than left out. */
const notEmpty = ["accept-encoding", "user-agent"] as const;

/** The headers of an ordinary request; `uri` is the path that the backend is asked for. */
export function forwardedHeaders(request: ApiRequest, authority: string, uri: string): OutgoingHeaders {
  const { headers, method } = request;
  const named = namedByConnection(headers);
  const forwarded = passedOn(headers, named);
  for (const name of notEmpty) if (forwarded[name] === "") delete forwarded[name];
  // Only methods that should have a body say that they have none.
  if (headers["content-length"] === "0" && !/^(?:POST|PUT|PATCH)$/.test(method)) delete forwarded["content-length"];
  if (/(?:^|,)\s*trailers\s*(?:,|$)/i.test(textOf(headers.te))) forwarded.te = "trailers";
  addIdentity(forwarded, request.user);
  if (!named.has("audit-id")) forwarded["audit-id"] = request.auditId;
  forwarded["x-forwarded-for"] = forwardedFor(request, forwarded["x-forwarded-for"]);
  forwarded["x-forwarded-host"] = authority;
  forwarded["x-forwarded-proto"] = "https";
  forwarded["x-forwarded-uri"] = uri;
  return forwarded;
}

/** The headers of a request that leaves HTTP: its Connection and Upgrade headers are what it is about. */
export function upgradeHeaders(request: ApiRequest): OutgoingHeaders {
  const { headers } = request;
  const forwarded = passedOn(headers, new Set());
  for (const name of ["connection", "upgrade"] as const) {
    const value = headers[name];
    if (value !== undefined) forwarded[name] = value;
  }
  addIdentity(forwarded, request.user);
  forwarded["audit-id"] = request.auditId;
  forwarded["x-forwarded-for"] = forwardedFor(request, headers["x-forwarded-for"]);
  return forwarded;
}

/** The headers that say who a request is for; also for requests of the aggregator's own. */
export function addIdentity(headers: OutgoingHeaders, { name, uid, groups, extra }: UserInfo): void {
  headers["x-remote-user"] = bytes(name);
  if (uid !== "") headers["x-remote-uid"] = bytes(uid);
  if (groups.length > 0) headers["x-remote-group"] = groups.map(bytes);
  for (const [key, values] of Object.entries(extra))
    if (values.length > 0) headers[`x-remote-extra-${escapeKey(key)}`] = values.map(bytes);
}

/** Whether a backend's header is for us alone. */
export function isHopByHop(name: string, named: ReadonlySet<string>): boolean {
  return hopByHop.has(name) || named.has(name);
}

/** The headers that a Connection header declares to be of this connection. */
export function namedByConnection(headers: Headers): ReadonlySet<string> {
  const { connection } = headers;
  if (connection === undefined) return noNames;
  return new Set(
    textOf(connection)
      .split(",")
      .map((name) => name.trim().toLowerCase()),
  );
}

const noNames: ReadonlySet<string> = new Set();

function passedOn(headers: Headers, named: ReadonlySet<string>): OutgoingHeaders {
  const forwarded: OutgoingHeaders = Object.create(null);
  for (const name in headers) {
    const value = headers[name];
    if (value === undefined || isHopByHop(name, named) || isWithheld(name)) continue;
    forwarded[name] = value;
  }
  return forwarded;
}

function isWithheld(name: string): boolean {
  return withheld.has(name) || name.startsWith(":") || withheldPrefixes.some((prefix) => name.startsWith(prefix));
}

function forwardedFor({ peer }: ApiRequest, before: string | readonly string[] | undefined): string {
  // Node shows an IPv4 client of a dual-stack socket as ::ffff:192.0.2.1.
  const address = peer.remoteAddress.replace(/^::ffff:(?=\d+\.)/, "");
  return before === undefined ? address : `${textOf(before)}, ${address}`;
}

function textOf(value: string | readonly string[] | undefined): string {
  return value === undefined ? "" : typeof value === "string" ? value : value.join(", ");
}

/** Header values are bytes, which Node takes as Latin-1. */
function bytes(text: string): string {
  return /^[\0-\x7f]*$/.test(text) ? text : Buffer.from(text, "utf8").toString("latin1");
}

/** A key as part of a header's name: lower case, percent-escaped where a name must not hold the byte. */
function escapeKey(key: string): string {
  const lower = bytes(key.toLowerCase());
  return lower.replace(/[^!#$&'*+\-.^_`|~0-9a-z]/g, (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
