// Users by client certificate: the common name is the user, the organizations are the groups.
// https://kubernetes.io/docs/reference/access-authn-authz/authentication/#x509-client-certificates

import { createHash, type X509Certificate } from "node:crypto";
import { type Clock, systemClock } from "../../base/clock.ts";
import type { CertificatePool } from "./certificate-pool.ts";
import { subjectOf } from "./certificate-subject.ts";
import type { Authenticator, UserInfo } from "./user.ts";
import { rememberVerified } from "./verified-leaf.ts";

/** `pool` is asked at each request, so that authorities can change while the server runs. */
export function clientCertificateAuthenticator(
  pool: () => CertificatePool | undefined,
  clock: Clock = systemClock,
): Authenticator {
  const userBy = rememberVerified(userOf, clock);
  return {
    authenticate({ peer }) {
      const current = pool();
      if (peer.certificates.length === 0 || current === undefined) return undefined;
      return userBy(peer, current) ?? "refused";
    },
  };
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
