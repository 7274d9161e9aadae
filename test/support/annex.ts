// The command `annex` as a process, for tests that look at what it prints and how it ends.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

const root = join(import.meta.dirname, "../..");
const main = join(root, "src/cli/main.ts");

/** A folder that goes when the test ends. */
export function temporaryDirectory(t: Pick<TestContext, "after">): string {
  const directory = mkdtempSync(join(tmpdir(), "annex-cli-"));
  t.after(() => rmSync(directory, { recursive: true, force: true, maxRetries: 3 }));
  return directory;
}

export interface AnnexProcess {
  readonly pid: number;
  /** What it has printed so far. */
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Resolves when standard output has that; rejects where it ends before. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  signal(signal: "SIGINT" | "SIGTERM" | "SIGKILL"): void;
  /** Resolves to the exit code; null after a signal. */
  readonly ended: Promise<number | null>;
}

export interface AnnexOptions {
  readonly cwd?: string;
  /** Without the rights of root, where the test has them. */
  readonly asNobody?: boolean;
}

/** The user without rights, on every Linux. */
const nobody = 65_534;

/** Starts `annex` in a folder. What still runs when the test ends is killed. */
export function annex(
  t: Pick<TestContext, "after">,
  args: readonly string[],
  { cwd = root, asNobody = false }: AnnexOptions = {},
): AnnexProcess {
  const child = spawn(process.execPath, ["--conditions=annex-source", main, ...args], {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
    ...(asNobody ? { uid: nobody, gid: nobody } : {}),
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  const ended = once(child, "close").then(([code]: (number | null)[]) => code ?? null);
  let isEnded = false;
  void ended.then(() => {
    isEnded = true;
  });
  t.after(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  return {
    pid: child.pid ?? 0,
    stdout: () => stdout,
    stderr: () => stderr,
    async says(pattern) {
      for (;;) {
        const found = pattern.exec(stdout);
        if (found !== null) return found;
        if (isEnded) throw new Error(`annex ${args.join(" ")} has ended: ${stdout}${stderr}`);
        await Promise.race([once(child.stdout, "data"), ended]);
      }
    },
    signal: (name) => child.kill(name),
    ended,
  };
}

/** Runs a command to its end. */
export async function runAnnex(
  t: Pick<TestContext, "after">,
  args: readonly string[],
  options: AnnexOptions = {},
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  const running = annex(t, args, options);
  const code = await running.ended;
  return { code, stdout: running.stdout(), stderr: running.stderr() };
}

/** Whether a process lives. */
export function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** A whole API server of one resource, as its author writes it; `first` is run before it starts. */
export function gadgetServer({
  first = "",
  field = "size",
}: {
  readonly first?: string;
  readonly field?: string;
} = {}): string {
  const door = (room: string) => JSON.stringify(join(root, `src/${room}/door.ts`));
  return `
import { defineKind } from ${door("api")};
import { defineResource, runServer } from ${door("server")};
${first}
const gadget = defineKind({
  group: "gadgets.example.com",
  kind: "Gadget",
  scope: "Namespaced",
  versions: { v1: { schema: { type: "object", properties: { ${field}: { type: "integer" } } } } },
});
await runServer({ name: "gadgets", resources: [defineResource(gadget)] });
`;
}
