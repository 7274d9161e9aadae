// `annex status`: what runs on a data directory, in columns as kubectl prints them.

import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { apiServices } from "../aggregator/door.ts";
import type { ApiObject } from "../api/door.ts";
import { recordOf } from "../base/record.ts";
import { type Client, loadKubeconfig } from "../client/door.ts";
import { formatColumns } from "./columns.ts";
import { dataDirectoryFlag, defineCommand, say } from "./command.ts";
import { connect } from "./connect.ts";
import { processIn, runningProcess } from "./pid-file.ts";

/** A control plane that has not answered by then is told as one that does not. */
const answerMsMax = 5_000;

export const status = defineCommand({
  usage: "annex status [flags]",
  about:
    "Shows what runs on a data directory: servers, and APIServices with what is the matter with them.\nThe exit code is 1 where nothing runs.",
  flags: { "data-dir": dataDirectoryFlag },
  async run(flags) {
    const dataDirectory = resolve(flags.text("data-dir") ?? "");
    const pid = runningProcess(dataDirectory);
    if (pid === undefined) {
      say(`nothing runs on ${dataDirectory}`);
      return 1;
    }
    using client = connect(dataDirectory);
    const objects = await listApiServices(client);
    say(formatColumns([["SERVER", "PID", "ADDRESS", "DATA"], ...servers(dataDirectory, pid)]));
    say("");
    say(formatColumns([["APISERVICE", "SERVICE", "AVAILABLE", "REASON", "MESSAGE"], ...objects.map(apiServiceRow)]));
    return 0;
  },
});

async function listApiServices(client: Client): Promise<readonly ApiObject[]> {
  const { items } = await client.resource(apiServices.kind, "v1").list({ signal: AbortSignal.timeout(answerMsMax) });
  return items;
}

function servers(dataDirectory: string, pid: number): string[][] {
  const { server } = loadKubeconfig({ path: join(dataDirectory, "kubeconfig") });
  const folder = join(dataDirectory, "extensions");
  const names = existsSync(folder) ? readdirSync(folder).sort() : [];
  return [
    ["control-plane", String(pid), server, dataDirectory],
    ...names.map((name) => {
      const extensionPid = processIn(join(folder, name, "pid"));
      return [name, extensionPid === undefined ? "" : String(extensionPid), `${name}/api`, join(folder, name)];
    }),
  ];
}

function apiServiceRow({ metadata, spec, status: said }: ApiObject): string[] {
  const { service } = recordOf(spec);
  const conditions: unknown = recordOf(said).conditions;
  const condition = Array.isArray(conditions)
    ? conditions.map(recordOf).find(({ type }) => type === "Available")
    : undefined;
  const { namespace, name } = recordOf(service);
  return [
    metadata.name ?? "",
    service === undefined ? "Local" : `${namespace}/${name}`,
    String(condition?.status ?? "Unknown"),
    String(condition?.reason ?? ""),
    String(condition?.message ?? ""),
  ];
}
