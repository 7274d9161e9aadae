// A real etcd for a test: on loopback, on ports of its own, with a directory that goes when the test ends.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Host, makeHosts } from "./hosts.ts";

/** What a test context and a suite's hooks have in common. */
export interface Owner {
  /** Registers what has to end with the owner. */
  after(end: () => void | Promise<void>): void;
}

export interface EtcdOptions {
  /** Further arguments, such as "--quota-backend-bytes=16777216". */
  readonly arguments?: readonly string[];
  /** Where the first member listens. Default: a free port. */
  readonly port?: number;
  /** Files in PEM for TLS with client certificates. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string; readonly clientCaFile: string };
}

const program =
  process.env.ANNEX_ETCD ?? ["/usr/bin/etcd", "/usr/local/bin/etcd"].find((path) => existsSync(path)) ?? "etcd";

/** Starts one etcd and answers its endpoint, such as "http://127.0.0.1:43210". It ends with its owner. */
export async function startEtcd(owner: Owner, options: EtcdOptions = {}): Promise<string> {
  const [member] = await startEtcdCluster(owner, { ...options, size: 1 });
  if (member === undefined) throw new Error("Cannot start etcd");
  return member.endpoint;
}

/** One member of a cluster, which a test may kill and start again. */
export interface EtcdMember {
  readonly name: string;
  readonly endpoint: string;
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>;
  /** Starts it again with its data. Resolves when it answers. */
  start(): Promise<void>;
  /** Stops it from running, or lets it go on. */
  signal(signal: "SIGSTOP" | "SIGCONT"): void;
  /** Cuts it off from the others and from us: nobody is told. Without hosts of their own it is stopped instead. */
  cut(): void;
  heal(): void;
  /** Whether it leads its cluster, as it says itself. False where it does not answer. */
  isLeader(): Promise<boolean>;
}

/** Starts a cluster and answers its members. */
export async function startEtcdCluster(
  owner: Owner,
  {
    size,
    tls,
    port,
    arguments: extra = [],
    hasHosts = false,
  }: EtcdOptions & {
    readonly size: number;
    /** Whether each member is a host of its own, where this process may make hosts. */
    readonly hasHosts?: boolean;
  },
): Promise<EtcdMember[]> {
  const directory = mkdtempSync(join(tmpdir(), "annex-etcd-"));
  const hosts = hasHosts ? makeHosts(owner, size) : undefined;
  const ports = await freePorts(2 * size);
  const scheme = tls === undefined ? "http" : "https";
  const plans = Array.from({ length: size }, (_, i) => {
    const address = hosts?.[i]?.address ?? "127.0.0.1";
    return {
      name: `member-${i}`,
      host: hosts?.[i],
      endpoint: `${scheme}://${address}:${i === 0 && port !== undefined ? port : ports[2 * i]}`,
      peer: `http://${address}:${ports[2 * i + 1]}`,
    };
  });
  const cluster = plans.map(({ name, peer }) => `${name}=${peer}`).join(",");
  const members = plans.map(({ name, host, endpoint, peer }) => {
    const base = [`--name=${name}`, `--data-dir=${join(directory, name)}`, `--initial-cluster=${cluster}`];
    const listen = [`--listen-client-urls=${endpoint}`, `--advertise-client-urls=${endpoint}`];
    const peers = [`--listen-peer-urls=${peer}`, `--initial-advertise-peer-urls=${peer}`];
    const args = [...base, ...listen, ...peers, "--log-level=error", ...tlsArguments(tls), ...extra];
    return new Process({ name, endpoint, host, args });
  });
  owner.after(async () => {
    await Promise.all(members.map((member) => member.kill()));
    rmSync(directory, { recursive: true, force: true });
  });
  await Promise.all(members.map((member) => member.start()));
  return members;
}

interface Plan {
  readonly name: string;
  readonly endpoint: string;
  readonly host: Host | undefined;
  readonly args: readonly string[];
}

class Process implements EtcdMember {
  readonly name: string;
  readonly endpoint: string;
  readonly #host: Host | undefined;
  readonly #commandLine: readonly string[];
  #child: ChildProcess | undefined;

  constructor({ name, endpoint, host, args }: Plan) {
    this.name = name;
    this.endpoint = endpoint;
    this.#host = host;
    this.#commandLine = [...(host?.command ?? []), program, ...args];
  }

  async start(): Promise<void> {
    const [command = program, ...args] = this.#commandLine;
    const child = spawn(command, args, { stdio: ["ignore", "ignore", "pipe"] });
    this.#child = child;
    let errors = "";
    child.stderr.on("data", (chunk) => {
      errors = `${errors}${chunk}`.slice(-2_000);
    });
    const [failed] = await Promise.race([
      once(child, "error"),
      answering(this.endpoint, child).then(() => [undefined]),
    ]);
    if (failed !== undefined) {
      throw new Error(`Cannot start etcd as ${program} must be there: install etcd, or name it in ANNEX_ETCD`, {
        cause: failed,
      });
    }
    if (child.exitCode !== null) throw new Error(`Cannot start etcd: it ended with ${child.exitCode}: ${errors}`);
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  }

  signal(signal: "SIGSTOP" | "SIGCONT"): void {
    this.#child?.kill(signal);
  }

  cut(): void {
    if (this.#host === undefined) this.signal("SIGSTOP");
    else this.#host.cut();
  }

  heal(): void {
    if (this.#host === undefined) this.signal("SIGCONT");
    else this.#host.heal();
  }

  async isLeader(): Promise<boolean> {
    try {
      const answer = await fetch(`${this.endpoint}/v3/maintenance/status`, {
        method: "POST",
        body: "{}",
        signal: AbortSignal.timeout(statusTimeoutMs),
      });
      const status: { leader?: string; header?: { member_id?: string } } = Object(await answer.json());
      return status.leader !== undefined && status.leader === status.header?.member_id;
    } catch {
      return false;
    }
  }
}

const statusTimeoutMs = 500;

function tlsArguments(tls: EtcdOptions["tls"]): string[] {
  if (tls === undefined) return [];
  return [
    `--cert-file=${tls.certFile}`,
    `--key-file=${tls.keyFile}`,
    "--client-cert-auth",
    `--trusted-ca-file=${tls.clientCaFile}`,
  ];
}

/** Resolves when something listens at the endpoint, or the process is gone. */
async function answering(endpoint: string, child: ChildProcess): Promise<void> {
  const { hostname, port } = new URL(endpoint);
  const { connect } = await import("node:net");
  while (child.exitCode === null && child.signalCode === null) {
    const isListening = await new Promise<boolean>((resolve) => {
      const socket = connect(Number(port), hostname);
      socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
      socket.once("connect", () => socket.destroy());
    });
    if (isListening) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Ports that nobody uses at this moment. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return ports;
}
