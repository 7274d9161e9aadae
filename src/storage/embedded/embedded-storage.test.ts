import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { assertFails } from "../contract/bench.ts";
import { describeStorage } from "../contract.ts";
import type { Storage } from "../storage.ts";
import { openEmbeddedStorage } from "./embedded-storage.ts";

describeStorage("embedded", (t) => openEmbeddedStorage({ directory: temporaryDirectory(t) }));

describe("openEmbeddedStorage()", () => {
  test("finds values, history and the revision again", async (t) => {
    const directory = temporaryDirectory(t);
    await withStorage(directory, async (storage) => {
      await put(storage, "/a", "1");
      await put(storage, "/a", "2");
      await put(storage, "/b", "1");
    });
    await withStorage(directory, async (storage) => {
      assert.equal(storage.currentRevision(), 4);
      assert.deepEqual(await contents(storage), { "/a": "2", "/b": "1" });
      assert.deepEqual(await contents(storage, 2), { "/a": "1" });
      assert.equal(await put(storage, "/c", "1"), 5);
    });
  });

  test("delivers what happened before it was opened to a watch that asks for it", async (t) => {
    const directory = temporaryDirectory(t);
    const value = "x".repeat(10_000);
    await withStorage(directory, async (storage) => {
      for (let i = 0; i < 300; i++) await put(storage, "/a", value);
    });
    await withStorage(directory, async (storage) => {
      const revisions: number[] = [];
      const { signal } = new AbortController();
      for await (const batch of storage.watch("/", { after: 1, signal })) {
        revisions.push(...batch.events.map((event) => event.revision));
        if (batch.revision === 301) break;
      }
      assert.deepEqual(
        revisions,
        Array.from({ length: 300 }, (_, i) => i + 2),
      );
    });
  });

  test("keeps its revision where the last change was a deletion that is compacted away", async (t) => {
    const directory = temporaryDirectory(t);
    await withStorage(directory, async (storage) => {
      await put(storage, "/a", "1");
      await storage.compact(await put(storage, "/a", undefined));
    });
    await withStorage(directory, async (storage) => {
      assert.equal(storage.currentRevision(), 3);
      await assertFails(storage.range({ start: "/", end: "0", revision: 2 }), "REVISION_COMPACTED");
      assert.equal(await put(storage, "/a", "2"), 4);
    });
  });

  test("makes its directory readable by its owner alone", async (t) => {
    const directory = join(temporaryDirectory(t), "data");
    await withStorage(directory, async () => {
      assert.equal(statSync(directory).mode & 0o777, 0o700);
    });
  });

  test("uses the space of compacted history again", async (t) => {
    const directory = temporaryDirectory(t);
    await withStorage(directory, async (storage) => {
      const value = "x".repeat(1_000_000);
      for (let i = 0; i < 60; i++) await storage.compact(await put(storage, "/a", value));
      assert.ok(statSync(join(directory, "annex.db")).size < 20_000_000);
    });
  });

  test("compacts by itself once enough was written", async (t) => {
    const directory = temporaryDirectory(t);
    const storage = await openEmbeddedStorage({ directory, historySizeBytes: 10_000 });
    t.after(() => storage[Symbol.asyncDispose]());
    for (let i = 0; i < 30; i++) await put(storage, "/a", "x".repeat(1_000));
    await assertFails(storage.range({ start: "/", end: "0", revision: 2 }), "REVISION_COMPACTED");
    assert.equal((await storage.range({ start: "/", end: "0", revision: 25 })).entries.length, 1);
  });

  test("names the process that has the directory open", async (t) => {
    const directory = temporaryDirectory(t);
    const owner = spawn(
      process.execPath,
      ["--conditions=annex-source", "--input-type=module", "--eval", ownerProgram],
      {
        env: { ...process.env, DIRECTORY: directory },
        stdio: ["pipe", "pipe", "inherit"],
      },
    );
    t.after(() => owner.kill("SIGKILL"));
    await once(owner.stdout, "data");
    await assert.rejects(openEmbeddedStorage({ directory }), {
      code: "IN_USE",
      message: `Cannot open ${directory} as no other process may have it open: process ${owner.pid} has`,
    });
    owner.kill("SIGKILL");
    await once(owner, "exit");
    await withStorage(directory, async () => {});
  });

  test("is opened once in its own process, too", async (t) => {
    const directory = temporaryDirectory(t);
    await withStorage(directory, async () => {
      await assertFails(openEmbeddedStorage({ directory }), "IN_USE");
    });
    await withStorage(directory, async () => {});
  });

  test("can be closed while it reads", async (t) => {
    const storage = await openEmbeddedStorage({ directory: temporaryDirectory(t) });
    for (let i = 0; i < 2_000; i += 100) {
      const keys = Array.from({ length: 100 }, (_, j) => `/${i + j}`);
      await storage.commit(keys.map((key) => ({ key, value: Buffer.from("1"), expected: 0 })));
    }
    const reading = assertFails(storage.range({ start: "/", end: "0" }), "CLOSED");
    await storage[Symbol.asyncDispose]();
    await reading;
  });
});

