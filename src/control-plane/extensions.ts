// An extension server that a control plane runs from a file: its credentials, its process, its registration, and its next version when the file changes.

import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { isFile } from "../base/directories.ts";
import type { Client } from "../client/door.ts";
import type { Logger } from "../server/door.ts";
import { extensionName } from "./extension-name.ts";
import { ExtensionProcess, tryOut } from "./extension-process.ts";
import { extensionServiceName, Registration } from "./registration.ts";
import { SourceWatcher } from "./source-watcher.ts";
import { type Credentials, extensionCertificate, kubeconfigFor, replaceFile } from "./state-directory.ts";
import type { Trust } from "./trust.ts";
import { untilAvailable } from "./until-available.ts";

export interface ExtensionOptions {
  readonly file: string;
  /** All extensions' folders are in here. */
  readonly directory: string;
  readonly credentials: Credentials;
  readonly trust: Trust;
  readonly url: string;
  readonly client: Client;
  readonly nowMs: number;
  readonly logger: Logger;
  /** Tells what became of a change: "reloaded", or why the old version runs on. */
  readonly onReload: (name: string, fault: string | undefined) => void;
  readonly signal: AbortSignal;
  readonly started: AsyncDisposableStack;
}

export interface Extension {
  readonly name: string;
  /** The APIServices that it is registered as, once it has said which groups it serves. */
  readonly registered: Promise<readonly string[]>;
}

/** Starts an extension server and keeps it registered, until `started` ends. `registered` rejects where it ends before it listens for the first time. */
export async function startExtension(options: ExtensionOptions): Promise<Extension> {
  const { file, credentials, trust, client, logger, signal, started } = options;
  const name = extensionName(file);
  if (!isFile(file)) throw new Error(`extension ${name} cannot be started: there is no file ${file}`);
  const folder = join(options.directory, name);
  const flags = extensionFlags(folder, trust);
  const registration = new Registration({
    client,
    name,
    servingAuthority: credentials.servingAuthority.certificate,
    signal,
  });
  const { promise: registered, resolve: resolveRegistered, reject } = Promise.withResolvers<readonly string[]>();
  registered.catch(() => {}); // Whoever starts an extension waits for it; if nobody does, its end is in the log.
  let lastPort: number | undefined;
  const process = new ExtensionProcess({
    file,
    directory: folder,
    flags: [...flags, "--data-dir", join(folder, "data")],
    signal,
    onReady({ port, groups }) {
      lastPort = port;
      registration.register(port, groups).then(
        async (apiServices) => {
          resolveRegistered(apiServices);
          if (!reload.isWaiting()) return;
          await untilAvailable(client, new Set(apiServices), signal).catch(() => {}); // The control plane is ending.
          reload.started(undefined);
        },
        (error: unknown) => {
          reject(error);
          logError(error, "an extension server could not be registered");
        },
      );
    },
    onExit(what) {
      if (lastPort === undefined)
        return reject(new Error(`extension ${name} ended before it was ready: ${what}; its log is ${process.logFile}`));
      if (reload.started(what)) return;
      logger.warn({ extension: name, what }, "an extension server has ended");
      void markGone();
    },
    onImports: (files) => reload.watcher.add(files),
  });
  const markGone = async () => {
    if (lastPort === undefined) return;
    try {
      await registration.setEndpoint(lastPort, false);
    } catch (error) {
      logError(error, "an endpoint could not be marked");
    }
  };
  const logError = (error: unknown, what: string) => {
    if (!signal.aborted) logger.error({ error, extension: name }, what);
  };
  const reload = reloadOnChange(process, { ...options, name, flags, markGone });
  await writeCredentials(folder, { ...options, name });
  trust.onChange(() => writeAuthorities(folder, trust));
  signal.throwIfAborted();
  reload.watcher.add([resolve(file)]);
  started.defer(async () => {
    reload.watcher[Symbol.dispose]();
    await process.stop();
  });
  process.start();
  return { name, registered };
}

