// Started by storage-kill.test.ts: writes to an embedded storage with 16 writers until it is killed, and tells of each commit that was
// acknowledged: `<writer> <count> <revision>`.

import { writeSync } from "node:fs";
import { openEmbeddedStorage } from "annex/storage";

const writers = 16;
/** History is freed all the while, so that a kill meets that, too. */
const historySizeBytes = 100_000;

const storage = await openEmbeddedStorage({ directory: process.env.DIRECTORY ?? "", historySizeBytes });
await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)));

async function write(writer: number): Promise<never> {
  const keys = [`/a/${writer}`, `/b/${writer}`];
  const { entries } = await storage.range({ start: `/a/${writer}`, end: `/a/${writer}\0` });
  let revision = entries[0]?.revision ?? 0;
  let count = Number(entries[0]?.value.toString().split(" ")[0] ?? 0);
  for (;;) {
    count++;
    // Sizes from a few bytes to some pages.
    const value = Buffer.from(`${count} ${"x".repeat((count * 997 * (writer + 1)) % 9_000)}`);
    const result = await storage.commit([
      ...keys.map((key) => ({ key, value, expected: revision })),
      { key: `/c/${writer}/${count % 5}`, value: count % 3 === 0 ? undefined : value, expected: undefined },
    ]);
    if (!result.committed) throw new Error(`writer ${writer} lost to somebody at revision ${result.revision}`);
    revision = result.revision;
    writeSync(1, `${writer} ${count} ${revision}\n`);
  }
}
