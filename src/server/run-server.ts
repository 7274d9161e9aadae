// An extension server as a program: flags in, a running server until it is told to stop.

import { flushCompileCache } from "node:module";
import { setTimeout as pause } from "node:timers/promises";
import { systemClock } from "../base/clock.ts";
import { watchFiles } from "../base/watched-files.ts";
import { openMemoryStorage, type Storage } from "../storage/door.ts";
import type { AdmissionPlugin } from "./admission/admission.ts";
import { enabledPlugins } from "./configured-admission.ts";
import { configuredServer, minTlsVersion } from "./configured-server.ts";
import { type ConfiguredStorageOptions, openConfiguredStorage } from "./configured-storage.ts";
import { delegate } from "./delegation.ts";
import { groupsOf } from "./discovery/documents.ts";
import { describeFlags, FlagError, parseFlags } from "./flag-set.ts";
import { type Flags, serverFlags } from "./flags.ts";
import { keepHeapSmall } from "./heap-size.ts";
import { type Logger, stderrLogger } from "./logging.ts";
import type { Resource } from "./resource.ts";
import { type ApiServer, createApiServer } from "./server.ts";
import { type ServingCertificate, servingCertificate } from "./serving-certificate.ts";
import { overrideStorages } from "./storage-overrides.ts";

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

/** Who stops a server waits for it no longer than this; then it ends as it is. What was acknowledged is on disk in any case. */
const stopMsMax = 2_000;

/**
 * Nobody is served from a cache that is not filled, which takes some milliseconds. Where it takes longer than this, since storage does not
 * answer or there are very many objects, clients get to hear that: 429 with Retry-After, and /readyz says what is missing.
 */
const fillingMsMax = 1_000;

/** Runs a server with the flags of the command line until SIGTERM or SIGINT; ends the process with exit code 1 where it cannot start. */
export async function runServer(options: RunServerOptions): Promise<void> {
  try {
    const flags = parseFlags(serverFlags, process.argv.slice(2), {
      defaults: { "etcd-prefix": options.defaults?.etcdPrefix ?? `/registry/${options.name}` },
    });
    if (flags.wantsHelp) process.stdout.write(`Usage: ${options.name} [flags]\n\n${describeFlags(serverFlags)}`);
    else await start(options, flags);
  } catch (error) {
    process.stderr.write(`${options.name}: ${explain(error)}\n`);
    process.exit(1);
  }
}

async function start(options: RunServerOptions, flags: Flags): Promise<void> {
  keepHeapSmall();
  const { name, resources } = options;
  const logger = stderrLogger(name, flags.integer("v") >= 2);
  const ended = new AbortController();
  const owned = new AsyncDisposableStack();
  stopOnSignal(async () => {
    ended.abort();
    await owned.disposeAsync();
  });
  try {
    const certificate = await servingCertificate(flags);
    const keyPrefix = (flags.text("etcd-prefix") ?? "").replace(/\/+$/, "");
    const delegation = owned.use(await delegate(flags, { userAgent: name, logger, signal: ended.signal }));
    const admission = enabledPlugins(flags, [...delegation.admission, ...(options.admission ?? [])]);
    const configured = configuredServer(flags, { logger, owned });
    const resourceOf = resourceOfKey(keyPrefix);
    const storage = await openStorage(flags, { resourceOf, logger });
    const overridden = await overrideStorages(flags, resources, { resourceOf, logger, owned });
    const server = owned.use(
      await createApiServer({
        name,
        resources: overridden.resources,
        healthChecks: overridden.healthChecks,
        storage,
        keyPrefix,
        authenticators: delegation.authenticators,
        ...configured,
        authorizer: delegation.authorizer,
        alwaysAllowedPaths: flags.list("authorization-always-allow-paths"),
        admission,
        openApi: { title: options.defaults?.title ?? name, version: options.defaults?.version ?? "unversioned" },
        logger,
      }),
    );
    const filling = server.ready();
    await Promise.race([filling, pause(fillingMsMax)]);
    const port = await listen(server, { flags, certificate, logger, owned });
    await filling;
    logger.info({ port }, "serving");
    const groups = [...groupsOf(resources)].map(([group, versions]) => ({ group, versions }));
    process.send?.({ type: "annex-ready", port, groups });
    // Where NODE_COMPILE_CACHE asks for one. Node would write it at the end, which a server does not always reach.
    flushCompileCache();
  } catch (error) {
    await owned.disposeAsync();
    throw error;
  }
}

type ResourceOf = ConfiguredStorageOptions["resourceOf"];

/** Keys are those of sample-apiserver: PREFIX/GROUP/RESOURCE/… */
function resourceOfKey(keyPrefix: string): ResourceOf {
  return (key) => {
    const [group = "", resource = ""] = key.slice(keyPrefix.length + 1).split("/");
    return { group: group === "core" ? "" : group, resource };
  };
}

/** The embedded store or etcd. */
function openStorage(flags: Flags, tools: Omit<ConfiguredStorageOptions, "directory">): Promise<Storage> | Storage {
  if (process.env[tryOutVariable] !== undefined) return openMemoryStorage();
  const directory = flags.text("data-dir") ?? "";
  if (directory !== "" && flags.list("etcd-servers").length > 0)
    throw new FlagError("--data-dir and --etcd-servers exclude each other");
  return openConfiguredStorage(flags, { directory, ...tools });
}

/** Set where a control plane wants to know whether a program starts while an older version of it has the data. */
export const tryOutVariable = "ANNEX_TRY_OUT";

interface ListenOptions {
  readonly flags: Flags;
  readonly certificate: ServingCertificate;
  readonly logger: Logger;
  readonly owned: AsyncDisposableStack;
}

/** Listens, and follows the certificate's files where they may be renewed. Resolves to the port. */
async function listen(server: ApiServer, { flags, certificate, logger, owned }: ListenOptions): Promise<number> {
  const minVersion = minTlsVersion(flags);
  const listener = await server.listen({
    port: flags.integer("secure-port"),
    host: flags.text("bind-address") ?? "0.0.0.0",
    tls: { cert: certificate.cert, key: certificate.key, minVersion },
    http2: !flags.isSet("disable-http2-serving"),
    sharesPort: flags.isSet("permit-port-sharing"),
  });
  const { files } = certificate;
  if (files !== undefined)
    owned.defer(
      watchFiles({
        paths: [files.cert, files.key],
        onChange: ([cert = "", key = ""]) => listener.setCertificates({ cert, key, minVersion }),
        onError: (error) => logger.error({ error, ...files }, "the serving certificate could not be read again"),
      }),
    );
  return listener.port;
}

/** Calls `stop` once, on a signal or when the process that started this one has gone. */
function stopOnSignal(stop: () => Promise<void>): void {
  let isStopping = false;
  const end = () => {
    if (isStopping) return;
    isStopping = true;
    systemClock.after(stopMsMax, () => process.exit(0));
    void stop().finally(() => process.exit(0));
  };
  process.once("SIGTERM", end);
  process.once("SIGINT", end);
  if (process.send === undefined) return;
  process.once("disconnect", end);
  if (!process.connected) end();
}

/** One line that says what to do. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error ? error.code : undefined;
  if (code === "EADDRINUSE") return `the port is taken: ${error.message}`;
  if (code === "EACCES" || code === "EPERM" || code === "EROFS") return `permission denied: ${error.message}`;
  return error.message;
}
