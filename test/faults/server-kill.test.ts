// kill -9 of the wardle server, or of the etcd behind it, at any moment under 16 writers: what was acknowledged is there afterwards, and
// every watch goes on where it was, without a gap, a duplicate or disorder.

import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Random } from "../../src/base/random.ts";
import { startEtcdCluster } from "../support/etcd.ts";
import { chances, rounds, sleep } from "../support/faults.ts";
import { aFlunder, flundersOf, namespace, surely, Watcher, Writer } from "../support/flunder-traffic.ts";
import { KilledWardle } from "../support/killed-wardle.ts";

const writersCount = 16;
const watchersCount = 3;

test("on the embedded store, kill -9 of the server loses nothing that was acknowledged and no watch its place", async (t) => {
  await using server = await KilledWardle.start((directory) => ["--data-dir", join(directory, "data")]);
  await surviveKills(t, server, rounds(5), (random) => server.killAndStart(random.below(40)));
});

test("on etcd, kill -9 of the server or of etcd loses nothing that was acknowledged and no watch its place", async (t) => {
  const [etcd] = await startEtcdCluster(t, {
    size: 1,
    arguments: ["--heartbeat-interval=50", "--election-timeout=500"],
  });
  assert.ok(etcd !== undefined);
  await using server = await KilledWardle.start(() => ["--etcd-servers", etcd.endpoint]);
  await surviveKills(t, server, rounds(4), async (random) => {
    const choice = random.below(3);
    if (choice > 0) await etcd.kill();
    const starting = choice === 1 ? undefined : server.killAndStart(random.below(40));
    await sleep(random.below(100));
    if (choice > 0) await etcd.start();
    await starting;
  });
});

/** Kills again and again, and checks after each time what there is against what was told. */
async function surviveKills(
  t: TestContext,
  server: KilledWardle,
  roundsCount: number,
  killAndStart: (random: Random) => Promise<void>,
): Promise<void> {
  const random = chances(t);
  const flunders = () => flundersOf(server.client);
  const { metadata } = await flunders().list({ namespace });
  const watchers = Array.from({ length: watchersCount }, () => new Watcher(flunders, Number(metadata.resourceVersion)));
  const writers = Array.from({ length: writersCount }, (_, id) => new Writer(flunders, { id: `w${id}`, random }));
  const watching = new AbortController();
  t.after(() => watching.abort());
  const following = Promise.all(watchers.map((watcher) => watcher.run(watching.signal)));
  following.catch(() => {}); // Awaited below.

  for (let round = 0; round < roundsCount; round++) {
    const writing = new AbortController();
    t.after(() => writing.abort());
    const written = Promise.all(writers.map((writer) => writer.run(writing.signal)));
    written.catch(() => {}); // Awaited below.
    await sleep(50 + random.below(250));
    await killAndStart(random);
    writing.abort();
    await written;
    for (const writer of writers) await surely(() => writer.check());
  }

  const end = await surely(() => flunders().create(aFlunder("zz-end", "end")));
  while (watchers.some(({ revision }) => revision < Number(end.metadata.resourceVersion)))
    await Promise.race([sleep(5), following]);
  watching.abort();
  await following;
  const acknowledged = writers.flatMap((writer) => writer.acknowledged);
  t.diagnostic(`${acknowledged.length} writes were acknowledged in ${roundsCount} rounds`);
  assert.ok(acknowledged.length > 10 * roundsCount);
  const { items } = await flunders().list({ namespace });
  for (const watcher of watchers) watcher.assertComplete(acknowledged, items);
}
