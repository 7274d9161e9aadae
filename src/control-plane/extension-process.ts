// An extension server as a child process of the control plane: started, watched, restarted with back-off, ended with its parent.

import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";

/** What an extension server says over the IPC channel once it listens (see server/run-server.ts). */
export interface ExtensionReady {
  readonly type: "annex-ready";
  readonly port: number;
  readonly groups: readonly { readonly group: string; readonly versions: readonly string[] }[];
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
  /** Called each time it ends without having been told to. */
  readonly onExit: (what: string) => void;
}

/** The first restart comes after this long, then twice as long each time, up to the maximum; a run that lasted longer than that starts over. */
const restartDelayMinMs = 1_000;
const restartDelayMaxMs = 30_000;
/** A server that has not ended by then is killed: Ctrl-C on `annex up` promises two seconds in all. */
const stopGraceMs = 1_000;

/** The name of an extension: its file's, or its folder's where the file has a name that says nothing. */
export function extensionName(file: string): string {
  const name = basename(file).replace(/\.[cm]?[jt]s$/, "");
  return /^(server|index|main)$/.test(name) ? basename(dirname(resolve(file))) : name;
}

export class ExtensionProcess {
  readonly #options: ExtensionProcessOptions;
  #child: ChildProcess | undefined;
  #restart: NodeJS.Timeout | undefined;
  #delayMs = restartDelayMinMs;
  #isStopping = false;

  constructor(options: ExtensionProcessOptions) {
    this.#options = options;
    mkdirSync(options.directory, { recursive: true, mode: 0o700 });
  }

  /** The file that `tail -f` follows. */
  get logFile(): string {
    return join(this.#options.directory, "log");
  }

  start(): void {
    const { file, directory, flags } = this.#options;
    const log = openSync(this.logFile, "a", 0o600);
    const startedAtMs = performance.now();
    const child = spawn(process.execPath, [...process.execArgv, file, ...flags], {
      stdio: ["ignore", log, log, "ipc"],
    });
    closeSync(log);
    this.#child = child;
    if (child.pid !== undefined) writeFileSync(join(directory, "pid"), `${child.pid}\n`);
    child.on("message", (message) => {
      if (isReady(message)) this.#options.onReady(message);
    });
    child.once("error", (error) => this.#ended(startedAtMs, error.message));
    child.once("exit", (code, signal) =>
      this.#ended(startedAtMs, signal === null ? `exit code ${code}` : `signal ${signal}`),
    );
  }

  /** Ends the process, by force where it does not follow. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    clearTimeout(this.#restart);
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((end) => child.once("exit", end));
    child.kill("SIGTERM");
    const force = setTimeout(() => child.kill("SIGKILL"), stopGraceMs);
    await ended;
    clearTimeout(force);
  }

  #ended(startedAtMs: number, what: string): void {
    if (this.#child === undefined) return;
    this.#child = undefined;
    rmSync(join(this.#options.directory, "pid"), { force: true });
    if (this.#isStopping) return;
    this.#options.onExit(what);
    if (performance.now() - startedAtMs > restartDelayMaxMs) this.#delayMs = restartDelayMinMs;
    this.#restart = setTimeout(() => this.start(), this.#delayMs);
    this.#delayMs = Math.min(2 * this.#delayMs, restartDelayMaxMs);
  }
}

function isReady(message: unknown): message is ExtensionReady {
  return typeof message === "object" && message !== null && "type" in message && message.type === "annex-ready";
}
