// The commands of `annex`, as somebody at a terminal meets them.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gadgetServer, lives, runAnnex, temporaryDirectory } from "../support/annex.ts";

const manifest: { readonly version: string } = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../package.json"), "utf8"),
);

test("annex alone, help and --help tell of the commands", async (t) => {
  for (const args of [[], ["help"], ["--help"], ["-h"]]) {
    const { code, stdout, stderr } = await runAnnex(t, args);
    assert.equal(code, 0);
    assert.equal(stderr, "");
    assert.match(stdout, /^Usage: annex COMMAND \[flags\]$/m);
    for (const command of ["up", "down", "status", "kubeconfig", "snapshot"])
      assert.match(stdout, new RegExp(`^ {2}${command} +[A-Z]`, "m"));
  }
});

test("annex up --help tells of its flags, those first that are its own", async (t) => {
  const { code, stdout } = await runAnnex(t, ["up", "--help"]);
  assert.equal(code, 0);
  assert.match(stdout, /^Usage: annex up \[flags\]\n\nFlags:\n {2}--extension +\S/m);
  assert.match(stdout, /^ {2}--secure-port +The port to listen on; 0 for any free one\. Default 6443\.$/m);
  for (const flag of [
    "etcd-servers",
    "client-ca-file",
    "proxy-client-key-file",
    "authorization-mode",
    "audit-policy-file",
  ])
    assert.match(stdout, new RegExp(`^ {2}--${flag} `, "m"));
  for (const line of stdout.split("\n")) assert.ok(line.length < 160, line);
});

test("annex --version is the package's", async (t) => {
  for (const arg of ["--version", "version"])
    assert.deepEqual(await runAnnex(t, [arg]), { code: 0, stdout: `annex ${manifest.version}\n`, stderr: "" });
});

test("what annex does not know is one clear line, and exit code 1", async (t) => {
  for (const [args, line] of [
    [["upp"], "annex: unknown command: upp; annex --help lists what there is\n"],
    [["--upp"], "annex: unknown flag: --upp; annex --help lists what there is\n"],
    [["__proto__"], "annex: unknown command: __proto__; annex --help lists what there is\n"],
    [["status", "--watch"], "annex: unknown flag: --watch\n"],
    [["kubeconfig", "bob"], "annex: unexpected argument: bob\n"],
    [["kubeconfig", "--lifetime=long"], /^annex: invalid argument "long" for --lifetime: .*\n$/],
    [["kubeconfig", "--data-dir=/nowhere"], "annex: there is no kubeconfig in /nowhere: annex up makes one\n"],
  ] as const) {
    const { code, stdout, stderr } = await runAnnex(t, args);
    assert.equal(code, 1, args.join(" "));
    assert.equal(stdout, "");
    if (typeof line === "string") assert.equal(stderr, line);
    else assert.match(stderr, line);
  }
});

test("nothing runs on a data directory that nobody has started, nor after a crash", async (t) => {
  const directory = temporaryDirectory(t);
  const ask = (command: string) => runAnnex(t, [command, `--data-dir=${directory}`]);
  const nothing = `nothing runs on ${directory}\n`;
  assert.partialDeepStrictEqual(await ask("status"), { code: 1, stdout: nothing });
  assert.partialDeepStrictEqual(await ask("down"), { code: 0, stdout: nothing });
  const dead = spawnSync(process.execPath, ["-e", ""]).pid;
  writeFileSync(join(directory, "pid"), `${dead}\n`);
  assert.partialDeepStrictEqual(await ask("status"), { code: 1, stdout: nothing });
});

test("annex down leaves a process alone that does not answer as the control plane", async (t) => {
  const directory = temporaryDirectory(t);
  writeFileSync(join(directory, "pid"), `${process.pid}\n`);
  const { code, stderr } = await runAnnex(t, ["down", `--data-dir=${directory}`]);
  assert.equal(code, 1);
  assert.match(
    stderr,
    new RegExp(`^annex: process ${process.pid} does not answer as the control plane of ${directory}`),
  );
});

test("annex up --detach runs in the background until annex down; status and kubeconfig speak of it", async (t) => {
  const directory = temporaryDirectory(t);
  const file = join(directory, "gadgets.ts");
  writeFileSync(file, gadgetServer());
  const data = join(directory, "data");
  const run = (...args: string[]) => runAnnex(t, [...args, `--data-dir=${data}`]);
  t.after(() => run("down"));

  const up = await run("up", "--detach", "--secure-port=0", `--extension=${file}`);
  assert.equal(up.code, 0, up.stderr);
  assert.match(up.stdout, /^gadgets: available as v1\.gadgets\.example\.com$/m);
  assert.match(up.stdout, /^ready in \d+ ms$/m);
  const pid = Number(/in the background as process (\d+)/.exec(up.stdout)?.[1]);
  assert.ok(lives(pid));
  assert.equal(statSync(join(data, "kubeconfig")).mode & 0o777, 0o600);

  const { code, stdout } = await run("status");
  assert.equal(code, 0);
  assert.match(stdout, /^SERVER +PID +ADDRESS +DATA$/m);
  assert.match(stdout, new RegExp(`^control-plane +${pid} +https://127\\.0\\.0\\.1:\\d+ +${data}$`, "m"));
  assert.match(stdout, /^gadgets +\d+ +gadgets\/api +\S+$/m);
  assert.match(stdout, /^APISERVICE +SERVICE +AVAILABLE +REASON +MESSAGE$/m);
  assert.match(stdout, /^v1\.gadgets\.example\.com +gadgets\/api +True +Passed +all checks passed$/m);

  const second = await run("up", "--detach", "--secure-port=0");
  assert.equal(second.code, 1);
  assert.match(second.stderr, new RegExp(`^annex: .*process ${pid} has\n$`));

  const bob = join(directory, "bob");
  writeFileSync(bob, (await run("kubeconfig", "--user=bob", "--group=dev", "--group=ops")).stdout, { mode: 0o600 });
  const who = spawnSync("kubectl", ["--kubeconfig", bob, "auth", "whoami", "-o", "json"], { encoding: "utf8" });
  assert.partialDeepStrictEqual(JSON.parse(who.stdout), {
    status: { userInfo: { username: "bob", groups: ["dev", "ops", "system:authenticated"] } },
  });
  assert.equal((await run("kubeconfig")).stdout, readFileSync(join(data, "kubeconfig"), "utf8"));

  assert.deepEqual(await run("down"), { code: 0, stdout: `stopped process ${pid}\n`, stderr: "" });
  assert.ok(!lives(pid));
  assert.ok(!existsSync(join(data, "pid")));
});
