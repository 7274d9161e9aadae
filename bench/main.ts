// `npm run bench`: what each operation costs a server, measured from outside.
//   npm run bench -- embedded etcd                 two servers in turn, phase by phase, with the ratio of their costs
//   npm run bench -- aggregated                    the same through the control plane: the cost of its process alone
//   npm run bench -- https://HOST:PORT --cert FILE --key FILE --pid PID     any other implementation
//   npm run bench -- --restart --objects 100000    starting with many objects, and keeping them
//   npm run bench -- --soak 30                     half an hour of everything
// Figures are of the server's process: CPU milliseconds per operation (user and system), resident memory; the load comes from this process.

import { parseArgs } from "node:util";
import { compileCacheDirectory } from "../test/support/compile-cache.ts";
import { openLoad } from "./load.ts";
import { type Measured, measure, memoryOf } from "./measure.ts";
import { type PhaseName, phaseNames, phases } from "./phases.ts";
import { heading, row } from "./report.ts";
import { restart } from "./restart.ts";
import { Runs } from "./runs.ts";
import { soak } from "./soak.ts";
import { startTarget, type Target } from "./targets.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    objects: { type: "string", default: "10000" },
    watchers: { type: "string", default: "100" },
    phases: { type: "string" },
    runs: { type: "string", default: "1" },
    http1: { type: "boolean", default: false },
    soak: { type: "string" },
    restart: { type: "boolean", default: false },
    cert: { type: "string" },
    key: { type: "string" },
    pid: { type: "string" },
  },
});

const chosen = (values.phases?.split(",") ?? phaseNames).map((name) => {
  if (!isPhase(name))
    throw new TypeError(`Cannot run the phase "${name}" as it must be one of ${phaseNames.join(", ")}`);
  return name;
});

// Servers in production start with what was compiled before; the first start of a bench fills it.
process.env.NODE_COMPILE_CACHE ??= compileCacheDirectory;

const names = positionals.length === 0 ? ["embedded"] : positionals;
if (values.restart) for (const name of names) await restart(name, Number(values.objects));
else {
  const runs = Number(values.runs);
  const measured = new Runs();
  for (let run = 0; run < runs; run++) {
    const targets: Target[] = [];
    try {
      for (const name of names) targets.push(await startTarget(name, values));
      await benchmark(targets, measured);
    } finally {
      for (const target of targets) await target.stop();
    }
  }
  if (runs > 1) process.stdout.write(`\n${runs} runs, medians by CPU\n${heading}\n${measured.medians().join("\n")}\n`);
}

async function benchmark(targets: readonly Target[], runs: Runs): Promise<void> {
  const size = { objects: Number(values.objects), watchers: Number(values.watchers) };
  const loads = await Promise.all(targets.map((target) => openLoad(target, { isHttp1: values.http1 })));
  for (const { label, startMs, pid } of targets) {
    const { residentMiB, ownMiB } = memoryOf(pid);
    const start = startMs === undefined ? "" : `ready after ${startMs.toFixed(0)} ms, `;
    const idle = `idle ${residentMiB.toFixed(0)} MiB, own ${ownMiB.toFixed(0)} MiB`;
    process.stdout.write(`${label}: ${start}${idle}, process ${pid}\n`);
  }
  try {
    if (values.soak !== undefined) {
      for (const [i, load] of loads.entries())
        await soak(load, targets[i]?.pid ?? 0, { ...size, minutes: Number(values.soak) });
      return;
    }
    process.stdout.write(`${heading}\n`);
    for (const name of chosen) {
      let first: Measured | undefined;
      for (const [i, load] of loads.entries()) {
        const target = targets[i];
        if (target === undefined) continue;
        const measured = await measure(target.pid, () => phases[name](load, size));
        process.stdout.write(`${row({ name, label: target.label, measured, comparedTo: first })}\n`);
        runs.add(name, target.label, measured);
        first ??= measured;
      }
    }
  } finally {
    for (const load of loads) load.close();
  }
}

function isPhase(name: string): name is PhaseName {
  return Object.hasOwn(phases, name);
}
