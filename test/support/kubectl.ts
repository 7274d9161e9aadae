// The real kubectl: the machine's own, and an older one from Debian's packages that `npm test` unpacks beside it.

import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";

const root = join(import.meta.dirname, "../..");
const timeoutMs = 60_000;

/** Where `npm test` unpacks Debian's kubectl, of version 1.20. */
export const olderKubectl = join(root, "node_modules/.cache/older-kubectl/usr/bin/kubectl");

export interface KubectlResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface KubectlOptions {
  readonly kubeconfig: string;
  /** Default: the one on the path. */
  readonly program?: string;
  /** Its standard input. */
  readonly input?: string;
  /** Of the command that `kubectl edit` opens. */
  readonly editor?: string;
}

/** Runs kubectl to its end, in the project's root, with a discovery cache beside the kubeconfig. */
export function runKubectl(args: readonly string[], options: KubectlOptions): KubectlResult {
  const { kubeconfig, program = "kubectl", input, editor = "false" } = options;
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd: root,
    env: { ...environmentOf(kubeconfig), KUBE_EDITOR: editor },
    encoding: "utf8",
    timeout: timeoutMs,
    ...(input === undefined ? {} : { input }),
  });
  if (error !== undefined)
    throw new Error(`Cannot run ${program}: run npm test once, which provides it`, { cause: error });
  return { status: status ?? -1, stdout: withoutNamespace(stdout), stderr };
}

/** A newer kubectl says from where it deleted; the tests are about the server, and speak as the others do. */
function withoutNamespace(stdout: string): string {
  return stdout.replace(/("[^"]*" (?:force )?deleted) from \S+ namespace/g, "$1");
}

/** Where kubectl finds its configuration, and keeps what it has discovered. */
export function environmentOf(kubeconfig: string): NodeJS.ProcessEnv {
  return { ...process.env, KUBECONFIG: kubeconfig, HOME: dirname(kubeconfig) };
}
