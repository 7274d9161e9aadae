// Carries a client's requests over the network.

import type { ConnectionConfig } from "./connection.ts";
import { HttpPool } from "./http-pool.ts";
import type { Transport } from "./transport.ts";

/** Connects when the first request comes. Throws a TypeError for a server that is no https URL. */
export function httpTransport(config: ConnectionConfig): Transport {
  const url = new URL(config.server);
  if (url.protocol !== "https:")
    throw new TypeError(`Cannot connect to a server as its address must be an https URL: "${config.server}"`);
  const pool = new HttpPool({
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? 443 : Number(url.port),
    insecureSkipTlsVerify: config.insecureSkipTlsVerify === true,
    ...(config.serverName === undefined ? {} : { serverName: config.serverName }),
    ...(config.certificateAuthority === undefined ? {} : { ca: config.certificateAuthority }),
    ...(config.clientCertificate ?? {}),
  });
  const prefix = url.pathname === "/" ? "" : url.pathname;
  const { token } = config;
  return {
    send: ({ method, path, headers, body, signal }) =>
      pool.request({
        method,
        path: `${prefix}${path}`,
        authority: url.host,
        headers:
          token === undefined
            ? headers
            : { authorization: `Bearer ${typeof token === "string" ? token : token()}`, ...headers },
        ...(body === undefined ? {} : { body }),
        ...(signal === undefined ? {} : { signal }),
      }),
    close: () => pool.close(),
  };
}
