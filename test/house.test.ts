// The house is as docs/architecture.md says: rooms import what they may, by their doors, and keep the habits of STYLE.md that a machine can check.

import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { test } from "node:test";

const root = resolve(import.meta.dirname, "..");

/** What each room may import, beside itself. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  base: [],
  api: ["base"],
  storage: ["base"],
  client: ["api", "base"],
  server: ["client", "storage", "api", "base"],
  aggregator: ["server", "client", "api", "base"],
  "control-plane": ["aggregator", "server", "storage", "client", "api", "base"],
  deploy: ["client", "api", "base"],
  cli: ["control-plane", "aggregator", "server", "storage", "client", "api", "base"],
};

interface Import {
  readonly file: string;
  readonly target: string;
  readonly isType: boolean;
}

const sources = globSync("{src,examples}/**/*.ts", { cwd: root }).sort();
const own = sources.filter((file) => !file.endsWith(".test.ts"));

function read(file: string): string {
  return readFileSync(join(root, file), "utf8");
}

function importsOf(file: string): Import[] {
  const found: Import[] = [];
  for (const match of read(file).matchAll(/^(?:import|export)\s+(type\s+)?(?:[^;'"]*?\sfrom\s+)?"([^"]+)";/gm))
    found.push({ file, target: match[2] ?? "", isType: match[1] !== undefined });
  for (const match of read(file).matchAll(/\bimport\("([^"]+)"\)/g))
    found.push({ file, target: match[1] ?? "", isType: true });
  return found;
}

function roomOf(file: string): string {
  return file.split("/")[1] ?? "";
}

/** The file of the project that an import leads to; undefined for packages. */
function resolved({ file, target }: Import): string | undefined {
  return target.startsWith(".") ? relative(root, resolve(root, dirname(file), target)) : undefined;
}

const doors = (() => {
  const manifest: { exports: Record<string, { "annex-source": string }> } = JSON.parse(read("package.json"));
  return new Set(Object.values(manifest.exports).map((entry) => entry["annex-source"].replace("./", "")));
})();

test("a room imports only rooms that it may, and those by their doors", () => {
  const faults: string[] = [];
  for (const file of sources.filter((source) => source.startsWith("src/"))) {
    for (const found of importsOf(file)) {
      const target = resolved(found);
      if (target === undefined || !target.startsWith("src/") || roomOf(target) === roomOf(file)) continue;
      const isTest = file.endsWith(".test.ts");
      if (!isTest && !(mayImport[roomOf(file)] ?? []).includes(roomOf(target)))
        faults.push(
          `${file} must not import ${target}: ${roomOf(file)} may import ${mayImport[roomOf(file)]?.join(", ") || "nothing"}`,
        );
      if (!isTest && roomOf(target) !== "base" && !doors.has(target))
        faults.push(`${file} must import the door of ${roomOf(target)}, not ${target}`);
    }
  }
  assert.deepEqual(faults, []);
});

test("examples import packages' doors only, as a user does", () => {
  const faults = sources
    .filter((file) => file.startsWith("examples/"))
    .flatMap((file) => importsOf(file).filter((found) => resolved(found)?.startsWith("src/") === true));
  assert.deepEqual(faults, []);
});

test("every door that package.json names is there", () => {
  assert.deepEqual(
    [...doors].filter((door) => !existsSync(join(root, door))),
    [],
  );
});

test("the server speaks HTTP in one folder, clients and the aggregator in few files", () => {
  const allowed = /^src\/(server\/http\/|client\/|aggregator\/)/;
  const users = own.filter(
    (file) => file.startsWith("src/") && /from "(node:(http|http2|https)|.*\/node-http\.ts)"/.test(read(file)),
  );
  const elsewhere = users.filter((file) => !allowed.test(file) && !file.startsWith("src/storage/etcd/"));
  assert.deepEqual(elsewhere, [], "only src/server/http may import node:http and node:http2 on the server's side");
});

test("no files import each other in a circle at run time", () => {
  const graph = new Map(
    own.map((file) => [
      file,
      importsOf(file)
        .filter(({ isType }) => !isType)
        .map(resolved)
        .filter((target) => target !== undefined),
    ]),
  );
  const state = new Map<string, "open" | "done">();
  const circles: string[] = [];
  const visit = (file: string, path: readonly string[]) => {
    if (state.get(file) === "done") return;
    if (state.get(file) === "open") {
      circles.push([...path.slice(path.indexOf(file)), file].join(" -> "));
      return;
    }
    state.set(file, "open");
    for (const target of graph.get(file) ?? []) visit(target, [...path, file]);
    state.set(file, "done");
  };
  for (const file of own) visit(file, []);
  assert.deepEqual(circles, []);
});

test("every source file begins with what it is for", () => {
  const silent = own.filter((file) => !/^(#!.*\n)?\/\/ \S/.test(read(file)));
  assert.deepEqual(silent, []);
});

test("what is slow to load is loaded when it is needed", () => {
  const slow = /^import (?!type )[^;]*from "(typebox|lmdb|pino|@peculiar\/x509|reflect-metadata)";/m;
  const faults = own.filter((file) => slow.test(read(file)));
  assert.deepEqual(faults, [], "import() it where it is used; Type comes from api/schema/type.ts (annex/api)");
});

test("time and chance come in as parameters", () => {
  const faults = own.filter(
    (file) =>
      file.startsWith("src/") && !file.startsWith("src/base/") && /\b(Date\.now|Math\.random)\(/.test(read(file)),
  );
  assert.deepEqual(faults, [], "use base/clock.ts and base/random.ts: Date.now() and Math.random() cannot be tested");
});
