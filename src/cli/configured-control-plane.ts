// A control plane as the flags of `annex up` say it.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type AuthorizationMode, authorizationModes, type ControlPlaneOptions } from "../control-plane/door.ts";
import {
  type ConfiguredStorageOptions,
  configuredServer,
  FlagError,
  type Logger,
  minTlsVersion,
  openConfiguredStorage,
  staticTokens,
} from "../server/door.ts";
import type { Storage } from "../storage/door.ts";
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
    storage: (resourceOf) => openStorage(flags, { dataDirectory, resourceOf, logger }),
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

interface StorageTools {
  readonly dataDirectory: string;
  readonly resourceOf: ConfiguredStorageOptions["resourceOf"];
  readonly logger: Logger;
}

/** Rejects where etcd does not answer in time: until it does, nothing else can. */
async function openStorage(flags: UpFlags, { dataDirectory, resourceOf, logger }: StorageTools): Promise<Storage> {
  const endpoints = flags.list("etcd-servers");
  const directory = endpoints.length > 0 ? "" : join(dataDirectory, "storage");
  const storage = await openConfiguredStorage(flags, { directory, resourceOf, logger });
  try {
    if (endpoints.length > 0) await untilAnswering(flags, storage);
    if ((flags.text("encryption-provider-config") ?? "") !== "") await requireReadable(storage);
    return storage;
  } catch (error) {
    await storage[Symbol.asyncDispose]();
    throw error;
  }
}

/** 500 objects of 1.7 KB are 850 KB. */
const pageEntries = 500;

/** Rejects where a value cannot be decrypted: a cache would try again for ever, as if the storage were about to recover. */
async function requireReadable(storage: Storage): Promise<void> {
  for (let start: string | undefined = "\0"; start !== undefined; ) {
    const { entries, more } = await storage.range({ start, end: "\u{10ffff}", limit: pageEntries });
    const last = entries.at(-1);
    start = more && last !== undefined ? `${last.key}\0` : undefined;
  }
}

const etcdPauseMs = 250;

/** An etcd that is started at the same time is waited for. */
async function untilAnswering(flags: UpFlags, storage: Storage): Promise<void> {
  const timeoutMs = flags.durationMs("storage-initialization-timeout");
  const signal = AbortSignal.timeout(timeoutMs);
  let cause: unknown;
  while (!signal.aborted) {
    try {
      return await storage.check({ signal });
    } catch (error) {
      cause = error;
      await sleep(etcdPauseMs);
    }
  }
  const endpoints = flags.list("etcd-servers").join(", ");
  throw new Error(`etcd has not answered within ${timeoutMs / 1000} s: ${endpoints}`, { cause });
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
