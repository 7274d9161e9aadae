// Starts the extension servers of a control plane and waits until each is available.

import { join } from "node:path";
import type { Clock } from "../base/clock.ts";
import type { Client } from "../client/door.ts";
import { extensionName } from "./extension-name.ts";
import { startExtension } from "./extensions.ts";
import { type ExtensionServer, type InProcessOptions, serveInProcess } from "./in-process-extension.ts";
import { Registration } from "./registration.ts";
import { untilAvailable } from "./until-available.ts";

/** A file that Node runs as a process of its own, or a server in this process. */
export type ExtensionSource = string | ExtensionServer;

export interface StartExtensionsOptions extends Omit<InProcessOptions, "directory"> {
  readonly extensions: readonly ExtensionSource[];
  readonly dataDirectory: string | undefined;
  /** An extension that is not available by then is an error. */
  readonly timeoutMs: number;
  readonly onAvailable: (name: string, apiServices: readonly string[]) => void;
  readonly onReload: (name: string, fault: string | undefined) => void;
  readonly url: string;
  readonly client: Client;
  readonly signal: AbortSignal;
}

/** They end with `started`. Rejects where one is not available in time. */
export async function startExtensions(options: StartExtensionsOptions): Promise<void> {
  requireOneOfEachName(options.extensions);
  await Promise.all(
    options.extensions.map((extension) =>
      typeof extension === "string" ? startFile(extension, options) : startServer(extension, options),
    ),
  );
}

/** A name is a namespace, a folder and a row of `annex status`. */
function requireOneOfEachName(extensions: readonly ExtensionSource[]): void {
  const names = new Set<string>();
  for (const extension of extensions) {
    const name = typeof extension === "string" ? extensionName(extension) : extension.name;
    if (names.has(name))
      throw new TypeError(`Cannot start two extensions as "${name}" as each must have a name of its own`);
    names.add(name);
  }
}

async function startFile(file: string, options: StartExtensionsOptions): Promise<void> {
  const { dataDirectory, clock } = options;
  if (dataDirectory === undefined)
    throw new TypeError(
      "Cannot run a file as an extension as the control plane must have a data directory: it is in memory",
    );
  const extension = await startExtension({
    ...options,
    file,
    directory: join(dataDirectory, "extensions"),
    nowMs: clock.nowMs(),
  });
  await becomesAvailable(extension.name, extension.registered, options);
}

async function startServer(extension: ExtensionServer, options: StartExtensionsOptions): Promise<void> {
  const { credentials, client, dataDirectory, signal } = options;
  const { name } = extension;
  const directory = dataDirectory === undefined ? undefined : join(dataDirectory, "extensions", name, "data");
  const { port, groups } = await serveInProcess(extension, { ...options, directory });
  const servingAuthority = credentials.servingAuthority.certificate;
  const registration = new Registration({ client, name, servingAuthority, signal });
  await becomesAvailable(name, registration.register(port, groups), options);
}

interface Waiting {
  readonly client: Client;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly onAvailable: (name: string, apiServices: readonly string[]) => void;
  readonly signal: AbortSignal;
}

/** Waits until every APIService of an extension is Available. */
async function becomesAvailable(
  name: string,
  registered: Promise<readonly string[]>,
  { client, clock, timeoutMs, onAvailable, signal }: Waiting,
): Promise<void> {
  const ended = new AbortController();
  let isLate = false;
  const cancel = clock.after(timeoutMs, () => {
    isLate = true;
    ended.abort();
  });
  const waiting = AbortSignal.any([signal, ended.signal]);
  const stopped = new Promise<never>((_, reject) => {
    waiting.addEventListener("abort", () => reject(waiting.reason), { once: true });
  });
  stopped.catch(() => {}); // Nobody waits for it any more where everything was available in time.
  const missing = new Set<string>();
  try {
    const names = await Promise.race([registered, stopped]);
    for (const apiService of names) missing.add(apiService);
    await untilAvailable(client, missing, waiting);
    onAvailable(name, names);
  } catch (error) {
    if (!isLate) throw error;
    const what = missing.size === 0 ? "it has not said that it is ready" : [...missing].join(", ");
    throw new Error(`extension ${name} was not available within ${timeoutMs / 1000} s: ${what}`);
  } finally {
    cancel();
    ended.abort();
  }
}
