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
}

export interface Extension {
  readonly name: string;
  /** The APIServices that it is registered as, once it has said which groups it serves. */
  readonly registered: Promise<readonly string[]>;
  stop(): Promise<void>;
}

/** Starts an extension server and keeps it registered. `registered` rejects where it ends before it listens for the first time. */
export async function startExtension(options: ExtensionOptions): Promise<Extension> {
  const { file, credentials, trust, client, logger, signal } = options;
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
      const isFirst = lastPort === undefined;
      lastPort = port;
      const done = registration.register(port, groups);
      if (isFirst) done.then(resolveRegistered, reject);
      else done.catch((error: unknown) => logError(error, "an extension server could not be registered"));
    },
    onExit(what) {
      if (lastPort === undefined)
        return reject(new Error(`extension ${name} ended before it was ready: ${what}; its log is ${process.logFile}`));
      logger.warn({ extension: name, what }, "an extension server has ended");
      registration
        .setEndpoint(lastPort, false)
        .catch((error: unknown) => logError(error, "an endpoint could not be marked"));
    },
    onImports: (files) => watcher.add(files),
  });
  const logError = (error: unknown, what: string) => {
    if (!signal.aborted) logger.error({ error, extension: name }, what);
  };
  const watcher = reloadOnChange(process, { ...options, name, flags });
  await writeCredentials(folder, { ...options, name });
  trust.onChange(() => writeAuthorities(folder, trust));
  watcher.add([resolve(file)]);
  process.start();
  return {
    name,
    registered,
    async stop() {
      watcher[Symbol.dispose]();
      await process.stop();
    },
  };
}

/** Puts the next version in the place of the running one once it is known to start. */
function reloadOnChange(
  process: ExtensionProcess,
  {
    file,
    flags,
    name,
    logger,
    onReload,
    signal,
  }: ExtensionOptions & { readonly name: string; readonly flags: string[] },
): SourceWatcher {
  let isDue = false;
  let isRunning = false;
  const run = async () => {
    isRunning = true;
    while (isDue && !signal.aborted) {
      isDue = false;
      const fault = await tryOut({ file, flags, signal });
      if (signal.aborted || isDue) continue; // The next change is there already.
      if (fault === undefined) {
        await process.stop();
        if (!signal.aborted) process.start();
      }
      onReload(name, fault);
    }
    isRunning = false;
  };
  return new SourceWatcher({
    onChange() {
      isDue = true;
      if (!isRunning) void run();
    },
    onError: (error) => logger.warn({ error, extension: name }, "changes of an extension's files cannot be seen"),
  });
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
