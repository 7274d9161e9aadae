// `annex down`: ends the control plane that runs on a data directory.

import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { dataDirectoryFlag, defineCommand, say } from "./command.ts";
import { connect } from "./connect.ts";
import { lives, runningProcess } from "./pid-file.ts";

export const down = defineCommand({
  usage: "annex down [flags]",
  about: "Stops the control plane that runs on a data directory, with its extension servers. Objects stay.",
  flags: { "data-dir": dataDirectoryFlag },
  async run(flags) {
    const dataDirectory = resolve(flags.text("data-dir") ?? "");
    const pid = runningProcess(dataDirectory);
    if (pid === undefined) {
      say(`nothing runs on ${dataDirectory}`);
      return 0;
    }
    await requireOurs(dataDirectory, pid);
    process.kill(pid, "SIGTERM");
    const isGone = await ended(pid);
    say(isGone ? `stopped process ${pid}` : `process ${pid} does not end; kill -9 ${pid} ends it by force`);
    return isGone ? 0 : 1;
  },
});

/** After a crash another program may have the number by now: only one that answers as the control plane does is ended. */
async function requireOurs(dataDirectory: string, pid: number): Promise<void> {
  try {
    using client = connect(dataDirectory);
    await client.json({ method: "GET", path: "/version", signal: AbortSignal.timeout(answerMsMax) });
  } catch (error) {
    throw new Error(`process ${pid} does not answer as the control plane of ${dataDirectory}; kill ${pid} ends it`, {
      cause: error,
    });
  }
}

const answerMsMax = 5_000;
/** `annex up` promises two seconds. */
const endMsMax = 5_000;
const pauseMs = 20;

async function ended(pid: number): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < endMsMax; waitedMs += pauseMs) {
    if (!lives(pid)) return true;
    await sleep(pauseMs);
  }
  return false;
}
