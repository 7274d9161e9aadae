import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { assertFails } from "./contract/bench.ts";
import { openEmbeddedStorage } from "./embedded/embedded-storage.ts";
import { openMemoryStorage } from "./memory/memory-storage.ts";
import { restoreSnapshot, saveSnapshot } from "./snapshot.ts";
import type { Storage } from "./storage.ts";

test("restoreSnapshot() brings back every key with its value and its revision", async (t) => {
  const { file, directory } = aPlace(t);
  await using storage = openMemoryStorage();
  for (let i = 0; i < 1_200; i++) await put(storage, `/${i % 700}`, `value ${i}`);
  await storage.commit(["/x", "/y"].map((key) => ({ key, value: Buffer.from("together"), expected: 0 })));
  await put(storage, "/3", undefined);
  const saved = await saveSnapshot(storage, file);
  assert.deepEqual(saved, { revision: storage.currentRevision(), entries: 701 });

  assert.deepEqual(await restoreSnapshot(file, directory), saved);
  await using restored = await openEmbeddedStorage({ directory });
  assert.deepEqual(await all(restored), await all(storage));
  assert.equal(restored.currentRevision(), storage.currentRevision());
  assert.equal(await put(restored, "/new", "1"), saved.revision + 1);
  await assertFails(restored.range({ start: "/", end: "0", revision: saved.revision - 1 }), "REVISION_COMPACTED");
});

test("restoreSnapshot() keeps what was written together, wherever that lies among five hundred", async (t) => {
  const { file, directory } = aPlace(t);
  await using storage = openMemoryStorage();
  for (let i = 0; i < 450; i++) await put(storage, `/a${i}`, `value ${i}`);
  const together = Array.from({ length: 100 }, (_, i) => ({ key: `/b${i}`, value: Buffer.from("b"), expected: 0 }));
  await storage.commit(together);
  await put(storage, "/c", "last");
  await saveSnapshot(storage, file);
  await restoreSnapshot(file, directory);
  await using restored = await openEmbeddedStorage({ directory });
  assert.deepEqual(await all(restored), await all(storage));
});

test("saveSnapshot() shows one moment of a storage that is written to meanwhile", async (t) => {
  const { file, directory } = aPlace(t);
  await using storage = openMemoryStorage();
  for (let i = 0; i < 2_000; i++) await put(storage, `/${i}`, "old");
  const saving = saveSnapshot(storage, file);
  for (let i = 0; i < 2_000; i++) await put(storage, `/${i}`, "new");
  const { revision } = await saving;
  await restoreSnapshot(file, directory);
  await using restored = await openEmbeddedStorage({ directory });
  assert.deepEqual(await all(restored), await all(storage, revision));
});

test("saveSnapshot() and restoreSnapshot() take an empty storage", async (t) => {
  const { file, directory } = aPlace(t);
  await using storage = openMemoryStorage();
  assert.deepEqual(await saveSnapshot(storage, file), { revision: 1, entries: 0 });
  await restoreSnapshot(file, directory);
  await using restored = await openEmbeddedStorage({ directory });
  assert.equal(await put(restored, "/a", "1"), 2);
});

test("restoreSnapshot() refuses a file that is damaged, cut short or something else, and leaves no storage behind", async (t) => {
  const { file, directory } = aPlace(t);
  await using storage = openMemoryStorage();
  for (let i = 0; i < 100; i++) await put(storage, `/${i}`, "value");
  await saveSnapshot(storage, file);
  const whole = readFileSync(file);
  const damaged = Buffer.from(whole);
  damaged[1_000] = (damaged[1_000] ?? 0) ^ 1;
  for (const bytes of [damaged, whole.subarray(0, -1), whole.subarray(0, 30), Buffer.from("Hello"), Buffer.alloc(0)]) {
    writeFileSync(file, bytes);
    await assertFails(restoreSnapshot(file, directory), "CORRUPT");
  }
  await using restored = await openEmbeddedStorage({ directory });
  assert.equal(restored.currentRevision(), 1);
});

test("restoreSnapshot() refuses a directory that has a storage", async (t) => {
  const { file, directory } = aPlace(t);
  await using storage = openMemoryStorage();
  await put(storage, "/a", "1");
  await saveSnapshot(storage, file);
  await (await openEmbeddedStorage({ directory }))[Symbol.asyncDispose]();
  await assertFails(restoreSnapshot(file, directory), "IN_USE");
});

function aPlace(t: TestContext): { readonly file: string; readonly directory: string } {
  const place = mkdtempSync(join(tmpdir(), "annex-snapshot-"));
  t.after(() => rmSync(place, { recursive: true, force: true }));
  return { file: join(place, "saved.snapshot"), directory: join(place, "data") };
}

async function put(storage: Storage, key: string, value: string | undefined): Promise<number> {
  const write = { key, value: value === undefined ? undefined : Buffer.from(value), expected: undefined };
  return (await storage.commit([write])).revision;
}

async function all(storage: Storage, revision?: number): Promise<string[]> {
  const query = { start: "/", end: "0" };
  const { entries } = await storage.range(revision === undefined ? query : { ...query, revision });
  return entries.map((entry) => `${entry.key}=${entry.value}@${entry.revision}`);
}
