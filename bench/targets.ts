// The servers that can be measured: our own, started here, and any other that runs already.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
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
  /** Where it keeps what it has, for a server that was started here. */
  readonly directory?: string;
  /** Ends it and starts it again with what it has. */
  readonly restart?: () => Promise<Target>;
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
      return wardle({ label: name, storage: (directory) => ["--data-dir", join(directory, "data")] });
    case "etcd": {
      const ends: (() => void | Promise<void>)[] = [];
      const endpoint = await startEtcd({ after: (end) => ends.push(end) });
      return wardle({
        label: name,
        storage: () => ["--etcd-servers", endpoint],
        async afterwards() {
          for (const end of ends) await end();
        },
      });
    }
    case "aggregated":
      return controlPlane(name);
    default:
      return runningServer(name, running);
  }
}

/** As in a cluster, where a server gets its certificate. Making one loads a library of 20 MB. */
const certificate = ["--tls-cert-file", join(pki, "sample.crt"), "--tls-private-key-file", join(pki, "sample.key")];

interface WardleTarget {
  readonly label: string;
  readonly storage: (directory: string) => readonly string[];
  readonly directory?: string;
  readonly afterwards?: () => Promise<void>;
}

async function wardle({
  label,
  storage,
  directory = mkdtempSync(join(tmpdir(), "annex-bench-")),
  afterwards = async () => {},
}: WardleTarget): Promise<Target> {
  const startedMs = performance.now();
  const server = await startWardle({ storage, directory, more: certificate });
  return {
    label,
    url: `https://127.0.0.1:${server.port}`,
    cert: readFileSync(join(pki, "admin.crt"), "utf8"),
    key: readFileSync(join(pki, "admin.key"), "utf8"),
    pid: server.pid,
    startMs: performance.now() - startedMs,
    directory,
    async restart() {
      await server[Symbol.asyncDispose]();
      return wardle({ label, storage, directory, afterwards });
    },
    async stop() {
      await server[Symbol.asyncDispose]();
      await afterwards();
      rmSync(directory, { recursive: true, force: true });
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
