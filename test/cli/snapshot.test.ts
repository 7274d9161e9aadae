// `annex snapshot`, beside a control plane that runs and one that does not.

import assert from "node:assert/strict";
import { readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openEmbeddedStorage, openEtcdStorage } from "../../src/storage/door.ts";
import { runAnnex, temporaryDirectory } from "../support/annex.ts";
import { startEtcd } from "../support/etcd.ts";
import { adminOf, aFlunder, flundersOf, namespace } from "../support/flunder-traffic.ts";
import { startWardle } from "../support/wardle.ts";

test("annex snapshot saves a data directory that is in use and written to, and restores it into another", async (t) => {
  const directory = temporaryDirectory(t);
  const data = join(directory, "data");
  const file = join(directory, "saved");
  await using storage = await openEmbeddedStorage({ directory: join(data, "storage") });
  const put = (key: string, value: string) => storage.commit([{ key, value: Buffer.from(value), expected: undefined }]);
  for (let i = 0; i < 300; i++) await put(`/registry/${i}`, "before");
  const before = await storage.currentRevision();
  const saving = runAnnex(t, ["snapshot", "save", file, `--data-dir=${data}`]);
  const written = new AbortController();
  const writing = (async () => {
    for (let i = 0; !written.signal.aborted; i++) await put(`/registry/${i % 300}`, `${i}`);
  })();
  const saved = await saving;
  written.abort();
  await writing;
  assert.equal(saved.stderr, "");
  const revision = Number(/^saved 300 keys as of revision (\d+)\n$/.exec(saved.stdout)?.[1]);
  assert.ok(revision >= before);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(directory).sort(), ["data", "saved"]);

  const other = join(directory, "other");
  const restored = await runAnnex(t, ["snapshot", "restore", file, `--data-dir=${other}`]);
  assert.deepEqual(restored, { code: 0, stdout: `restored 300 keys as of revision ${revision}\n`, stderr: "" });
  await using copy = await openEmbeddedStorage({ directory: join(other, "storage") });
  const all = { start: "/registry/", end: "/registry0" };
  assert.deepEqual((await copy.range(all)).entries, (await storage.range({ ...all, revision })).entries);
});

test("annex snapshot takes the objects of an extension server, and those in an etcd", async (t) => {
  const directory = temporaryDirectory(t);
  const endpoint = await startEtcd(t);
  const write = { key: "/registry/a", value: Buffer.from("kept"), expected: 0 };
  await using etcd = await openEtcdStorage({ endpoints: [endpoint], compactionIntervalMs: 0 });
  await etcd.commit([write]);
  const of = (data: string) => [`--data-dir=${join(directory, data)}`, "--extension=hello"];
  for (const args of [
    ["save", join(directory, "first"), `--etcd-servers=${endpoint}`],
    ["restore", join(directory, "first"), ...of("one")],
    ["save", join(directory, "second"), ...of("one")],
    ["restore", join(directory, "second"), ...of("two")],
  ]) {
    const { code, stderr } = await runAnnex(t, ["snapshot", ...args]);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" }, args.join(" "));
  }
  await using storage = await openEmbeddedStorage({ directory: join(directory, "two/extensions/hello/data") });
  const all = { start: "/", end: "0" };
  assert.deepEqual((await storage.range(all)).entries, (await etcd.range(all)).entries);
});

test("annex snapshot saves what a server on its own has while it runs, and another one serves it again", async (t) => {
  const directory = temporaryDirectory(t);
  const file = join(directory, "saved");
  const serve = async (data: string, use: (flunders: ReturnType<typeof flundersOf>) => Promise<void>) => {
    await using wardle = await startWardle({ storage: () => ["--data-dir", join(directory, data)] });
    using client = adminOf(wardle.port);
    await use(flundersOf(client));
  };
  await serve("one", async (flunders) => {
    await flunders.create(aFlunder("kept", "words"));
    const { code } = await runAnnex(t, ["snapshot", "save", file, `--storage-dir=${join(directory, "one")}`]);
    assert.equal(code, 0);
  });
  const { code } = await runAnnex(t, ["snapshot", "restore", file, `--storage-dir=${join(directory, "two")}`]);
  assert.equal(code, 0);
  await serve("two", async (flunders) => {
    assert.equal((await flunders.get("kept", { namespace })).spec.reference, "words");
  });
});

test("annex snapshot says in one line what it cannot do, and leaves nothing behind", async (t) => {
  const directory = temporaryDirectory(t);
  const file = join(directory, "file");
  writeFileSync(file, "no snapshot");
  const data = join(directory, "data");
  await using _storage = await openEmbeddedStorage({ directory: join(data, "storage") });
  for (const [args, line] of [
    [[], /^annex: say what to do and with which file: /],
    [["drop", file], /^annex: say what to do and with which file: /],
    [["save", file, `--data-dir=${directory}/none`], /^annex: there is no storage in \S+: a server makes one\n$/],
    [
      ["save", file, "--storage-dir=x", "--extension=y"],
      /^annex: --storage-dir excludes --data-dir and --extension\n$/,
    ],
    [
      ["save", file, "--data-dir=x", "--etcd-servers=http://127.0.0.1:1"],
      /^annex: --etcd-servers excludes --data-dir, --extension and --storage-dir\n$/,
    ],
    [
      ["restore", file, `--data-dir=${directory}/new`],
      /^annex: Cannot restore \S+ as it must be a snapshot of this program\n$/,
    ],
    [["save", file, "--extension=../x"], /^annex: --extension must be a name as annex status shows it\n$/],
    [["restore", `${file}.none`, `--data-dir=${directory}/new`], /^annex: ENOENT: [^\n]*\n$/],
    [
      ["restore", file, "--etcd-servers=http://127.0.0.1:1"],
      /^annex: a snapshot is restored into a --data-dir; [^\n]*\n$/,
    ],
  ] as const) {
    const { code, stdout, stderr } = await runAnnex(t, ["snapshot", ...args]);
    assert.equal(code, 1, args.join(" "));
    assert.equal(stdout, "");
    assert.match(stderr, line);
  }
  assert.deepEqual(readdirSync(directory).sort(), ["data", "file"]);
});
