// A suite of what people type, for kubectl of two ages, on a wardle server that stands alone and on one behind the aggregation layer.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe } from "node:test";
import { startUp } from "./control-plane.ts";
import { environmentOf, type KubectlResult, olderKubectl, runKubectl } from "./kubectl.ts";
import { startWardle } from "./wardle.ts";
import { writeWardleKubeconfig } from "./wardle-kubeconfig.ts";

/** A test that waits for words that do not come has to end. */
const patienceMs = 30_000;

export interface Typing {
  /** Its standard input. */
  readonly input?: string;
  /** Of the command that `kubectl edit` opens. */
  readonly editor?: string;
}

export interface KubectlUser {
  /** The machine's own. The older one lacks some flags. */
  readonly isNew: boolean;
  readonly isAggregated: boolean;
  /** Runs it to its end. A command is typed as in a shell, with single quotes around what has spaces. */
  type(command: string, more?: Typing): KubectlResult;
  /** Runs what must succeed. Returns its output. */
  run(command: string, more?: Typing): string;
  /** Runs what must fail. Returns what it says then, without warnings. */
  refused(command: string, more?: Typing): string;
  /** Runs it until it is disposed. */
  start(command: string): RunningKubectl;
}

export interface RunningKubectl extends Disposable {
  /** Resolves when what it has printed, to either output, has that; rejects where it does not come. */
  says(pattern: RegExp): Promise<void>;
  readonly output: () => string;
}

/** Every suite begins without flunders and fischers. */
export function describeKubectl(what: string, tests: (user: KubectlUser) => void): void {
  const ended = new AsyncDisposableStack();
  let planeConfig = "";
  let wardleConfig = "";
  before(async () => {
    const directory = mkdtempSync(join(tmpdir(), "annex-kubectl-"));
    ended.defer(() => rmSync(directory, { recursive: true, force: true }));
    const storage = () => ["--data-dir", join(directory, "data")];
    const [plane, wardle] = await Promise.all([startUp(), startWardle({ storage, directory })]);
    ended.use(plane);
    ended.use(wardle);
    planeConfig = join(plane.dataDirectory, "kubeconfig");
    wardleConfig = writeWardleKubeconfig(directory, wardle.port);
  });
  after(() => ended.disposeAsync());

  for (const isAggregated of [false, true]) {
    for (const isNew of [true, false]) {
      const where = isAggregated ? "through the aggregation layer" : "on a server that stands alone";
      describe(`${isNew ? "kubectl" : "an older kubectl"} ${what} ${where}`, () => {
        const user = userOf({ isNew, isAggregated, kubeconfig: () => (isAggregated ? planeConfig : wardleConfig) });
        before(() => user.run("delete flunders,fischers --all"));
        tests(user);
      });
    }
  }
}

interface UserOptions {
  readonly isNew: boolean;
  readonly isAggregated: boolean;
  readonly kubeconfig: () => string;
}

function userOf({ isNew, isAggregated, kubeconfig }: UserOptions): KubectlUser {
  const program = isNew ? "kubectl" : olderKubectl;
  const type = (command: string, more: Typing = {}) =>
    runKubectl(wordsOf(command), { kubeconfig: kubeconfig(), program, ...more });
  return {
    isNew,
    isAggregated,
    type,
    run(command, more) {
      const { status, stdout, stderr } = type(command, more);
      assert.equal(status, 0, `kubectl ${command}: ${stderr}`);
      return stdout;
    },
    refused(command, more) {
      const { status, stdout, stderr } = type(command, more);
      assert.notEqual(status, 0, `kubectl ${command} was not refused: ${stdout}`);
      return stderr.replaceAll(/^Warning: .*\n/gm, "");
    },
    start: (command) => startKubectl(program, command, kubeconfig()),
  };
}

function startKubectl(program: string, command: string, kubeconfig: string): RunningKubectl {
  const child = spawn(program, wordsOf(command), { env: environmentOf(kubeconfig) });
  let output = "";
  const heard = new EventTarget();
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => {
      output += chunk;
      heard.dispatchEvent(new Event("more"));
    });
  const ended = once(child, "close");
  return {
    output: () => output,
    async says(pattern) {
      const signal = AbortSignal.timeout(patienceMs);
      while (!pattern.test(output)) {
        if (child.exitCode !== null || child.signalCode !== null)
          throw new Error(`kubectl ${command} has ended: ${output}`);
        if (signal.aborted) throw new Error(`kubectl ${command} has not said ${pattern}: ${output}`);
        await Promise.race([once(heard, "more"), ended, once(signal, "abort")]);
      }
    },
    [Symbol.dispose]() {
      child.kill();
    },
  };
}

/** The words of a command line; single quotes keep one together. */
function wordsOf(command: string): string[] {
  return (command.match(/(?:[^\s']|'[^']*')+/g) ?? []).map((word) => word.replaceAll("'", ""));
}
