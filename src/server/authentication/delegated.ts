// How an extension server finds out who asks: front proxies and client certificates as the main API server publishes them, tokens by asking it.
// https://kubernetes.io/docs/tasks/extend-kubernetes/configure-aggregation-layer/#authentication-flow

import type { Clock } from "../../base/clock.ts";
import type { Client } from "../../client/door.ts";
import type { Logger } from "../logging.ts";
import type { CertificatePool } from "./certificate-pool.ts";
import { clientCertificateAuthenticator } from "./client-certificate.ts";
import { DelegatedConfig } from "./delegated-config.ts";
import { delegatedTokenAuthenticator } from "./delegated-tokens.ts";
import { type RequestHeaderConfig, requestHeaderAuthenticator } from "./request-header.ts";
import type { Authenticator } from "./user.ts";

export interface DelegatedAuthenticationOptions {
  /** The main API server; undefined where none was named: then only the options below count. */
  readonly client: Client | undefined;
  /** `--client-ca-file`: in place of the published authorities. */
  readonly clientCertificates?: () => CertificatePool | undefined;
  /** `--requestheader-*`: in place of what is published. */
  readonly requestHeader?: () => RequestHeaderConfig | undefined;
  /** `--authentication-skip-lookup`: published authorities are not read. */
  readonly skipLookup?: boolean;
  /** `--authentication-tolerate-lookup-failure`: starts without them where they cannot be read. */
  readonly tolerateLookupFailure?: boolean;
  /** `--authentication-token-webhook-cache-ttl`. Default 10 s. */
  readonly cacheTtlMs?: number;
  readonly signal: AbortSignal;
  readonly clock?: Clock;
  readonly logger?: Logger;
}

export interface DelegatedAuthentication extends AsyncDisposable {
  /** In the order in which they are to be asked. */
  readonly authenticators: readonly Authenticator[];
}

/** Rejects where the published authorities cannot be read and nobody tolerates that. */
export async function delegatedAuthentication(
  options: DelegatedAuthenticationOptions,
): Promise<DelegatedAuthentication> {
  const { client, cacheTtlMs, clock, logger } = options;
  const shared = { ...(clock === undefined ? {} : { clock }), ...(logger === undefined ? {} : { logger }) };
  const config = await lookUp(options, shared);
  const clientCertificates = options.clientCertificates ?? (() => config?.clientCertificates);
  const requestHeader = options.requestHeader ?? (() => config?.requestHeader);
  const authenticators = [
    requestHeaderAuthenticator(requestHeader),
    clientCertificateAuthenticator(clientCertificates),
  ];
  if (client !== undefined)
    authenticators.push(
      delegatedTokenAuthenticator({ client, ...shared, ...(cacheTtlMs === undefined ? {} : { cacheTtlMs }) }),
    );
  return { authenticators, [Symbol.asyncDispose]: async () => config?.[Symbol.asyncDispose]() };
}

async function lookUp(
  {
    client,
    skipLookup,
    tolerateLookupFailure,
    clientCertificates,
    requestHeader,
    signal,
  }: DelegatedAuthenticationOptions,
  shared: { readonly clock?: Clock; readonly logger?: Logger },
): Promise<DelegatedConfig | undefined> {
  const isNeeded = clientCertificates === undefined || requestHeader === undefined;
  if (client === undefined || skipLookup === true || !isNeeded) return undefined;
  const config = new DelegatedConfig({ client, ...shared });
  try {
    await config.start(client, signal);
  } catch (error) {
    if (tolerateLookupFailure !== true) {
      await config[Symbol.asyncDispose]();
      throw error;
    }
    shared.logger?.warn({ error }, "continuing without authentication configuration: front proxies are not believed");
  }
  return config;
}
