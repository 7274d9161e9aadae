// `npm test`: provides what tests need beyond npm, then runs them all.
// Tools that are installed are used; missing ones are installed from Debian's packages when this runs as root; else one line says what to do.

import { spawnSync } from "node:child_process";
import { existsSync, globSync, mkdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { compileCacheDirectory } from "./support/compile-cache.ts";
import { olderKubectl } from "./support/kubectl.ts";
import { findPythonWithKubernetes } from "./support/python.ts";

interface Tool {
  readonly name: string;
  readonly debianPackage: string;
  /** Default: whether a program of that name is on the path. */
  readonly isInstalled?: () => boolean;
}

const tools: readonly Tool[] = [
  { name: "etcd", debianPackage: "etcd-server" },
  { name: "kubectl", debianPackage: "kubernetes-client" },
  {
    name: "Kubernetes' client for Python",
    debianPackage: "python3-kubernetes",
    isInstalled: () => findPythonWithKubernetes() !== undefined,
  },
];
/** Two files at once on two cores: most tests wait for servers of their own. */
const concurrency = 2;

for (const tool of tools) provide(tool);
provideOlderKubectl();
const files = [
  ...globSync("src/**/*.test.ts"),
  ...globSync("examples/**/*.test.ts"),
  ...globSync("test/**/*.test.ts"),
].sort();
const chosen = process.argv.slice(2);
const wanted = chosen.length === 0 ? files : files.filter((file) => chosen.some((part) => file.includes(part)));
const { status, signal } = spawnSync(
  process.execPath,
  ["--conditions=annex-source", "--test", `--test-concurrency=${concurrency}`, ...wanted],
  {
    stdio: "inherit",
    env: { NODE_COMPILE_CACHE: compileCacheDirectory, ...process.env },
  },
);
if (signal !== null) process.stderr.write(`the tests ended by ${signal}\n`);
process.exit(status ?? 1);

function provide({ name, debianPackage, isInstalled = () => isOnPath(name) }: Tool): void {
  if (isInstalled()) return;
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get"))
    fail(`tests need ${name}: install it (Debian's package is ${debianPackage})`);
  const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const apt = (...words: string[]) =>
    spawnSync("apt-get", ["-qq", "-y", ...words], { stdio: ["ignore", "ignore", "inherit"], env: environment });
  apt("update");
  apt("install", "--no-install-recommends", debianPackage);
  if (!isInstalled()) fail(`tests need ${name}, and Debian's package ${debianPackage} could not be installed`);
}

/** Debian's kubectl, unpacked and not installed: the machine's own stays the one on the path. */
function provideOlderKubectl(): void {
  if (existsSync(olderKubectl)) return;
  const directory = join(olderKubectl, "../../..");
  mkdirSync(directory, { recursive: true });
  const run = (command: string, ...words: string[]) =>
    spawnSync(command, words, { cwd: directory, stdio: ["ignore", "ignore", "pipe"], encoding: "utf8" }).status === 0;
  const download = () => run("apt-get", "-qq", "download", "kubernetes-client");
  if (!download() && !(run("apt-get", "-qq", "update") && download()))
    fail("tests need Debian's package kubernetes-client, and it could not be downloaded");
  const [archive = ""] = globSync("kubernetes-client_*.deb", { cwd: directory });
  if (!run("dpkg", "-x", archive, ".")) fail(`tests need an older kubectl, and ${archive} could not be unpacked`);
}

function isOnPath(name: string): boolean {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, name)));
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
