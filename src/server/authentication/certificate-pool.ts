// Decides whether a client's certificate was signed by one of ours, and is for clients.

import { X509Certificate } from "node:crypto";
import type { Clock } from "../../base/clock.ts";

const clientAuth = "1.3.6.1.5.5.7.3.2";
const anyUsage = "2.5.29.37.0";

export class CertificatePool {
  readonly #roots: readonly X509Certificate[];
  readonly #clock: Clock;

  /** `bundle` holds one or more PEM certificates. Throws a TypeError where it holds none. */
  constructor(bundle: string, clock: Clock) {
    const blocks = bundle.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
    this.#roots = blocks.map((block) => new X509Certificate(block));
    if (this.#roots.length === 0)
      throw new TypeError("Cannot read a bundle of certificates as it must hold one: it holds none");
    this.#clock = clock;
  }

  /** The leaf of a chain that leads to one of the pool's certificates; undefined where it does not. */
  verify(chain: readonly Buffer[]): X509Certificate | undefined {
    const certificates = parse(chain);
    const [leaf] = certificates;
    if (leaf === undefined || !isForClients(leaf)) return undefined;
    let current = leaf;
    for (let step = 0; step <= certificates.length; step++) {
      if (!this.#isValidNow(current)) return undefined;
      if (this.#roots.some((root) => this.#isValidNow(root) && (isSame(root, current) || signed(root, current))))
        return leaf;
      const issuer = certificates.find(
        (candidate) => candidate !== current && candidate.ca && signed(candidate, current),
      );
      if (issuer === undefined) return undefined;
      current = issuer;
    }
    return undefined;
  }

  #isValidNow({ validFromDate, validToDate }: X509Certificate): boolean {
    const nowMs = this.#clock.nowMs();
    return validFromDate.getTime() <= nowMs && nowMs <= validToDate.getTime();
  }
}

/** Empty where the client has shown what is no certificate. */
function parse(chain: readonly Buffer[]): X509Certificate[] {
  try {
    return chain.map((der) => new X509Certificate(der));
  } catch {
    return [];
  }
}

function isSame(root: X509Certificate, certificate: X509Certificate): boolean {
  return root.raw.equals(certificate.raw);
}

function isForClients({ keyUsage }: X509Certificate): boolean {
  return keyUsage === undefined || keyUsage.includes(clientAuth) || keyUsage.includes(anyUsage);
}

function signed(issuer: X509Certificate, certificate: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}
