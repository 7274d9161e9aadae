// How a server answers, as the flags say it: what an extension server and the main API server have in common.

import { readFiles } from "../base/watched-files.ts";
import { openAuditLog } from "./audit/audit-log.ts";
import { parseAuditPolicy } from "./audit/audit-policy.ts";
import type { AuditOptions } from "./filters/audit.ts";
import { FlagError } from "./flag-set.ts";
import type { CommonFlagName, Flags } from "./flags.ts";
import type { Logger } from "./logging.ts";
import type { ApiServerOptions } from "./server.ts";
import type { StorageCheckTimeouts } from "./storage-checks.ts";

export interface ConfiguredServerTools {
  readonly logger: Logger;
  /** Closes what the server needs beside itself. */
  readonly owned: AsyncDisposableStack;
}

type ConfiguredOptions = Pick<
  ApiServerOptions,
  "allowsAnonymous" | "inFlightLimits" | "requestTimeoutMs" | "corsAllowedOrigins" | "audit" | "storageCheckTimeouts"
>;

/** Throws a FlagError for flags that contradict each other, and what the system says of files that they name. */
export function configuredServer(flags: Flags<CommonFlagName>, tools: ConfiguredServerTools): ConfiguredOptions {
  const audit = auditOf(flags, tools);
  return {
    allowsAnonymous: flags.isSet("anonymous-auth"),
    inFlightLimits: {
      requestsMax: flags.integer("max-requests-inflight"),
      mutatingRequestsMax: flags.integer("max-mutating-requests-inflight"),
    },
    requestTimeoutMs: flags.durationMs("request-timeout"),
    corsAllowedOrigins: originsOf(flags),
    storageCheckTimeouts: storageCheckTimeoutsOf(flags),
    ...(audit === undefined ? {} : { audit }),
  };
}

export function storageCheckTimeoutsOf(flags: Flags<CommonFlagName>): StorageCheckTimeouts {
  return {
    healthMs: flags.durationMs("etcd-healthcheck-timeout"),
    readyMs: flags.durationMs("etcd-readycheck-timeout"),
  };
}

function originsOf(flags: Flags<CommonFlagName>): RegExp[] {
  return flags.list("cors-allowed-origins").map((pattern) => {
    try {
      return new RegExp(pattern, "u");
    } catch (error) {
      throw new FlagError(`--cors-allowed-origins: ${error instanceof Error ? error.message : String(error)}`);
    }
  });
}

/** As in the reference, nothing is recorded without both a log and a policy. */
function auditOf(
  flags: Flags<CommonFlagName>,
  { logger, owned }: ConfiguredServerTools,
): Omit<AuditOptions, "clock"> | undefined {
  const logPath = flags.text("audit-log-path") ?? "";
  const policyPath = flags.text("audit-policy-file") ?? "";
  if (logPath === "" && policyPath === "") return undefined;
  if (logPath === "" || policyPath === "")
    throw new FlagError("--audit-log-path and --audit-policy-file must be given together");
  const [text = ""] = readFiles([policyPath]);
  return { policy: parseAuditPolicy(text), log: owned.use(openAuditLog(logPath, logger)) };
}

/** Throws a FlagError for a version that nobody has. */
export function minTlsVersion(flags: Flags<CommonFlagName>): "TLSv1.2" | "TLSv1.3" {
  const name = flags.text("tls-min-version") ?? "";
  if (name === "VersionTLS13") return "TLSv1.3";
  if (name === "VersionTLS12" || name === "") return "TLSv1.2";
  throw new FlagError(`--tls-min-version must be VersionTLS12 or VersionTLS13: it is ${JSON.stringify(name)}`);
}
