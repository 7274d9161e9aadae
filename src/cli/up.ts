// `annex up`: a control plane in the foreground, until Ctrl-C.

import { flushCompileCache } from "node:module";
import { join, relative, resolve } from "node:path";
import { ensureDirectory } from "../base/directories.ts";
import { startControlPlane } from "../control-plane/door.ts";
import { keepHeapSmall, stderrLogger } from "../server/door.ts";
import { defineCommand, say } from "./command.ts";
import { configuredControlPlane } from "./configured-control-plane.ts";
import { upInBackground } from "./detach.ts";
import { explain } from "./explain.ts";
import { nextCommands } from "./next-commands.ts";
import { forgetProcess, rememberProcess } from "./pid-file.ts";
import { writePrivateFile } from "./private-file.ts";
import { Shutdown } from "./shutdown.ts";
import { type UpFlags, upFlags } from "./up-flags.ts";

export const up = defineCommand({
  usage: "annex up [flags]",
  about: "Starts a control plane with the aggregation layer, and extension servers behind it.\nCtrl-C ends it all.",
  flags: upFlags,
  run: (flags) => (flags.isSet("detach") ? upInBackground(flags) : upInForeground(flags)),
});

async function upInForeground(flags: UpFlags): Promise<number> {
  const startedAtMs = performance.now();
  keepHeapSmall();
  const dataDirectory = resolve(flags.text("data-dir") ?? "");
  const extensions = flags.list("extension");
  say(`annex: starting a control plane${extensions.length === 0 ? "" : ` with ${extensions.join(", ")}`}`);
  say(`state: ${dataDirectory}`);
  const logger = stderrLogger("annex", flags.integer("v") >= 2);
  const shutdown = new Shutdown();
  const owned = new AsyncDisposableStack();
  try {
    ensureDirectory(dataDirectory);
    const plane = owned.use(
      await startControlPlane({
        ...configuredControlPlane(flags, { dataDirectory, logger, owned }),
        signal: shutdown.signal,
        onAvailable: (name, apiServices) => say(`${name}: available as ${apiServices.join(", ")}`),
        onReload: (name, fault) =>
          say(fault === undefined ? `${name}: reloaded` : `${name}: not reloaded, the old version runs on: ${fault}`),
      }),
    );
    const kubeconfig = join(dataDirectory, "kubeconfig");
    writePrivateFile(kubeconfig, plane.kubeconfig);
    rememberProcess(dataDirectory);
    owned.defer(() => forgetProcess(dataDirectory));
    say(`control plane: available at ${plane.url}`);
    say(`ready in ${Math.round(performance.now() - startedAtMs)} ms`);
    for (const command of nextCommands(relative(process.cwd(), kubeconfig) || kubeconfig, extensions)) say(command);
    process.send?.({ type: "annex-up" });
    flushCompileCache();
    await shutdown.asked;
  } catch (error) {
    if (!shutdown.signal.aborted) {
      process.stderr.write(`annex: ${explain(error)}\n`);
      await owned.disposeAsync();
      return 1;
    }
  }
  await owned.disposeAsync();
  return 0;
}

/** What to try: an object of the extension's own, where its author has left one beside it. */
