// Who is at the other end of a connection, as far as the connection tells.

import type { TLSSocket } from "node:tls";
import type { Peer } from "../exchange.ts";

/** At most so many certificates of a chain are looked at. */
const chainLengthMax = 10;

/** Made once per connection: certificates are read once. */
export function peerOf(socket: TLSSocket): Peer {
  return {
    remoteAddress: socket.remoteAddress ?? "",
    certificates: certificatesOf(socket),
    memo: new Map<symbol, unknown>(),
  };
}

function certificatesOf(socket: TLSSocket): Buffer[] {
  const chain: Buffer[] = [];
  let certificate = socket.getPeerX509Certificate();
  while (certificate !== undefined && chain.length < chainLengthMax) {
    chain.push(certificate.raw);
    certificate = certificate.issuerCertificate;
  }
  return chain;
}
