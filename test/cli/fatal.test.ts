// `annex up` that cannot start says why in one line, ends with exit code 1 and leaves nothing behind.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { type AnnexOptions, annex, lives, runAnnex, temporaryDirectory } from "../support/annex.ts";

/** Runs `annex up`, which must fail, and answers its one line. */
async function fatalLine(t: TestContext, args: readonly string[], options: AnnexOptions = {}): Promise<string> {
  const { code, stderr } = await runAnnex(t, ["up", "--secure-port=0", ...args], options);
  assert.equal(code, 1, stderr);
  assert.match(stderr, /^annex: .*\n$/);
  return stderr.trim();
}

/** Runs `annex up` with an extension of this code, which must fail. The extension has ended when this resolves. */
async function fatalExtension(t: TestContext, code: string, more: readonly string[] = []): Promise<string> {
  const directory = temporaryDirectory(t);
  const pidFile = join(directory, "extension-pid");
  const file = join(directory, "server.ts");
  writeFileSync(
    file,
    `import { writeFileSync } from "node:fs";\nwriteFileSync(${JSON.stringify(pidFile)}, String(process.pid));\n${code}`,
  );
  const line = await fatalLine(t, [`--data-dir=${join(directory, "data")}`, `--extension=${file}`, ...more]);
  if (existsSync(pidFile))
    assert.equal(lives(Number(readFileSync(pidFile, "utf8"))), false, "the extension is left behind");
  return line;
}

describe("annex up that cannot start", { concurrency: 2 }, () => {
  test("a port that is taken", async (t) => {
    const server = createServer().listen(0, "127.0.0.1");
    t.after(() => server.close());
    await new Promise((resolve) => server.once("listening", resolve));
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const line = await fatalLine(t, [`--data-dir=${temporaryDirectory(t)}`, `--secure-port=${port}`]);
    assert.match(line, /the port is taken; give another one with --secure-port/);
    assert.match(line, new RegExp(`:${port}\\b`));
  });

  test("a data directory that is in use", async (t) => {
    const directory = temporaryDirectory(t);
    const first = annex(t, ["up", "--secure-port=0", `--data-dir=${directory}`]);
    await first.says(/ready in/);
    const line = await fatalLine(t, [`--data-dir=${directory}`]);
    assert.match(line, new RegExp(`no other process may have it open: process ${first.pid} has`));
    assert.ok(lives(first.pid));
  });

  test("a data directory that cannot be made", async (t) => {
    assert.match(await fatalLine(t, ["--data-dir=/proc/annex/data"]), /\/proc\/annex/);
  });

  test("a data directory that is a file", async (t) => {
    const file = join(temporaryDirectory(t), "file");
    writeFileSync(file, "");
    assert.match(await fatalLine(t, [`--data-dir=${file}`]), /must be a directory|not a directory/);
  });

  test("a data directory that may not be written to", async (t) => {
    const directory = join(temporaryDirectory(t), "data");
    mkdirSync(directory, { mode: 0o500 });
    assert.match(
      await fatalLine(t, [`--data-dir=${directory}`], { asNobody: process.getuid?.() === 0 }),
      /permission denied/,
    );
  });

  test("an etcd that does not answer", async (t) => {
    const line = await fatalLine(t, [
      `--data-dir=${temporaryDirectory(t)}`,
      "--etcd-servers=http://127.0.0.1:1",
      "--storage-initialization-timeout=1s",
    ]);
    assert.match(line, /etcd has not answered within 1 s: http:\/\/127\.0\.0\.1:1$/);
  });

  test("an extension whose file is not there", async (t) => {
    const line = await fatalLine(t, [`--data-dir=${temporaryDirectory(t)}`, "--extension=nowhere/server.ts"]);
    assert.match(line, /extension nowhere cannot be started: there is no file nowhere\/server\.ts$/);
  });

  test("an extension with a syntax error", async (t) => {
    assert.match(
      await fatalExtension(t, "const = 1;\n"),
      /ended before it was ready: exit code 1: \w*SyntaxError.*server\.ts:3/,
    );
  });

  test("an extension that imports what is not there", async (t) => {
    assert.match(
      await fatalExtension(t, 'import "./nowhere.ts";\n'),
      /ended before it was ready: .*Cannot find module .*nowhere\.ts/,
    );
  });

  test("an extension that throws at import", async (t) => {
    assert.match(
      await fatalExtension(t, 'throw new Error("no database");\n'),
      /ended before it was ready: exit code 1: Error: no database \(server\.ts:3\)/,
    );
  });

  test("an extension that ends at once", async (t) => {
    assert.match(await fatalExtension(t, "export {};\n"), /ended before it was ready: exit code 0; its log is /);
  });

  test("an extension that never becomes ready", async (t) => {
    assert.match(
      await fatalExtension(t, "setInterval(() => {}, 1000);\n", ["--extension-timeout=1s"]),
      /was not available within 1 s: it has not said that it is ready/,
    );
  });

  for (const [flags, line] of [
    [["--nope"], "annex: unknown flag: --nope"],
    [["word"], "annex: unexpected argument: word"],
    [["--secure-port=70000"], "annex: --secure-port must be a port number: 70000"],
    [
      ["--authorization-mode=Webhook"],
      "annex: --authorization-mode: there is no Webhook, but RBAC, AlwaysAllow, AlwaysDeny",
    ],
    [["--tls-cert-file=x"], "annex: --tls-cert-file and --tls-private-key-file must be given together"],
    [["--service-cluster-ip-range=ten"], /annex: Cannot use a range of service addresses .*"ten"/],
    [["--client-ca-file=/nowhere/ca.crt"], /annex: .*\/nowhere\/ca\.crt/],
  ] as const)
    test(`flags that cannot be taken: ${flags.join(" ")}`, async (t) => {
      const found = await fatalLine(t, [`--data-dir=${temporaryDirectory(t)}`, ...flags]);
      if (typeof line === "string") assert.equal(found, line);
      else assert.match(found, line);
    });
});
