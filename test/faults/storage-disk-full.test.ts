// A full disk: the commit that meets it says so and leaves nothing, and everything goes on once there is room.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { openEmbeddedStorage, openEtcdStorage, type Storage, StorageError } from "annex/storage";
import { startEtcd } from "../support/etcd.ts";

test("an embedded storage on a full disk refuses commits, answers reads and goes on once there is room", async (t) => {
  const disk = mountDisk(t, 16);
  if (disk === undefined) return t.skip("Mounting a small disk takes root");
  const directory = join(disk, "data");
  const ballast = join(disk, "ballast");
  writeFileSync(ballast, Buffer.alloc(8 * 1024 * 1024));
  const storage = await openEmbeddedStorage({ directory });

  const written = await fill(storage);
  assert.ok(written > 50);
  await assertHolds(storage, written);
  await assert.rejects(put(storage, written), { code: "NO_SPACE" });
  assert.equal(storage.currentRevision(), written + 1);

  rmSync(ballast);
  await put(storage, written);
  await assertHolds(storage, written + 1);
  await storage[Symbol.asyncDispose]();
  await using again = await openEmbeddedStorage({ directory });
  await assertHolds(again, written + 1);
});

test("etcd beyond its quota refuses commits and answers reads", async (t) => {
  const endpoint = await startEtcd(t, { arguments: ["--quota-backend-bytes=4000000"] });
  await using storage = await openEtcdStorage({ endpoints: [endpoint] });
  const written = await fill(storage);
  assert.ok(written > 20);
  await assertHolds(storage, written);
});

/** Puts numbered keys until one is refused for want of space, and answers how many were taken. */
async function fill(storage: Storage): Promise<number> {
  for (let number = 0; number < 1_000; number++) {
    try {
      await put(storage, number);
    } catch (error) {
      assert.ok(error instanceof StorageError);
      assert.equal(error.code, "NO_SPACE", error.message);
      return number;
    }
  }
  assert.fail("the disk never was full");
}

async function put(storage: Storage, number: number): Promise<void> {
  const value = Buffer.alloc(100_000, `${number} `);
  await storage.commit([{ key: `/${`${number}`.padStart(5, "0")}`, value, expected: 0 }]);
}

/** Asserts that the first `count` keys are there and no others. */
async function assertHolds(storage: Storage, count: number): Promise<void> {
  const { entries } = await storage.range({ start: "/", end: "0" });
  assert.deepEqual(
    entries.map(({ key, value }) => `${key} ${Number.parseInt(`${value}`, 10)}`),
    Array.from({ length: count }, (_, i) => `/${`${i}`.padStart(5, "0")} ${i}`),
  );
}

/** A disk of so many MiB; undefined where this process may not mount one. */
function mountDisk(t: TestContext, sizeMiB: number): string | undefined {
  const path = mkdtempSync(join(tmpdir(), "annex-disk-"));
  const { status } = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${sizeMiB}m`, "tmpfs", path]);
  t.after(() => {
    if (status === 0) spawnSync("umount", ["-l", path]);
    rmSync(path, { recursive: true, force: true });
  });
  return status === 0 ? path : undefined;
}
