// `annex up` as a process of its own, with the real kubectl in front of it.

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type KubectlResult, runKubectl } from "./kubectl.ts";

const root = join(import.meta.dirname, "../..");
const startTimeoutMs = 60_000;

export interface UpProcess extends AsyncDisposable {
  readonly dataDirectory: string;
  readonly port: number;
  /** Everything that it has printed. */
  readonly output: () => string;
  /** Runs kubectl with its kubeconfig. `input` is its standard input. */
  kubectl(args: readonly string[], input?: string): KubectlResult;
  /** Ends it with Ctrl-C; resolves to the exit code. */
  interrupt(): Promise<number | null>;
}

interface UpOptions {
  /** Of an earlier run, for the next one to go on with. */
  readonly dataDirectory?: string;
  /** Default: wardle. */
  readonly extensions?: readonly string[];
}

/** Starts `annex up` with extensions. */
export async function startUp({
  dataDirectory = mkdtempSync(join(tmpdir(), "annex-up-")),
  extensions = ["examples/wardle/server.ts"],
}: UpOptions = {}): Promise<UpProcess> {
  const port = await freePort();
  const child = spawn(
    process.execPath,
    [
      "--conditions=annex-source",
      "src/cli/main.ts",
      "up",
      "--data-dir",
      dataDirectory,
      "--secure-port",
      String(port),
      ...extensions.flatMap((extension) => ["--extension", extension]),
    ],
    { cwd: root, stdio: ["ignore", "pipe", "pipe"] },
  );
  let printed = "";
  let complained = "";
  const ended = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
  child.stderr.on("data", (chunk) => {
    complained += chunk;
  });
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`annex up was not ready in time: ${printed}${complained}`)),
      startTimeoutMs,
    );
    child.stdout.on("data", (chunk) => {
      printed += chunk;
      if (!/ready in \d+ ms\n(.*\n){3}/.test(printed)) return;
      clearTimeout(timer);
      resolve();
    });
    child.once("exit", (code) => reject(new Error(`annex up ended with code ${code}: ${printed}${complained}`)));
  });
  const interrupt = () => {
    child.kill("SIGINT");
    return ended;
  };
  return {
    dataDirectory,
    port,
    output: () => printed,
    kubectl: (args, input) =>
      runKubectl(args, { kubeconfig: join(dataDirectory, "kubeconfig"), ...(input === undefined ? {} : { input }) }),
    interrupt,
    async [Symbol.asyncDispose]() {
      await interrupt();
      rmSync(dataDirectory, { recursive: true, force: true });
    },
  };
}

/** The process id of the wardle server behind a control plane. */
export function wardlePid({ dataDirectory }: UpProcess): number {
  return Number(readFileSync(join(dataDirectory, "extensions/wardle/pid"), "utf8"));
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** Asks again until it is so; fails with `what` after half a minute. */
export async function eventually(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + 30_000;
  while (!(await isSo())) {
    if (performance.now() > deadlineMs) throw new Error(`not within 30 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
