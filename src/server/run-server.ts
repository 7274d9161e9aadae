// An extension server as a program: flags in, a running server until it is told to stop.

import { enableCompileCache } from "node:module";
import { openEmbeddedStorage, type Storage, StorageError } from "../storage/door.ts";
import type { AdmissionPlugin } from "./admission/admission.ts";
import { delegate } from "./delegation.ts";
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
  const ended = new AbortController();
  const storage = await openStorage(flags);
  const delegation = await delegate(flags, { userAgent: options.name, logger, signal: ended.signal });
  const server = await createApiServer({
    name: options.name,
    resources: options.resources,
    storage,
    keyPrefix: (flags.text("etcd-prefix") ?? "").replace(/\/+$/, ""),
    authenticators: delegation.authenticators,
    allowsAnonymous: flags.isSet("anonymous-auth"),
    authorizer: delegation.authorizer,
    alwaysAllowedPaths: flags.list("authorization-always-allow-paths"),
    admission: [...delegation.admission, ...(options.admission ?? [])].filter(({ name }) => !disabled.has(name)),
    inFlightLimits: {
      requestsMax: flags.integer("max-requests-inflight"),
      mutatingRequestsMax: flags.integer("max-mutating-requests-inflight"),
    },
    logger,
  });
  const stop = onStop(async () => {
    ended.abort();
    await Promise.all([server[Symbol.asyncDispose](), delegation[Symbol.asyncDispose]()]);
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

async function openStorage(flags: Flags): Promise<Storage> {
  const directory = flags.text("data-dir");
  const endpoints = flags.list("etcd-servers");
  if (directory !== undefined && endpoints.length > 0)
    throw new FlagError("--data-dir and --etcd-servers exclude each other");
  if (directory !== undefined) return openEmbeddedStorage({ directory });
  if (endpoints.length === 0) throw new FlagError("--etcd-servers or --data-dir must be specified");
  throw new FlagError("--etcd-servers is not supported");
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
