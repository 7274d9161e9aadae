// Two wardle servers on three members of etcd: whatever happens to the members, no acknowledged write is lost, no read through either
// server is older than a write that the other had answered, and every watch goes on. Prints how long it took until both wrote again.

import assert from "node:assert/strict";
import { test } from "node:test";
import { type EtcdMember, startEtcdCluster } from "../support/etcd.ts";
import { chances, rounds, sleep } from "../support/faults.ts";
import {
  adminOf,
  aFlunder,
  type Flunders,
  flundersOf,
  namespace,
  surely,
  Watcher,
  Writer,
} from "../support/flunder-traffic.ts";
import { FreshReader } from "../support/fresh-reader.ts";
import { startWardle } from "../support/wardle.ts";

interface Fault {
  readonly name: string;
  /** Resolves to what ends it. */
  begin(members: readonly EtcdMember[]): Promise<() => Promise<void> | void>;
}

const faults: readonly Fault[] = [
  {
    name: "the leader is killed",
    async begin(members) {
      const leader = await leaderOf(members);
      await leader.kill();
      return () => leader.start();
    },
  },
  {
    name: "the leader is cut off",
    async begin(members) {
      const leader = await leaderOf(members);
      leader.cut();
      return () => leader.heal();
    },
  },
  {
    name: "a follower is stopped",
    async begin(members) {
      const leader = await leaderOf(members);
      const follower = members.find((member) => member !== leader);
      follower?.signal("SIGSTOP");
      return () => follower?.signal("SIGCONT");
    },
  },
  {
    name: "all members are killed and started again",
    async begin(members) {
      await Promise.all(members.map((member) => member.kill()));
      await Promise.all(members.map((member) => member.start()));
      return () => {};
    },
  },
];

test("two servers on three members lose no acknowledged write and read none too old, whatever happens to the members", async (t) => {
  const random = chances(t);
  const members = await startEtcdCluster(t, {
    size: 3,
    hasHosts: true,
    arguments: ["--heartbeat-interval=50", "--election-timeout=500"],
  });
  const endpoints = members.map((member) => member.endpoint);
  await using first = await startWardle({ storage: () => ["--etcd-servers", endpoints.join()] });
  await using second = await startWardle({ storage: () => ["--etcd-servers", endpoints.toReversed().join()] });
  const clients = [first, second].map(({ port }) => adminOf(port));
  t.after(() => {
    for (const client of clients) client.close();
  });
  const [a, b] = clients.map(flundersOf);
  assert.ok(a !== undefined && b !== undefined);

  const { metadata } = await a.list({ namespace });
  const watchers = [a, b].map((flunders) => new Watcher(() => flunders, Number(metadata.resourceVersion)));
  const writers = [a, b, a, b].map((flunders, id) => new Writer(() => flunders, { id: `w${id}`, random }));
  const readers = [
    new FreshReader("fresh-0", { writeTo: () => a, readFrom: () => b }),
    new FreshReader("fresh-1", { writeTo: () => b, readFrom: () => a }),
  ];
  const writing = new AbortController();
  const watching = new AbortController();
  t.after(() => {
    writing.abort();
    watching.abort();
  });
  const following = Promise.all(watchers.map((watcher) => watcher.run(watching.signal)));
  const working = Promise.all([...writers, ...readers].map((each) => each.run(writing.signal)));
  for (const running of [following, working]) running.catch(() => {}); // Awaited below.

  for (let round = 0; round < rounds(1); round++) {
    for (const { name, begin } of faults) {
      await sleep(300 + random.below(200));
      const startedMs = performance.now();
      const end = await begin(members);
      const recovered = await Promise.all([a, b].map((flunders, id) => writtenAgain(flunders, `probe-${round}-${id}`)));
      t.diagnostic(`${name}: both servers wrote again after ${Math.round(Math.max(...recovered) - startedMs)} ms`);
      await end();
    }
  }
  writing.abort();
  await working;

  for (const writer of writers) await surely(() => writer.check());
  const end = await surely(() => a.create(aFlunder("zz-end", "end")));
  while (watchers.some(({ revision }) => revision < Number(end.metadata.resourceVersion)))
    await Promise.race([sleep(5), following]);
  watching.abort();
  await following;
  const acknowledged = writers.flatMap((writer) => writer.acknowledged);
  const checked = readers.reduce((sum, reader) => sum + reader.checked, 0);
  t.diagnostic(
    `${acknowledged.length} writes were acknowledged, ${checked} reads held against the other server's writes`,
  );
  assert.ok(acknowledged.length > 20 && checked > 20);
  for (const [i, flunders] of [a, b].entries())
    watchers[i]?.assertComplete(acknowledged, (await flunders.list({ namespace })).items);
});

async function leaderOf(members: readonly EtcdMember[]): Promise<EtcdMember> {
  for (;;) {
    for (const member of members) if (await member.isLeader()) return member;
    await sleep(20);
  }
}

/** Writes until one is acknowledged, and answers when that was. */
async function writtenAgain(flunders: Flunders, name: string): Promise<number> {
  await surely(() =>
    flunders.patch(name, aFlunder(name, "probe"), { namespace, type: "apply", fieldManager: "probe" }),
  );
  return performance.now();
}
