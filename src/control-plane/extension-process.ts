// An extension server as a child process of the control plane: started, watched, restarted with back-off, ended with its parent.

import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, fstatSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureDirectory } from "../base/directories.ts";
import { tryOutVariable } from "../server/door.ts";
import { failureLine } from "./failure-line.ts";
import type { ServedGroups } from "./registration.ts";

/** What an extension server says over the IPC channel once it listens (see server/run-server.ts). */
export interface ExtensionReady {
  readonly type: "annex-ready";
  readonly port: number;
  readonly groups: ServedGroups;
}

export interface ExtensionProcessOptions {
  /** The file that Node runs. */
  readonly file: string;
  /** Where its data, log and process id are. */
  readonly directory: string;
  /** Flags that every extension server gets from the control plane. */
  readonly flags: readonly string[];
  /** Called each time it listens, also after a restart. */
  readonly onReady: (ready: ExtensionReady) => void;
  /** Called each time it ends without having been told to, with why. */
  readonly onExit: (what: string) => void;
  /** Called with files that it imports. */
  readonly onImports?: (files: readonly string[]) => void;
  /** From then on it may end. */
  readonly signal: AbortSignal;
}

/** The first restart comes after this long, then twice as long each time, up to the maximum; a run that lasted longer than that starts over. */
const restartDelayMinMs = 1_000;
const restartDelayMaxMs = 30_000;
/** A server that has not ended by then is killed: Ctrl-C on `annex up` promises two seconds in all. */
const stopGraceMs = 1_000;
const preload = fileURLToPath(
  import.meta.resolve(`./extension-preload${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`),
);

export class ExtensionProcess {
  readonly #options: ExtensionProcessOptions;
  #child: ChildProcess | undefined;
  #restart: NodeJS.Timeout | undefined;
  #delayMs = restartDelayMinMs;

  constructor(options: ExtensionProcessOptions) {
    this.#options = options;
    ensureDirectory(options.directory);
  }

  /** The file that `tail -f` follows. */
  get logFile(): string {
    return join(this.#options.directory, "log");
  }

  start(): void {
    const { file, flags, onReady, onImports } = this.#options;
    const log = openSync(this.logFile, "a", 0o600);
    const loggedBytes = fstatSync(log).size;
    const startedAtMs = performance.now();
    const child = spawn(process.execPath, [...process.execArgv, "--import", preload, file, ...flags], {
      stdio: ["ignore", log, log, "ipc"],
    });
    closeSync(log);
    this.#child = child;
    if (child.pid !== undefined) writeFileSync(this.#pidFile, `${child.pid}\n`);
    child.on("message", (message) => {
      if (isReady(message)) onReady(message);
      else if (isImports(message)) onImports?.(message.files);
    });
    const ended = (what: string) => {
      const said = readFileSync(this.logFile).subarray(loggedBytes).toString();
      this.#ended(child, startedAtMs, [what, failureLine(said)].filter((text) => text !== "").join(": "));
    };
    child.once("error", (error) => ended(error.message));
    child.once("exit", (code, signal) => ended(signal === null ? `exit code ${code}` : `signal ${signal}`));
  }

  /** Ends the process, by force where it does not follow. */
  async stop(): Promise<void> {
    clearTimeout(this.#restart);
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((end) => child.once("exit", end));
    child.kill("SIGTERM");
    const force = setTimeout(() => child.kill("SIGKILL"), stopGraceMs);
    await ended;
    clearTimeout(force);
    rmSync(this.#pidFile, { force: true });
  }

  get #pidFile(): string {
    return join(this.#options.directory, "pid");
  }

  #ended(child: ChildProcess, startedAtMs: number, what: string): void {
    if (this.#child !== child) return; // It was told to.
    this.#child = undefined;
    rmSync(this.#pidFile, { force: true });
    if (this.#options.signal.aborted) return;
    this.#options.onExit(what);
    if (performance.now() - startedAtMs > restartDelayMaxMs) this.#delayMs = restartDelayMinMs;
    this.#restart = setTimeout(() => this.start(), this.#delayMs);
    this.#delayMs = Math.min(2 * this.#delayMs, restartDelayMaxMs);
  }
}

/** Whether a program as it is now starts: it is run beside the old one, without its data. Resolves to why not, or to nothing. */
export async function tryOut({ file, flags, signal }: TryOutOptions): Promise<string | undefined> {
  const child = spawn(process.execPath, [...process.execArgv, "--import", preload, file, ...flags], {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: { ...process.env, [tryOutVariable]: "1" },
  });
  let said = "";
  const listen = (chunk: Buffer) => {
    said = `${said}${chunk}`.slice(-saidBytesMax);
  };
  child.stdout?.on("data", listen);
  child.stderr?.on("data", listen);
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code) => resolve(failureLine(said) || `it ended with exit code ${code} before it was ready`));
  });
  const ready = new Promise<undefined>((resolve) => {
    child.on("message", (message) => {
      if (isReady(message)) resolve(undefined);
    });
  });
  const late = new Promise<string>((resolve) => {
    const timeout = AbortSignal.any([signal, AbortSignal.timeout(tryOutMsMax)]);
    timeout.addEventListener("abort", () => resolve("it was not ready in time"), { once: true });
  });
  const fault = await Promise.race([ready, ended, late]);
  child.kill("SIGKILL");
  return fault;
}

interface TryOutOptions extends Pick<ExtensionProcessOptions, "file" | "flags" | "signal"> {}

/** The end of what a program says is where it says why it failed. */
const saidBytesMax = 64 * 1024;
const tryOutMsMax = 30_000;

function isReady(message: unknown): message is ExtensionReady {
  return typeof message === "object" && message !== null && "type" in message && message.type === "annex-ready";
}

function isImports(message: unknown): message is { readonly files: readonly string[] } {
  return typeof message === "object" && message !== null && "type" in message && message.type === "annex-imports";
}
