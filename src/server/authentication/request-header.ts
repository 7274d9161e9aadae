// Users that a front proxy names in headers, believed only behind its verified certificate.
// https://kubernetes.io/docs/tasks/extend-kubernetes/configure-aggregation-layer/#original-request-username-and-group

import { type Clock, systemClock } from "../../base/clock.ts";
import type { Headers } from "../exchange.ts";
import { headerText, headerTexts } from "../header-text.ts";
import type { CertificatePool } from "./certificate-pool.ts";
import { subjectOf } from "./certificate-subject.ts";
import { extraOf } from "./extra-headers.ts";
import type { Authenticator } from "./user.ts";
import { rememberVerified } from "./verified-leaf.ts";

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
export function requestHeaderAuthenticator(
  config: () => RequestHeaderConfig | undefined,
  clock: Clock = systemClock,
): Authenticator {
  const commonNameBy = rememberVerified((leaf) => subjectOf(leaf).commonName, clock);
  return {
    authenticate({ peer, headers }) {
      const current = config();
      if (current === undefined || peer.certificates.length === 0) return undefined;
      const proxy = commonNameBy(peer, current.pool);
      // Others may still know the certificate; where nobody does, its bearer is not let in as anonymous.
      if (proxy === undefined || !isAllowed(proxy, current)) return "refused";
      const name = firstOf(headers, current.usernameHeaders);
      if (name === "") return undefined;
      return {
        name,
        uid: firstOf(headers, current.uidHeaders),
        // A header without a value names no group.
        groups: current.groupHeaders.flatMap((group) => headerTexts(headers, group)).filter((group) => group !== ""),
        extra: extraOf(headers, current.extraHeaderPrefixes),
      };
    },
  };
}

function isAllowed(proxy: string, { allowedNames }: RequestHeaderConfig): boolean {
  return allowedNames.length === 0 || allowedNames.includes(proxy);
}

function firstOf(headers: Headers, names: readonly string[]): string {
  for (const name of names) {
    const value = headerText(headers, name).trim();
    if (value !== "") return value;
  }
  return "";
}
