// The documents by which others check tokens of service accounts.
// https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/#service-account-issuer-discovery

import type { ApiResponse, Filter } from "../../server/door.ts";
import type { SigningKey } from "./signing-key.ts";

interface IssuerDiscoveryOptions {
  readonly issuer: string;
  readonly key: SigningKey;
  /** Where this API server is reached. */
  readonly url: () => string;
}

/** Answers the two paths, and passes everything else on. */
export function issuerDiscovery({ issuer, key, url }: IssuerDiscoveryOptions): Filter {
  const documents: Readonly<Record<string, () => ApiResponse>> = {
    "/.well-known/openid-configuration": () =>
      document("application/json", {
        issuer,
        jwks_uri: `${url()}/openid/v1/jwks`,
        response_types_supported: ["id_token"],
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: [key.jwk.alg],
      }),
    "/openid/v1/jwks": () => document("application/jwk-set+json", { keys: [key.jwk] }),
  };
  const byPath = new Map(Object.entries(documents));
  return (next) => async (request) => {
    const answer = request.method === "GET" ? byPath.get(request.path) : undefined;
    return answer === undefined ? next(request) : answer();
  };
}

function document(contentType: string, value: object): ApiResponse {
  // Keys change with a new authority alone, so that an hour is soon enough.
  return {
    status: 200,
    headers: { "content-type": contentType, "cache-control": "public, max-age=3600" },
    body: Buffer.from(JSON.stringify(value)),
  };
}
