// `annex up --detach`: the same in the background. What it prints until it is ready comes here, and goes on in a log.

import { spawn } from "node:child_process";
import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { ensureDirectory } from "../base/directories.ts";
import { say } from "./command.ts";
import type { UpFlags } from "./up-flags.ts";

/** Resolves when it is ready, or has failed. */
export async function upInBackground(flags: UpFlags): Promise<number> {
  const dataDirectory = resolve(flags.text("data-dir") ?? "");
  ensureDirectory(dataDirectory);
  const logFile = join(dataDirectory, "log");
  const log = openSync(logFile, "a", 0o600);
  const loggedBytes = fstatSync(log).size;
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1), "--detach=false"], {
    detached: true,
    stdio: ["ignore", log, log, "ipc"],
  });
  closeSync(log);
  const isReady = await new Promise<boolean>((settle) => {
    child.once("message", () => settle(true));
    child.once("error", () => settle(false));
    child.once("exit", () => settle(false));
  });
  const printed = readFileSync(logFile).subarray(loggedBytes).toString();
  if (!isReady) {
    process.stderr.write(printed.trimEnd().split("\n").at(-1) ?? "");
    process.stderr.write("\n");
    return 1;
  }
  process.stdout.write(printed);
  say(`in the background as process ${child.pid}; its log is ${logFile}`);
  child.disconnect();
  child.unref();
  return 0;
}
