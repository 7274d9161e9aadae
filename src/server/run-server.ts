// An extension server as a program: flags in, a running server until it is told to stop.

import { readFileSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { systemClock } from "../base/clock.ts";
import { openEmbeddedStorage, type Storage, StorageError } from "../storage/door.ts";
import type { AdmissionPlugin } from "./admission/admission.ts";
import { bearerTokenAuthenticator, staticTokens } from "./authentication/bearer-token.ts";
import { CertificatePool } from "./authentication/certificate-pool.ts";
import { clientCertificateAuthenticator } from "./authentication/client-certificate.ts";
import { requestHeaderAuthenticator } from "./authentication/request-header.ts";
import type { Authenticator } from "./authentication/user.ts";
import type { Authorizer } from "./authorization/authorizer.ts";
import { groupsOf } from "./discovery/documents.ts";
import { describeFlags, FlagError, type Flags, parseFlags } from "./flags.ts";
import { stderrLogger } from "./logging.ts";
import type { Resource } from "./resource.ts";
import { createApiServer } from "./server.ts";
import { servingCertificate } from "./serving-certificate.ts";

export interface RunServerOptions {
  /** For logs, and the name by which a control plane knows the server. */
  readonly name: string;
  readonly resources: readonly Resource[];
  readonly admission?: readonly AdmissionPlugin[];
  readonly defaults?: {
    /** Default `/registry/` and the name. */
    readonly etcdPrefix?: string;
    /** Title and version in OpenAPI. */
    readonly title?: string;
    readonly version?: string;
  };
}

/** Runs a server with the flags of the command line until SIGTERM or SIGINT; ends the process with exit code 1 where it cannot start. */
export async function runServer(options: RunServerOptions): Promise<void> {
  enableCompileCache();
  try {
    const flags = parseFlags(process.argv.slice(2), {
      "etcd-prefix": options.defaults?.etcdPrefix ?? `/registry/${options.name}`,
    });
    if (flags.wantsHelp) {
      process.stdout.write(describeFlags());
      return;
    }
    await start(options, flags);
  } catch (error) {
    process.stderr.write(`${options.name}: ${explain(error)}\n`);
    process.exitCode = 1;
    process.exit();
  }
}

async function start(options: RunServerOptions, flags: Flags): Promise<void> {
  const logger = stderrLogger(options.name, flags.integer("v") >= 2);
  const disabled = new Set(flags.list("disable-admission-plugins"));
  const storage = await openStorage(flags);
  const server = await createApiServer({
    name: options.name,
    resources: options.resources,
    storage,
    keyPrefix: (flags.text("etcd-prefix") ?? "").replace(/\/+$/, ""),
    authenticators: authenticators(flags),
    allowsAnonymous: flags.isSet("anonymous-auth"),
    authorizer: nobody,
    alwaysAllowedPaths: flags.list("authorization-always-allow-paths"),
    admission: (options.admission ?? []).filter(({ name }) => !disabled.has(name)),
    inFlightLimits: {
      requestsMax: flags.integer("max-requests-inflight"),
      mutatingRequestsMax: flags.integer("max-mutating-requests-inflight"),
    },
    logger,
  });
  const stop = onStop(async () => {
    await server[Symbol.asyncDispose]();
  });
  await server.ready();
  const tls = await servingCertificate(flags);
  const listener = await server.listen({
    port: flags.integer("secure-port"),
    host: flags.text("bind-address") ?? "0.0.0.0",
    tls,
  });
  logger.info({ port: listener.port }, "serving");
  const groups = [...groupsOf(options.resources)].map(([group, versions]) => ({ group, versions }));
  process.send?.({ type: "annex-ready", port: listener.port, groups });
  void stop;
}

/** Without a main API server to ask, nobody but system:masters may do anything. */
const nobody: Authorizer = { authorize: () => ({ verdict: "no opinion", reason: "" }) };

async function openStorage(flags: Flags): Promise<Storage> {
  const directory = flags.text("data-dir");
  const endpoints = flags.list("etcd-servers");
  if (directory !== undefined && endpoints.length > 0)
    throw new FlagError("--data-dir and --etcd-servers exclude each other");
  if (directory !== undefined) return openEmbeddedStorage({ directory });
  if (endpoints.length === 0) throw new FlagError("--etcd-servers or --data-dir must be specified");
  throw new FlagError("--etcd-servers is not supported");
}

function authenticators(flags: Flags): Authenticator[] {
  const found: Authenticator[] = [];
  const proxyAuthority = readIfGiven(flags.text("requestheader-client-ca-file"));
  if (proxyAuthority !== undefined) {
    const lower = (texts: readonly string[]) => texts.map((text) => text.toLowerCase());
    const config = {
      pool: new CertificatePool(proxyAuthority, systemClock),
      allowedNames: flags.list("requestheader-allowed-names"),
      usernameHeaders: lower(flags.list("requestheader-username-headers")),
      uidHeaders: lower(flags.list("requestheader-uid-headers")),
      groupHeaders: lower(flags.list("requestheader-group-headers")),
      extraHeaderPrefixes: lower(flags.list("requestheader-extra-headers-prefix")),
    };
    found.push(requestHeaderAuthenticator(() => config));
  }
  const clientAuthority = readIfGiven(flags.text("client-ca-file"));
  if (clientAuthority !== undefined) {
    const pool = new CertificatePool(clientAuthority, systemClock);
    found.push(clientCertificateAuthenticator(() => pool));
  }
  const tokens = readIfGiven(flags.text("token-auth-file"));
  if (tokens !== undefined) found.push(bearerTokenAuthenticator(staticTokens(tokens)));
  return found;
}

function readIfGiven(file: string | undefined): string | undefined {
  return file === undefined || file === "" ? undefined : readFileSync(file, "utf8");
}

/** Calls `stop` once, on a signal or when the process that started this one has gone. */
function onStop(stop: () => Promise<void>): void {
  let isStopping = false;
  const end = () => {
    if (isStopping) return;
    isStopping = true;
    void stop().finally(() => process.exit(0));
  };
  process.once("SIGTERM", end);
  process.once("SIGINT", end);
  if (process.send !== undefined) process.once("disconnect", end);
}

/** One line that says what to do. */
function explain(error: unknown): string {
  if (error instanceof FlagError || error instanceof StorageError) return error.message;
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error ? error.code : undefined;
  if (code === "EADDRINUSE") return `the port is taken: ${error.message}`;
  if (code === "EACCES" || code === "EPERM") return `permission denied: ${error.message}`;
  return error.message;
}
