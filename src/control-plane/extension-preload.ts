// Loaded by Node before the file of an extension server: tells the control plane which files that one imports, and ends with its parent.

import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";

/** A server that hangs when its parent is gone gets this long to end by itself, as `runServer` does. */
const orphanMsMax = 3_000;
const ownSource = new URL("..", import.meta.url).href;
const imported: string[] = [];

registerHooks({
  load(url, context, nextLoad) {
    if (url.startsWith("file:") && !url.includes("/node_modules/") && !url.startsWith(ownSource)) report(url);
    return nextLoad(url, context);
  },
});

process.once("disconnect", () => setTimeout(() => process.exit(1), orphanMsMax).unref());
process.channel?.unref();

/** Everything that is imported in one go is told in one message. */
function report(url: string): void {
  if (imported.push(fileURLToPath(url)) > 1) return;
  queueMicrotask(() => process.send?.({ type: "annex-imports", files: imported.splice(0) }));
}
