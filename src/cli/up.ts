// `annex up`: a control plane in the foreground, until Ctrl-C.

import { mkdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { startControlPlane } from "../control-plane/door.ts";
import { staticTokens, stderrLogger } from "../server/door.ts";
import { explain } from "./explain.ts";
import { writePrivateFile } from "./private-file.ts";

export interface UpOptions {
  readonly securePort: string;
  readonly bindAddress: string;
  readonly dataDir: string;
  readonly extension: readonly string[];
  readonly serviceClusterIpRange: string;
  readonly tokenAuthFile?: string;
}

/** Runs until a signal comes. Sets exit code 1 and prints one line where it cannot start. */
export async function up(options: UpOptions): Promise<void> {
  const startedAtMs = performance.now();
  const say = (line: string) => process.stdout.write(`${line}\n`);
  const dataDirectory = resolve(options.dataDir);
  const port = Number(options.securePort);
  say(
    `annex: starting a control plane${options.extension.length === 0 ? "" : ` with ${options.extension.join(", ")}`}`,
  );
  say(`state: ${dataDirectory}`);
  try {
    if (!Number.isInteger(port) || port < 0 || port > 65_535)
      throw new RangeError(`--secure-port must be a port number: ${options.securePort}`);
    mkdirSync(dataDirectory, { recursive: true, mode: 0o700 });
    const plane = await startControlPlane({
      dataDirectory,
      securePort: port,
      bindAddress: options.bindAddress,
      extensions: options.extension,
      serviceClusterIpRange: options.serviceClusterIpRange,
      ...(options.tokenAuthFile === undefined
        ? {}
        : { tokens: staticTokens(readFileSync(options.tokenAuthFile, "utf8")) }),
      onAvailable: (name, apiServices) => say(`${name}: available as ${apiServices.join(", ")}`),
      logger: stderrLogger("annex"),
    });
    stopOnSignals(async () => plane[Symbol.asyncDispose]());
    const kubeconfig = join(dataDirectory, "kubeconfig");
    writePrivateFile(kubeconfig, plane.kubeconfig);
    writePrivateFile(join(dataDirectory, "pid"), `${process.pid}\n`);
    say(`control plane: available at ${plane.url}`);
    say(`ready in ${Math.round(performance.now() - startedAtMs)} ms`);
    for (const command of nextCommands(relative(process.cwd(), kubeconfig) || kubeconfig, options.extension.length > 0))
      say(command);
  } catch (error) {
    process.stderr.write(`annex: ${explain(error)}\n`);
    process.exit(1);
  }
}

/** Ends within two seconds: everything gets one, then the process ends anyway. */
const stopTimeoutMs = 1_800;

function stopOnSignals(stop: () => Promise<void>): void {
  let isStopping = false;
  const end = () => {
    if (isStopping) return;
    isStopping = true;
    setTimeout(() => process.exit(0), stopTimeoutMs).unref();
    stop().then(
      () => process.exit(0),
      () => process.exit(0),
    );
  };
  process.on("SIGINT", end);
  process.on("SIGTERM", end);
}

function nextCommands(kubeconfig: string, hasExtension: boolean): string[] {
  const first = `export KUBECONFIG=${kubeconfig}`;
  if (!hasExtension) return [first, "kubectl get apiservices", "kubectl get namespaces"];
  return [first, "kubectl get apiservices", "kubectl create -f examples/wardle/flunder.yaml"];
}
