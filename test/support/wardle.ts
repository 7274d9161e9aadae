// A wardle server as a process of its own, for tests that look at it from outside.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sleep } from "./faults.ts";

const root = join(import.meta.dirname, "../..");
/** Throwaway keys for tests on the loopback. */
export const pki = join(root, "test/conformance/fixtures/world/pki");

export interface WardleProcess extends AsyncDisposable {
  readonly port: number;
  readonly pid: number;
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>;
}

interface WardleOptions {
  /** The flags for where objects live. */
  readonly storage: (directory: string) => readonly string[];
  readonly more?: readonly string[];
  /** Where it keeps what it has, for the next one to find. Default: a directory that goes with it. */
  readonly directory?: string;
  /** Where to listen. With it a server counts as started once it listens there, ready or not. */
  readonly port?: number;
}

interface WardleFlags {
  readonly flags: readonly string[];
  /** As in the options of `startWardle()`. */
  readonly port?: number;
}

/** Starts a server on a free port, with the recorded world's authorities. */
export async function startWardle({
  storage,
  more = [],
  directory: kept,
  port: wanted,
}: WardleOptions): Promise<WardleProcess> {
  const directory = kept ?? mkdtempSync(join(tmpdir(), "annex-wardle-"));
  const wardle = await runWardle({
    ...(wanted === undefined ? {} : { port: wanted }),
    flags: [
      "--cert-dir",
      join(directory, "cert"),
      "--client-ca-file",
      join(pki, "client-ca.crt"),
      "--requestheader-client-ca-file",
      join(pki, "front-proxy-ca.crt"),
      "--requestheader-allowed-names",
      "front-proxy",
      "--authentication-skip-lookup",
      ...storage(directory),
      ...more,
    ],
  });
  return {
    ...wardle,
    async [Symbol.asyncDispose]() {
      await wardle[Symbol.asyncDispose]();
      if (kept === undefined) rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Starts a server on the loopback with flags of the test's own. */
export async function runWardle({ flags, port: wanted }: WardleFlags): Promise<WardleProcess> {
  const listen = ["--secure-port", String(wanted ?? 0), "--bind-address", "127.0.0.1"];
  const child = spawn(
    process.execPath,
    ["--conditions=annex-source", join(root, "examples/wardle/server.ts"), ...listen, ...flags],
    { stdio: ["ignore", "inherit", "inherit", "ipc"] },
  );
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const port = await new Promise<number>((resolve, reject) => {
    child.once("message", (message) => resolve(portOf(message)));
    if (wanted !== undefined) void listening(wanted, child).then(() => resolve(wanted));
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`the wardle server ended with code ${code} before it was ready`)));
  });
  return {
    port,
    pid: child.pid ?? 0,
    kill() {
      child.kill("SIGKILL");
      return ended;
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

/** Resolves when something listens at the port, or the process is gone. */
async function listening(port: number, child: ChildProcess): Promise<void> {
  while (child.exitCode === null && child.signalCode === null) {
    const isListening = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1");
      socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
      socket.once("connect", () => socket.destroy());
    });
    if (isListening) return;
    await sleep(20);
  }
}

function portOf(message: unknown): number {
  if (typeof message === "object" && message !== null && "port" in message && typeof message.port === "number")
    return message.port;
  throw new TypeError("Cannot read the ready message of a wardle server as it must name the port");
}
