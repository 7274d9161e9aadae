// Whether the other end of a connection has shown a certificate that one of ours has signed; worked out once per connection.

import type { X509Certificate } from "node:crypto";
import type { Clock } from "../../base/clock.ts";
import type { Peer } from "../exchange.ts";
import type { CertificatePool } from "./certificate-pool.ts";

/** What was made of a verified certificate, such as a user. */
interface Memo<T> {
  readonly pool: CertificatePool;
  readonly untilMs: number;
  readonly made: T | undefined;
}

/**
 * Makes something of a peer's verified certificate and remembers it, until the certificate ends or the pool is another one. Undefined
 * where the certificate does not verify, or nothing came of it.
 */
export function rememberVerified<T>(make: (leaf: X509Certificate) => T | undefined, clock: Clock) {
  const memos = new WeakMap<Peer, Memo<T>>();
  return (peer: Peer, pool: CertificatePool): T | undefined => {
    const known = memos.get(peer);
    if (known !== undefined && known.pool === pool && clock.nowMs() <= known.untilMs) return known.made;
    const leaf = pool.verify(peer.certificates);
    const made = leaf === undefined ? undefined : make(leaf);
    const untilMs = leaf === undefined ? Number.POSITIVE_INFINITY : leaf.validToDate.getTime();
    memos.set(peer, { pool, untilMs, made });
    return made;
  };
}