interface Reload {
  readonly watcher: SourceWatcher;
  /** Whether a new version is waited for. */
  isWaiting(): boolean;
  /** The process can be used, or has ended for a reason. Answers whether a new version was waited for. */
  started(fault: string | undefined): boolean;
}

/** Puts the next version in the place of the running one once it is known to start. */
function reloadOnChange(
  process: ExtensionProcess,
  { file, flags, name, markGone, logger, onReload, signal }: ExtensionOptions & ReloadOptions,
): Reload {
  let isDue = false;
  let isRunning = false;
  let next: PromiseWithResolvers<string | undefined> | undefined;
  const replace = async (): Promise<string | undefined> => {
    next = Promise.withResolvers();
    await markGone();
    await process.stop();
    if (signal.aborted) return undefined;
    process.start();
    return next.promise;
  };
  const run = async () => {
    isRunning = true;
    while (isDue && !signal.aborted) {
      isDue = false;
      const fault = await tryOut({ file, flags, signal });
      if (signal.aborted || isDue) continue; // The next change is there already.
      onReload(name, fault ?? (await replace()));
    }
    isRunning = false;
  };
  const watcher = new SourceWatcher({
    onChange() {
      isDue = true;
      if (!isRunning) void run();
    },
    onError: (error) => logger.warn({ error, extension: name }, "changes of an extension's files cannot be seen"),
  });
  return {
    watcher,
    isWaiting: () => next !== undefined,
    started(fault) {
      if (next === undefined) return false;
      next.resolve(fault);
      next = undefined;
      return true;
    },
  };
}

interface ReloadOptions {
  readonly name: string;
  readonly flags: readonly string[];
  /** Its APIServices are not available from then on, until the process is registered again. */
  readonly markGone: () => Promise<void>;
}

interface CredentialFiles extends Pick<ExtensionOptions, "credentials" | "trust" | "url" | "nowMs"> {
  readonly name: string;
}

async function writeCredentials(
  folder: string,
  { credentials, trust, url, name, nowMs }: CredentialFiles,
): Promise<void> {
  const serving = await extensionCertificate(credentials, { service: extensionServiceName, namespace: name, nowMs });
  replaceFile(join(folder, "tls.key"), serving.key, 0o600);
  replaceFile(join(folder, "tls.crt"), serving.certificate, 0o644);
  writeAuthorities(folder, trust);
  const kubeconfig = kubeconfigFor({ url, authorities: trust.servingAuthorities, user: credentials.admin });
  replaceFile(join(folder, "kubeconfig"), kubeconfig, 0o600);
}

function writeAuthorities(folder: string, trust: Trust): void {
  writeFileSync(join(folder, "client-ca.crt"), trust.clientAuthorities);
  writeFileSync(join(folder, "requestheader-ca.crt"), trust.proxyAuthorities);
}

/** It believes the aggregator by its certificate, as in a cluster. */
function extensionFlags(folder: string, { requestHeaderNames }: Trust): string[] {
  const file = (name: string) => join(folder, name);
  const { allowedNames, usernameHeaders, uidHeaders, groupHeaders, extraHeadersPrefixes } = requestHeaderNames;
  return [
    ["--secure-port", "0"],
    ["--bind-address", "127.0.0.1"],
    ["--tls-cert-file", file("tls.crt")],
    ["--tls-private-key-file", file("tls.key")],
    ["--client-ca-file", file("client-ca.crt")],
    ["--requestheader-client-ca-file", file("requestheader-ca.crt")],
    ["--requestheader-allowed-names", allowedNames.join(",")],
    ["--requestheader-username-headers", usernameHeaders.join(",")],
    ["--requestheader-uid-headers", uidHeaders.join(",")],
    ["--requestheader-group-headers", groupHeaders.join(",")],
    ["--requestheader-extra-headers-prefix", extraHeadersPrefixes.join(",")],
    ["--kubeconfig", file("kubeconfig")],
    ["--authentication-kubeconfig", file("kubeconfig")],
    ["--authorization-kubeconfig", file("kubeconfig")],
  ].flat();
}
