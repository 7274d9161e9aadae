// A control plane as the flags of `annex up` say it.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type AuthorizationMode, authorizationModes, type ControlPlaneOptions } from "../control-plane/door.ts";
import {
  configuredServer,
  FlagError,
  type Logger,
  minTlsVersion,
  openConfiguredStorage,
  staticTokens,
} from "../server/door.ts";
import type { UpFlagName, UpFlags } from "./up-flags.ts";

export interface ConfiguredTools {
  readonly dataDirectory: string;
  readonly logger: Logger;
  /** Closes what the control plane needs beside itself. */
  readonly owned: AsyncDisposableStack;
}

/** Throws a FlagError for flags that contradict each other, and what the system says of files that they name. */
export function configuredControlPlane(
  flags: UpFlags,
  { dataDirectory, logger, owned }: ConfiguredTools,
): ControlPlaneOptions {
  const securePort = flags.integer("secure-port");
  if (securePort < 0 || securePort > 65_535) throw new FlagError(`--secure-port must be a port number: ${securePort}`);
  const modes = authorizationModesOf(flags);
  const server = configuredServer(flags, { logger, owned });
  const issuer = flags.text("service-account-issuer") ?? "";
  const tokenFile = flags.text("token-auth-file") ?? "";
  return {
    dataDirectory,
    securePort,
    bindAddress: flags.text("bind-address") ?? "",
    storage: (resourceOf) =>
      openConfiguredStorage(flags, {
        directory: flags.list("etcd-servers").length > 0 ? "" : join(dataDirectory, "storage"),
        resourceOf,
      }),
    keyPrefix: (flags.text("etcd-prefix") ?? "").replace(/\/+$/, ""),
    trustFiles: filesOf(flags),
    requestHeaderNames: {
      allowedNames: flags.list("requestheader-allowed-names"),
      usernameHeaders: flags.list("requestheader-username-headers"),
      uidHeaders: flags.list("requestheader-uid-headers"),
      groupHeaders: flags.list("requestheader-group-headers"),
      extraHeadersPrefixes: flags.list("requestheader-extra-headers-prefix"),
    },
    authorizationModes: modes,
    // As the reference has it: where everybody may do everything, at least it is known who does.
    server: modes.includes("AlwaysAllow") ? { ...server, allowsAnonymous: false } : server,
    listen: { http2: !flags.isSet("disable-http2-serving"), minTlsVersion: minTlsVersion(flags) },
    serviceClusterIpRange: flags.text("service-cluster-ip-range") ?? "",
    ...(issuer === "" ? {} : { serviceAccountIssuer: issuer }),
    ...(tokenFile === "" ? {} : { tokens: staticTokens(readFileSync(tokenFile, "utf8")) }),
    extensions: flags.list("extension"),
    extensionTimeoutMs: flags.durationMs("extension-timeout"),
    logger,
  };
}

function authorizationModesOf(flags: UpFlags): AuthorizationMode[] {
  return flags.list("authorization-mode").map((name) => {
    const mode = authorizationModes.find((candidate) => candidate === name);
    if (mode === undefined)
      throw new FlagError(`--authorization-mode: there is no ${name}, but ${authorizationModes.join(", ")}`);
    return mode;
  });
}

function filesOf(flags: UpFlags): NonNullable<ControlPlaneOptions["trustFiles"]> {
  requirePair(flags, "tls-cert-file", "tls-private-key-file");
  requirePair(flags, "proxy-client-cert-file", "proxy-client-key-file");
  const given = {
    clientCaFile: flags.text("client-ca-file"),
    tlsCertFile: flags.text("tls-cert-file"),
    tlsPrivateKeyFile: flags.text("tls-private-key-file"),
    proxyClientCertFile: flags.text("proxy-client-cert-file"),
    proxyClientKeyFile: flags.text("proxy-client-key-file"),
    requestHeaderClientCaFile: flags.text("requestheader-client-ca-file"),
  };
  return Object.fromEntries(Object.entries(given).filter(([, path]) => path !== undefined && path !== ""));
}

function requirePair(flags: UpFlags, one: UpFlagName, other: UpFlagName): void {
  if ((flags.text(one) ?? "") === "" ? (flags.text(other) ?? "") !== "" : (flags.text(other) ?? "") === "")
    throw new FlagError(`--${one} and --${other} must be given together`);
}
