// Users that a front proxy names in headers, believed only behind its verified certificate.
// https://kubernetes.io/docs/tasks/extend-kubernetes/configure-aggregation-layer/#original-request-username-and-group

import { type ApiRequest, type Headers, header } from "../exchange.ts";
import type { CertificatePool } from "./certificate-pool.ts";
import { subjectOf } from "./client-certificate.ts";
import type { Authenticator } from "./user.ts";

/** Header names are lower case. */
export interface RequestHeaderConfig {
  readonly pool: CertificatePool;
  /** Common names of proxies; empty for any that the pool signed. */
  readonly allowedNames: readonly string[];
  readonly usernameHeaders: readonly string[];
  readonly uidHeaders: readonly string[];
  readonly groupHeaders: readonly string[];
  readonly extraHeaderPrefixes: readonly string[];
}

/** `config` is asked at each request: it may come from a configmap that changes. */
export function requestHeaderAuthenticator(config: () => RequestHeaderConfig | undefined): Authenticator {
  const verdicts = Symbol("front proxy by certificate");
  return {
    authenticate(request) {
      const current = config();
      if (current === undefined || request.peer.certificates.length === 0) return undefined;
      if (!isProxy(request, current, verdicts)) return undefined;
      const name = firstOf(request.headers, current.usernameHeaders);
      if (name === "") return undefined;
      const groups = current.groupHeaders.flatMap((group) => valuesOf(request.headers, group));
      return {
        name,
        uid: firstOf(request.headers, current.uidHeaders),
        groups,
        extra: extraOf(request.headers, current.extraHeaderPrefixes),
      };
    },
  };
}

function isProxy({ peer }: ApiRequest, config: RequestHeaderConfig, verdicts: symbol): boolean {
  const known = peer.memo.get(verdicts);
  if (isVerdict(known) && known.config === config) return known.isProxy;
  const leaf = config.pool.verify(peer.certificates);
  const isTrusted =
    leaf !== undefined &&
    (config.allowedNames.length === 0 || config.allowedNames.includes(subjectOf(leaf).commonName));
  peer.memo.set(verdicts, { config, isProxy: isTrusted } satisfies Verdict);
  return isTrusted;
}

interface Verdict {
  readonly config: RequestHeaderConfig;
  readonly isProxy: boolean;
}

function isVerdict(value: unknown): value is Verdict {
  return typeof value === "object" && value !== null && "config" in value;
}

function firstOf(headers: Headers, names: readonly string[]): string {
  for (const name of names) {
    const value = header(headers, name);
    if (value !== undefined && value !== "") return value;
  }
  return "";
}

function valuesOf(headers: Headers, name: string): readonly string[] {
  const value = headers[name];
  if (value === undefined) return [];
  return typeof value === "string" ? [value] : value;
}

/** Keys are percent-escaped, so that any text can be one. */
function extraOf(headers: Headers, prefixes: readonly string[]): Record<string, readonly string[]> {
  const entries: [string, readonly string[]][] = [];
  for (const name of Object.keys(headers)) {
    const prefix = prefixes.find((candidate) => name.startsWith(candidate));
    if (prefix !== undefined) entries.push([unescapeKey(name.slice(prefix.length)), valuesOf(headers, name)]);
  }
  return Object.fromEntries(entries);
}

function unescapeKey(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}
