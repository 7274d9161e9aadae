import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Storage } from "../../storage/door.ts";
import { openMemoryStorage } from "../../storage/memory/memory-storage.ts";
import { FreshRevision } from "./fresh-revision.ts";

/** Storage elsewhere: each question waits for its answer, which the test gives. */
function remoteStorage(local: Storage) {
  const asked: { resolve: (revision: number) => void; reject: (error: Error) => void }[] = [];
  const storage: Storage = Object.assign(Object.create(local), {
    currentRevision: () => new Promise<number>((resolve, reject) => asked.push({ resolve, reject })),
  });
  return { storage, asked };
}

test("now() answers at once where storage is in this process", async () => {
  await using storage = openMemoryStorage();
  await storage.commit([{ key: "/a", value: Buffer.from("x"), expected: undefined }]);
  assert.equal(new FreshRevision(storage).now(), storage.currentRevision());
});

test("now() shares one question among all who ask while another is under way, and never that one's answer", async () => {
  await using local = openMemoryStorage();
  const { storage, asked } = remoteStorage(local);
  const fresh = new FreshRevision(storage);
  const first = fresh.now();
  const later = Array.from({ length: 100 }, () => fresh.now());
  assert.equal(asked.length, 1);
  asked[0]?.resolve(5);
  assert.equal(await first, 5);
  while (asked.length < 2) await nextTurn();
  const evenLater = fresh.now();
  asked[1]?.resolve(6);
  assert.deepEqual(await Promise.all(later), Array(100).fill(6));
  while (asked.length < 3) await nextTurn();
  asked[2]?.resolve(7);
  assert.equal(await evenLater, 7);
});

test("now() asks again after a question that failed", async () => {
  await using local = openMemoryStorage();
  const { storage, asked } = remoteStorage(local);
  const fresh = new FreshRevision(storage);
  const first = Promise.resolve(fresh.now());
  const second = Promise.resolve(fresh.now());
  asked[0]?.reject(new Error("no connection"));
  await assert.rejects(first, /no connection/);
  while (asked.length < 2) await nextTurn();
  asked[1]?.resolve(8);
  assert.equal(await second, 8);
});
