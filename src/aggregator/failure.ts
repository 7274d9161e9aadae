// Why a hop failed, in the words that Kubernetes' users know from Go.

import type { Address } from "./endpoints.ts";
import { formatAddress } from "./endpoints.ts";

/** Such as `dial tcp 127.0.0.1:9448: connect: connection refused`, `EOF`, `tls: failed to verify certificate: …`. */
export function describeFailure(error: unknown, address: Address): string {
  const cause = deepest(error);
  const code = codeOf(cause);
  const dial = `dial tcp ${formatAddress(dialledAddress(cause) ?? address)}`;
  const known = dialFailures[code];
  if (known !== undefined) return `${dial}: connect: ${known}`;
  if (code === "ENOTFOUND") return `dial tcp: lookup ${address.host}: no such host`;
  if (code === "EAI_AGAIN") return `dial tcp: lookup ${address.host}: server misbehaving`;
  if (code === "ETIMEDOUT") return `${dial}: i/o timeout`;
  if (code === "EOF" || code === "ECONNRESET" || code === "EPIPE") return "EOF";
  const alert = cause instanceof Error ? /SSL alert number (\d+)/.exec(cause.message)?.[1] : undefined;
  if (alert !== undefined) return `remote error: tls: ${alerts[alert] ?? `alert(${alert})`}`;
  if (notTlsCodes.has(code)) return "http: server gave HTTP response to HTTPS client";
  const certificate = certificateFailure(cause, code);
  if (certificate !== undefined) return `tls: failed to verify certificate: x509: ${certificate}`;
  return cause instanceof Error ? cause.message : String(cause);
}

/** Whether the connection was never made, so that nothing can have been sent. */
export function isDialFailure(error: unknown): boolean {
  const code = codeOf(deepest(error));
  return code in dialFailures || code === "ENOTFOUND" || code === "EAI_AGAIN" || code === "ETIMEDOUT";
}

const dialFailures: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  EHOSTUNREACH: "no route to host",
  ENETUNREACH: "network is unreachable",
  EADDRNOTAVAIL: "cannot assign requested address",
};

/** Why the other end refuses to go on. https://www.iana.org/assignments/tls-parameters */
const alerts: Readonly<Record<string, string>> = {
  10: "unexpected message",
  20: "bad record MAC",
  22: "record overflow",
  40: "handshake failure",
  42: "bad certificate",
  43: "unsupported certificate",
  44: "revoked certificate",
  45: "expired certificate",
  46: "unknown certificate",
  47: "illegal parameter",
  48: "unknown certificate authority",
  49: "access denied",
  50: "error decoding message",
  51: "error decrypting message",
  70: "protocol version not supported",
  71: "insufficient security level",
  80: "internal error",
  86: "inappropriate fallback",
  109: "missing extension",
  110: "unsupported extension",
  112: "unrecognized name",
  116: "certificate required",
  120: "no application protocol",
};

/** Where a name had led to, which the failure knows. */
function dialledAddress(error: unknown): Address | undefined {
  const { address, port }: { address?: unknown; port?: unknown } =
    typeof error === "object" && error !== null ? error : {};
  return typeof address === "string" && typeof port === "number" ? { host: address, port } : undefined;
}

/** OpenSSL's words for an answer that is no TLS. */
const notTlsCodes = new Set([
  "ERR_SSL_WRONG_VERSION_NUMBER",
  "ERR_SSL_PACKET_LENGTH_TOO_LONG",
  "ERR_SSL_HTTP_REQUEST",
  "EPROTO",
]);

function certificateFailure(error: unknown, code: string): string | undefined {
  switch (code) {
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
    case "UNABLE_TO_GET_ISSUER_CERT":
    case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
    case "SELF_SIGNED_CERT_IN_CHAIN":
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
    case "CERT_SIGNATURE_FAILURE":
    case "CERT_UNTRUSTED":
      return "certificate signed by unknown authority";
    case "CERT_HAS_EXPIRED":
    case "CERT_NOT_YET_VALID":
      return "certificate has expired or is not yet valid";
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return nameFailure(error);
    default:
      return undefined;
  }
}

/** The names that the certificate has, beside the one that it should have. */
function nameFailure(error: unknown): string {
  const details: { host?: unknown; cert?: unknown } = typeof error === "object" && error !== null ? error : {};
  const { cert, host } = details;
  const listed =
    typeof cert === "object" && cert !== null && "subjectaltname" in cert && typeof cert.subjectaltname === "string"
      ? cert.subjectaltname
      : "";
  const names = listed.split(", ").flatMap((entry) => (entry.startsWith("DNS:") ? [entry.slice(4)] : []));
  if (names.length === 0) return `certificate is not valid for any names, but wanted to match ${String(host)}`;
  return `certificate is valid for ${names.join(", ")}, not ${String(host)}`;
}

/** The first failure of a chain: an AggregateError has one for each address that a name stands for. */
function deepest(error: unknown): unknown {
  let current = error;
  for (let depth = 0; depth < causesMax; depth++) {
    const next: unknown =
      current instanceof AggregateError ? current.errors[0] : current instanceof Error ? current.cause : undefined;
    if (next === undefined) return current;
    current = next;
  }
  return current;
}

const causesMax = 8;

function codeOf(error: unknown): string {
  return typeof error === "object" && error !== null && "code" in error && typeof error.code === "string"
    ? error.code
    : "";
}
