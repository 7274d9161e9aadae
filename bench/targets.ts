// The servers that can be measured: our own, started here, and any other that runs already.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseKubeconfig } from "annex/client";
import { startUp } from "../test/support/control-plane.ts";
import { startEtcd } from "../test/support/etcd.ts";
import { pki, startWardle } from "../test/support/wardle.ts";

export interface Target {
  readonly label: string;
  readonly url: string;
  /** Of the client, in PEM. */
  readonly cert: string;
  readonly key: string;
  /** The process whose CPU and memory count. */
  readonly pid: number;
  /** From its start until it answered. Undefined for a server that ran already. */
  readonly startMs: number | undefined;
  stop(): Promise<void>;
}

interface Running {
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly pid?: string | undefined;
}

/** Starts `embedded`, `etcd` or `aggregated`; takes anything else for the URL of a server that runs. */
export async function startTarget(name: string, running: Running): Promise<Target> {
  switch (name) {
    case "embedded":
      return wardle(name, (directory) => ["--data-dir", join(directory, "data")]);
    case "etcd": {
      const ends: (() => void | Promise<void>)[] = [];
      const endpoint = await startEtcd({ after: (end) => ends.push(end) });
      return wardle(
        name,
        () => ["--etcd-servers", endpoint],
        async () => {
          for (const end of ends) await end();
        },
      );
    }
    case "aggregated":
      return controlPlane(name);
    default:
      return runningServer(name, running);
  }
}

async function wardle(
  label: string,
  storage: (directory: string) => readonly string[],
  afterwards: () => Promise<void> = async () => {},
): Promise<Target> {
  const startedMs = performance.now();
  const server = await startWardle({ storage });
  return {
    label,
    url: `https://127.0.0.1:${server.port}`,
    cert: readFileSync(join(pki, "admin.crt"), "utf8"),
    key: readFileSync(join(pki, "admin.key"), "utf8"),
    pid: server.pid,
    startMs: performance.now() - startedMs,
    async stop() {
      await server[Symbol.asyncDispose]();
      await afterwards();
    },
  };
}

async function controlPlane(label: string): Promise<Target> {
  const startedMs = performance.now();
  const plane = await startUp();
  const { server, clientCertificate } = parseKubeconfig(readFileSync(join(plane.dataDirectory, "kubeconfig"), "utf8"));
  return {
    label,
    url: server,
    cert: clientCertificate?.cert ?? "",
    key: clientCertificate?.key ?? "",
    pid: Number(readFileSync(join(plane.dataDirectory, "pid"), "utf8")),
    startMs: performance.now() - startedMs,
    stop: async () => plane[Symbol.asyncDispose](),
  };
}

function runningServer(url: string, { cert, key, pid }: Running): Target {
  if (!URL.canParse(url) || cert === undefined || key === undefined || pid === undefined)
    throw new TypeError(
      `Cannot measure "${url}" as it must be embedded, etcd, aggregated, or a URL with --cert, --key and --pid`,
    );
  return {
    label: new URL(url).host,
    url,
    cert: readFileSync(cert, "utf8"),
    key: readFileSync(key, "utf8"),
    pid: Number(pid),
    startMs: undefined,
    stop: async () => {},
  };
}
