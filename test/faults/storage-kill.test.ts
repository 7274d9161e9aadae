// kill -9 at any moment: what was acknowledged is there, and what was not is there as a whole or not at all.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { openEmbeddedStorage, type Storage } from "annex/storage";
import { chances, rounds, sleep } from "../support/faults.ts";

const writerProgram = fileURLToPath(new URL("storage-writer.ts", import.meta.url));

/** What a writer was told last. */
interface Acknowledged {
  readonly count: number;
  readonly revision: number;
}

test("an embedded storage keeps every acknowledged write when its process is killed under 16 writers", async (t) => {
  const random = chances(t);
  const directory = mkdtempSync(join(tmpdir(), "annex-kill-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const acknowledged = new Map<string, Acknowledged>();

  for (let round = 0; round < rounds(6); round++) {
    await writeUntilKilled(directory, random.below(150), acknowledged);
    await using storage = await openEmbeddedStorage({ directory });
    await assertKept(storage, acknowledged);
    await assertHistory(storage);
  }
  assert.ok(acknowledged.size > 0);
});

/** Kills the writer so long after its first acknowledgement. */
async function writeUntilKilled(
  directory: string,
  afterMs: number,
  acknowledged: Map<string, Acknowledged>,
): Promise<void> {
  const child = spawn(process.execPath, ["--conditions=annex-source", writerProgram], {
    env: { ...process.env, DIRECTORY: directory },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  await once(child.stdout, "data");
  await sleep(afterMs);
  child.kill("SIGKILL");
  await once(child, "close");
  assert.equal(child.signalCode, "SIGKILL");
  // A line that was cut was not told.
  for (const line of output.split("\n").slice(0, -1)) {
    const [writer = "", count, revision] = line.split(" ");
    acknowledged.set(writer, { count: Number(count), revision: Number(revision) });
  }
}

async function assertKept(storage: Storage, acknowledged: ReadonlyMap<string, Acknowledged>): Promise<void> {
  const [a, b] = await Promise.all(["/a/", "/b/"].map((prefix) => storage.range({ start: prefix, end: `${prefix}:` })));
  const values = (entries: readonly { readonly value: Buffer; readonly revision: number }[] = []) => {
    return entries.map(({ value, revision }) => `${revision} ${value}`);
  };
  assert.deepEqual(values(a?.entries), values(b?.entries), "both keys of a commit are of the same commit");
  for (const [writer, told] of acknowledged) {
    const entry = a?.entries.find(({ key }) => key === `/a/${writer}`);
    const count = Number.parseInt(`${entry?.value}`, 10);
    assert.ok(
      count === told.count || count === told.count + 1,
      `writer ${writer} was told ${told.count}: it is ${count}`,
    );
    if (count === told.count) assert.equal(entry?.revision, told.revision);
    assert.ok((await storage.currentRevision()) >= told.revision);
  }
}

/** What is left of history leads to what is there. */
async function assertHistory(storage: Storage): Promise<void> {
  const current = await storage.currentRevision();
  const everything = { start: "/", end: "0" };
  const oldest = await storage.range({ ...everything, revision: 1 }).then(
    () => 1,
    (error: { readonly oldestRevision?: number }) => error.oldestRevision ?? 1,
  );
  const contents = new Map<string, string>();
  const { entries } = await storage.range({ ...everything, revision: oldest });
  for (const { key, value, revision } of entries) contents.set(key, `${revision} ${value}`);
  if (oldest < current) {
    for await (const batch of storage.watch("/", { after: oldest, signal: new AbortController().signal })) {
      for (const { key, value, revision } of batch.events) {
        if (value === undefined) assert.ok(contents.delete(key), `${key} was deleted at ${revision} and was not there`);
        else contents.set(key, `${revision} ${value}`);
      }
      if (batch.revision === current) break;
    }
  }
  const newest = await storage.range(everything);
  const sorted = [...contents].toSorted(([a], [b]) => (a < b ? -1 : 1));
  assert.deepEqual(
    sorted,
    newest.entries.map(({ key, value, revision }) => [key, `${revision} ${value}`]),
  );
}
