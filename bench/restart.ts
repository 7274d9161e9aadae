// What a server with many objects costs to start and to keep.

import { execFileSync } from "node:child_process";
import { openLoad } from "./load.ts";
import { memoryOf } from "./measure.ts";
import { phases } from "./phases.ts";
import { startTarget, type Target } from "./targets.ts";

/** Fills a server, starts it again, and prints what that took. Its name must be one that is started here. */
export async function restart(name: string, objects: number): Promise<void> {
  let target: Target = await startTarget(name, {});
  try {
    const emptyMiB = memoryOf(target.pid).ownMiB;
    const emptyStartMs = target.startMs ?? Number.NaN;
    const load = await openLoad(target, { isHttp1: false });
    const { errors } = await phases.create(load, { objects, watchers: 0 });
    load.close();
    if (target.restart === undefined)
      throw new TypeError(`Cannot start "${name}" again as it must have been started here`);
    target = await target.restart();
    const filledMiB = memoryOf(target.pid).ownMiB;
    process.stdout.write(
      [
        `${name} with ${objects} objects (${errors} errors):`,
        `start to ready ${format(target.startMs)} ms, empty ${format(emptyStartMs)} ms;`,
        `own memory ${format(filledMiB)} MiB, empty ${format(emptyMiB)} MiB: ${format(((filledMiB - emptyMiB) * 1024 * 1024) / objects)} bytes per object;`,
        `files ${format(sizeMiB(target.directory))} MiB\n`,
      ].join(" "),
    );
  } finally {
    await target.stop();
  }
}

function format(value: number | undefined): string {
  return value === undefined ? "-" : value.toFixed(0);
}

/** As the disk counts it. Of etcd only what the server itself keeps. */
function sizeMiB(directory: string | undefined): number | undefined {
  if (directory === undefined) return undefined;
  return Number(execFileSync("du", ["-sk", directory], { encoding: "utf8" }).split("\t")[0]) / 1024;
}
