// Users by client certificate: the common name is the user, the organizations are the groups.
// https://kubernetes.io/docs/reference/access-authn-authz/authentication/#x509-client-certificates

import { createHash, type X509Certificate } from "node:crypto";
import { unauthorized } from "../filters/authenticate.ts";
import type { CertificatePool } from "./certificate-pool.ts";
import type { Authenticator, UserInfo } from "./user.ts";

/** `pool` is asked at each connection's first request, so that authorities can change while the server runs. */
export function clientCertificateAuthenticator(pool: () => CertificatePool | undefined): Authenticator {
  const users = Symbol("user by client certificate");
  return {
    authenticate({ peer }) {
      const current = pool();
      if (peer.certificates.length === 0 || current === undefined) return undefined;
      const known = peer.memo.get(users);
      if (isMemo(known) && known.pool === current) {
        if (known.user === undefined) throw unauthorized();
        return known.user;
      }
      const leaf = current.verify(peer.certificates);
      const user = leaf === undefined ? undefined : userOf(leaf);
      peer.memo.set(users, { pool: current, user } satisfies Memo);
      if (user === undefined) throw unauthorized();
      return user;
    },
  };
}

interface Memo {
  readonly pool: CertificatePool;
  readonly user: UserInfo | undefined;
}

function isMemo(value: unknown): value is Memo {
  return typeof value === "object" && value !== null && "pool" in value;
}

/** Undefined for a certificate without a common name. */
function userOf(leaf: X509Certificate): UserInfo | undefined {
  const { commonName, organizations } = subjectOf(leaf);
  if (commonName === "") return undefined;
  const fingerprint = createHash("sha256").update(leaf.raw).digest("hex");
  return {
    name: commonName,
    uid: "",
    groups: organizations,
    extra: { "authentication.kubernetes.io/credential-id": [`X509SHA256=${fingerprint}`] },
  };
}

/** The parts of a subject that name the user. Node writes one attribute a line, with escapes for what would break a line. */
export function subjectOf({ subject }: X509Certificate): {
  readonly commonName: string;
  readonly organizations: readonly string[];
} {
  let commonName = "";
  const organizations: string[] = [];
  for (const line of (subject ?? "").split(/\n|\s\+\s/)) {
    const equals = line.indexOf("=");
    const value = unescapeAttribute(line.slice(equals + 1));
    if (line.startsWith("CN=")) commonName = value;
    else if (line.startsWith("O=")) organizations.push(value);
  }
  return { commonName, organizations };
}

function unescapeAttribute(value: string): string {
  return value.replace(/\\([0-9A-Fa-f]{2}|.)/g, (_, escaped: string) =>
    escaped.length === 2 ? String.fromCharCode(Number.parseInt(escaped, 16)) : escaped,
  );
}
