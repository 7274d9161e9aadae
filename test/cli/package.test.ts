// The package as users install it: built, packed, unpacked elsewhere, and run by plain Node.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryDirectory } from "../support/annex.ts";

const root = join(import.meta.dirname, "../..");
const modules = join(root, "node_modules");

/** A server as its author writes it, who has nothing but the package. */
const server = `
import { defineKind, type ObjectOf, Type } from "annex/api";
import { defineResource, runServer } from "annex/server";

const gadget = defineKind({
  group: "gadgets.example.com",
  kind: "Gadget",
  scope: "Namespaced",
  versions: { v1: { schema: Type.Object({ spec: Type.Object({ size: Type.Integer(), color: Type.Optional(Type.String()) }) }) } },
});
type Gadget = ObjectOf<typeof gadget, "v1">;
const sizeOf = ({ spec }: Gadget): number => spec.size;
export const colorOf = ({ spec }: Gadget): string | undefined => spec.color;

await runServer({
  name: "gadgets",
  resources: [
    defineResource(gadget, {
      prepareForCreate(object) {
        object.spec.size = Math.max(1, sizeOf(object));
      },
    }),
  ],
});
`;

/** A test of one's own, as docs/testing.md has it. */
const ownTest = `
import { Client, httpTransport, parseKubeconfig } from "annex/client";
import { startControlPlane } from "annex/control-plane";

await using plane = await startControlPlane();
using client = new Client({ transport: httpTransport(parseKubeconfig(plane.kubeconfig)) });
await client.json({ path: "/api/v1/namespaces/default" });
`;

const compilerOptions = {
  target: "esnext",
  module: "nodenext",
  lib: ["esnext"],
  types: ["node"],
  typeRoots: [join(modules, "@types")],
  strict: true,
  noEmit: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
};

function run(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8" });
  assert.equal(status, 0, `${command} ${args.join(" ")}: ${stdout}${stderr}`);
  return stdout;
}

test("the packed package runs by plain Node, and its types hold for strict users", async (t) => {
  const directory = temporaryDirectory(t);
  const source = join(directory, "package");
  const user = join(directory, "user");
  const installed = join(user, "node_modules/annex");
  mkdirSync(installed, { recursive: true });
  mkdirSync(source);
  for (const file of ["package.json", "LICENSE", "src"])
    cpSync(join(root, file), join(source, file), { recursive: true });
  run(join(modules, ".bin/tsc"), ["-p", join(root, "tsconfig.build.json"), "--outDir", join(source, "dist")], root);
  run("npm", ["pack", "--silent", "--ignore-scripts", `--pack-destination=${directory}`], source);
  const [archive = ""] = globSync("annex-*.tgz", { cwd: directory });
  run("tar", ["-xzf", join(directory, archive), "--strip-components=1", "-C", installed], directory);
  symlinkSync(modules, join(installed, "node_modules"));

  const manifest: {
    readonly bin: { readonly annex: string };
    readonly exports: Readonly<Record<string, Readonly<Record<string, string>>>>;
  } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
  const named = [manifest.bin.annex, ...Object.values(manifest.exports).flatMap((entry) => Object.values(entry))];
  assert.deepEqual(
    named.filter((file) => !existsSync(join(installed, file))),
    [],
  );
  assert.deepEqual(globSync("{src,dist}/**/{*.test.*,testing}", { cwd: installed }), []);
  assert.match(readFileSync(join(installed, manifest.bin.annex), "utf8"), /^#!\/usr\/bin\/env node\n/);

  writeFileSync(join(user, "package.json"), '{ "type": "module" }');
  writeFileSync(join(user, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
  writeFileSync(join(user, "gadgets.ts"), server);
  writeFileSync(join(user, "own.ts"), ownTest);
  run(join(modules, ".bin/tsc"), [], user);
  run(process.execPath, ["own.ts"], user);

  const up = spawn(
    process.execPath,
    [join(installed, manifest.bin.annex), "up", "--secure-port=0", "--extension=gadgets.ts"],
    {
      cwd: user,
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  let printed = "";
  for await (const chunk of up.stdout) {
    const wasReady = /^ready in/m.test(printed);
    printed += chunk;
    if (!wasReady && /^ready in/m.test(printed)) up.kill("SIGINT");
  }
  if (up.exitCode === null) await once(up, "exit");
  assert.equal(up.exitCode, 0);
  assert.match(printed, /^gadgets: available as v1\.gadgets\.example\.com$/m);
});