describe("a file that openEmbeddedStorage() cannot use", () => {
  for (const [what, bytes] of Object.entries({
    "an empty file": Buffer.alloc(0),
    "a text": Buffer.from("Hello, this is not a database."),
    zeros: Buffer.alloc(100_000),
    noise: Buffer.alloc(100_000, "annex"),
  })) {
    test(`is refused and left alone where it is ${what}`, async (t) => {
      const directory = temporaryDirectory(t);
      const file = join(directory, "annex.db");
      writeFileSync(file, bytes);
      await assertFails(openEmbeddedStorage({ directory }), "CORRUPT");
      assert.deepEqual(readFileSync(file), bytes);
      assert.ok(!existsSync(join(directory, "pid")));
    });
  }

  test("is refused where its end is missing", async (t) => {
    const { directory, file } = await aWrittenFile(t);
    for (const part of [0.9, 0.5, 0.1]) {
      truncateSync(file, Math.floor(statSync(file).size * part));
      await assertFails(openEmbeddedStorage({ directory }), "CORRUPT");
    }
  });

  test("is refused where another program's LMDB made it", async (t) => {
    const directory = temporaryDirectory(t);
    const { open } = await import("lmdb");
    const file = join(directory, "annex.db");
    const other = open({ path: file, noSubdir: true, pageSize: 4_096, overlappingSync: false });
    await other.put("key", "value");
    await other.close();
    const bytes = readFileSync(file);
    await assertFails(openEmbeddedStorage({ directory }), "CORRUPT");
    assert.deepEqual(readFileSync(file), bytes);
  });

  test("is noticed where a value was changed", async (t) => {
    const { directory, file } = await aWrittenFile(t);
    const bytes = readFileSync(file);
    for (let at = bytes.indexOf("value of 7"); at !== -1; at = bytes.indexOf("value of 7", at + 1)) bytes[at] = 0;
    writeFileSync(file, bytes);
    await withStorage(directory, async (storage) => {
      await assertFails(storage.range({ start: "/7", end: "/8" }), "CORRUPT");
      assert.deepEqual(Object.keys(await contents(storage, undefined, "/5")), ["/5"]);
    });
  });

  test("is noticed where a key was changed, of which no value tells", async (t) => {
    const { directory, file } = await aWrittenFile(t);
    const bytes = readFileSync(file);
    // A key lies in the log in front of its value, and alone among the keys that lead there.
    for (let at = bytes.indexOf("/7"); at !== -1; at = bytes.indexOf("/7", at + 1)) {
      if (
        !bytes
          .subarray(at + 2)
          .toString("latin1")
          .startsWith("value")
      )
        bytes[at + 1] = "x".charCodeAt(0);
    }
    writeFileSync(file, bytes);
    await withStorage(directory, async (storage) => {
      await assertFails(storage.range({ start: "/", end: "0" }), "CORRUPT");
    });
  });
});

test("openEmbeddedStorage() says what the system says where no directory can be made", async () => {
  await assert.rejects(openEmbeddedStorage({ directory: "/proc/nowhere/data" }), { code: "ENOENT" });
});

const ownerProgram = `
  import { openEmbeddedStorage } from "annex/storage";
  const storage = await openEmbeddedStorage({ directory: process.env.DIRECTORY });
  console.log("open");
  process.stdin.on("end", () => storage[Symbol.asyncDispose]()).resume();
`;

async function aWrittenFile(t: TestContext): Promise<{ readonly directory: string; readonly file: string }> {
  const directory = temporaryDirectory(t);
  await withStorage(directory, async (storage) => {
    for (let i = 0; i < 10; i++) await put(storage, `/${i}`, `value of ${i}`.repeat(500));
  });
  return { directory, file: join(directory, "annex.db") };
}

async function withStorage(directory: string, use: (storage: Storage) => Promise<void>): Promise<void> {
  await using storage = await openEmbeddedStorage({ directory });
  await use(storage);
}

async function put(storage: Storage, key: string, value: string | undefined): Promise<number> {
  const result = await storage.commit([
    { key, value: value === undefined ? undefined : Buffer.from(value), expected: undefined },
  ]);
  return result.revision;
}

async function contents(storage: Storage, revision?: number, key?: string): Promise<Record<string, string>> {
  const range = key === undefined ? { start: "/", end: "0" } : { start: key, end: `${key}\0` };
  const { entries } = await storage.range(revision === undefined ? range : { ...range, revision });
  return Object.fromEntries(entries.map((entry) => [entry.key, `${entry.value}`]));
}

function temporaryDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "annex-storage-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
