// An etcd that is killed, stopped, restarted, compacted behind a watcher's back or loses its leader.

import assert from "node:assert/strict";
import { test } from "node:test";
import { openEtcdStorage, type Storage, StorageError, type StorageEvent } from "annex/storage";
import { startEtcd, startEtcdCluster } from "../support/etcd.ts";
import { chances, rounds, sleep } from "../support/faults.ts";
import { surely } from "../support/flunder-traffic.ts";
import { isLinearizable, type Operation } from "../support/linearizability.ts";

test("a watch goes on without a gap, duplicate or disorder when etcd is killed and started again", async (t) => {
  const random = chances(t);
  const [member] = await startEtcdCluster(t, { size: 1 });
  assert.ok(member !== undefined);
  await using storage = await openEtcdStorage({ endpoints: [member.endpoint], timeoutMs: 2_000 });
  const base = await storage.currentRevision();
  const watching = collect(storage, base, "/end");
  const writing = new AbortController();
  const writers = Promise.all([0, 1, 2, 3].map((writer) => writeUntil(storage, writer, writing.signal)));

  for (let round = 0; round < rounds(2); round++) {
    await sleep(100 + random.below(200));
    await member.kill();
    await sleep(random.below(100));
    await member.start();
  }
  await sleep(200);
  writing.abort();
  const acknowledged = (await writers).flat();
  await putSurely(storage, "/end");

  const watched = await watching;
  assert.deepEqual(watched, await collect(storage, base, "/end"));
  const revisions = new Set(watched.map((event) => event.revision));
  assert.ok(acknowledged.length > 10);
  for (const revision of acknowledged) assert.ok(revisions.has(revision), `revision ${revision} was acknowledged`);
});

test("no acknowledged write is lost when the leader of three members is killed, nor when all are", async (t) => {
  const members = await startEtcdCluster(t, {
    size: 3,
    arguments: ["--heartbeat-interval=50", "--election-timeout=500"],
  });
  await using storage = await openEtcdStorage({
    endpoints: members.map((member) => member.endpoint),
    timeoutMs: 3_000,
  });
  const base = await storage.currentRevision();
  const watching = collect(storage, base, "/end");
  const writing = new AbortController();
  const writers = Promise.all([0, 1, 2, 3].map((writer) => writeUntil(storage, writer, writing.signal)));

  for (let round = 0; round < rounds(1); round++) {
    // Whoever leads is among those that are killed one after the other; the other two elect another.
    for (const member of members) {
      await sleep(300);
      await member.kill();
      await sleep(300);
      await member.start();
    }
    await sleep(300);
    await Promise.all(members.map((member) => member.kill()));
    await Promise.all(members.map((member) => member.start()));
  }
  await sleep(500);
  writing.abort();
  const acknowledged = (await writers).flat();
  await putSurely(storage, "/end");

  const revisions = new Set((await watching).map((event) => event.revision));
  assert.ok(acknowledged.length > 10);
  for (const revision of acknowledged) assert.ok(revisions.has(revision), `revision ${revision} was acknowledged`);
});

test("a member that is stopped is passed over, and its watches go on at another", async (t) => {
  const members = await startEtcdCluster(t, {
    size: 3,
    arguments: ["--heartbeat-interval=50", "--election-timeout=500"],
  });
  const [first] = members;
  await using storage = await openEtcdStorage({
    endpoints: members.map((member) => member.endpoint),
    timeoutMs: 3_000,
  });
  const base = await storage.currentRevision();
  const watching = collect(storage, base, "/end");
  await put(storage, "/a", "1");
  first?.signal("SIGSTOP");
  t.after(() => first?.signal("SIGCONT"));
  await putSurely(storage, "/b");
  await putSurely(storage, "/end");
  const keys = (await watching).map((event) => event.key);
  assert.deepEqual([...new Set(keys)], ["/a", "/b", "/end"]);
});

test("calls find a member that answers, whichever come first in the list", async (t) => {
  const endpoint = await startEtcd(t);
  // Nothing listens at port 1.
  const endpoints = ["http://127.0.0.1:1", "127.0.0.1:1", endpoint];
  await using storage = await openEtcdStorage({ endpoints });
  assert.ok((await storage.commit([{ key: "/a", value: Buffer.from("1"), expected: 0 }])).committed);
});

test("a commit and a check say UNAVAILABLE where nobody answers in time", async () => {
  await using storage = await openEtcdStorage({ endpoints: ["http://127.0.0.1:1"], timeoutMs: 100 });
  const unavailable = { name: "StorageError", code: "UNAVAILABLE" };
  await assert.rejects(storage.commit([{ key: "/a", value: undefined, expected: 0 }]), unavailable);
  await assert.rejects(storage.check({ signal: new AbortController().signal }), unavailable);
  const reason = new Error("The probe took too long");
  await assert.rejects(storage.check({ signal: AbortSignal.abort(reason) }), reason);
});

test("a watch that reads too slowly for compaction has everything in order and then REVISION_COMPACTED", async (t) => {
  const endpoint = await startEtcd(t);
  await using storage = await openEtcdStorage({ endpoints: [endpoint] });
  const base = await storage.currentRevision();
  const watch = storage.watch("/", { after: base, signal: new AbortController().signal })[Symbol.asyncIterator]();
  const first = watch.next();
  let revision = base;
  // More than what is buffered on the way: windows of 2 MiB here, sockets, and a thousand answers in etcd.
  for (let i = 0; i < 1_500; i++) revision = await put(storage, `/${i % 50}`, "x".repeat(60_000));
  await storage.compact(revision);
  await first;

  let last = base + 1;
  await assert.rejects(
    async () => {
      for (let batch = await watch.next(); !batch.done; batch = await watch.next()) {
        for (const event of batch.value.events) {
          assert.equal(event.revision, last + 1);
          last = event.revision;
        }
      }
    },
    { code: "REVISION_COMPACTED" },
  );
  assert.ok(last < revision);
});

test("two clients of one etcd see one history of each key, also while it is killed and started again", async (t) => {
  const random = chances(t);
  const [member] = await startEtcdCluster(t, { size: 1 });
  assert.ok(member !== undefined);
  const open = () => openEtcdStorage({ endpoints: [member.endpoint], timeoutMs: 1_000 });
  await using first = await open();
  await using second = await open();
  // An etcd that is killed before it has begun a cluster may never lead one.
  await surely(async () => first.currentRevision());
  const recorder = new Recorder();
  const keys = ["/a", "/b", "/c"];

  for (let round = 0; round < rounds(2); round++) {
    const clients = [first, second, first, second, first, second].map(async (storage, client) => {
      for (let i = 0; i < 12; i++) {
        const key = keys[random.below(keys.length)] ?? "/a";
        await recorder.readOrWrite(storage, key, random.below(2) === 0 ? undefined : `${round}-${client}-${i}`);
      }
    });
    await sleep(random.below(30));
    await member.kill();
    await member.start();
    await Promise.all(clients);
  }
  for (const key of keys) assert.ok(isLinearizable(recorder.operationsOf(key)), `the history of ${key}`);
});

/** Calls and their answers, as the clients saw them. */
class Recorder {
  readonly #operations = new Map<string, Operation[]>();
  /** What a client last saw of a key, which is what its next write expects. */
  readonly #seen = new Map<string, { readonly value: string | undefined; readonly revision: number }>();
  #moment = 0;

  operationsOf(key: string): readonly Operation[] {
    return this.#operations.get(key) ?? [];
  }

  async readOrWrite(storage: Storage, key: string, value: string | undefined): Promise<void> {
    const called = this.#moment++;
    const call = await (value === undefined ? this.#read(storage, key) : this.#write(storage, key, value));
    if (call === undefined) return; // A read that failed says nothing.
    const isAnswered = call.kind === "read" || call.found !== undefined;
    const answered = isAnswered ? this.#moment++ : Number.POSITIVE_INFINITY;
    this.#operations.set(key, [...this.operationsOf(key), { called, answered, call }]);
  }

  async #read(storage: Storage, key: string): Promise<Operation["call"] | undefined> {
    try {
      const { entries } = await storage.range({ start: key, end: `${key}\0` });
      const saw = entries[0]?.value.toString();
      this.#seen.set(key, { value: saw, revision: entries[0]?.revision ?? 0 });
      return { kind: "read", saw };
    } catch (error) {
      assertUnavailable(error);
      return undefined;
    }
  }

  async #write(storage: Storage, key: string, value: string): Promise<Operation["call"]> {
    const seen = this.#seen.get(key) ?? { value: undefined, revision: 0 };
    const call = { kind: "write", expected: seen.value, value } as const;
    try {
      const result = await storage.commit([{ key, value: Buffer.from(value), expected: seen.revision }]);
      if (!result.committed) return { ...call, found: { value: result.current[0]?.value.toString() } };
      this.#seen.set(key, { value, revision: result.revision });
      return { ...call, found: { value: seen.value } };
    } catch (error) {
      assertUnavailable(error);
      return { ...call, found: undefined };
    }
  }
}

/** The events after a revision, up to and including the one of a key. */
async function collect(storage: Storage, after: number, lastKey: string): Promise<StorageEvent[]> {
  const events: StorageEvent[] = [];
  for await (const batch of storage.watch("/", { after, signal: new AbortController().signal })) {
    for (const event of batch.events) {
      assert.ok(event.revision > after && event.revision >= (events.at(-1)?.revision ?? 0));
      events.push(event);
      if (event.key === lastKey) return events;
    }
  }
  assert.fail("the watch ended");
}

/** Puts again and again until the signal aborts, and answers the revisions that were acknowledged. */
async function writeUntil(storage: Storage, writer: number, signal: AbortSignal): Promise<number[]> {
  const revisions: number[] = [];
  for (let i = 0; !signal.aborted; i++) {
    try {
      revisions.push(await put(storage, `/${writer}/${i % 10}`, `${i}`));
      await sleep(1);
    } catch (error) {
      assertUnavailable(error);
    }
  }
  return revisions;
}

/** Puts until it is acknowledged. */
async function putSurely(storage: Storage, key: string): Promise<void> {
  for (;;) {
    try {
      await put(storage, key, "1");
      return;
    } catch (error) {
      assertUnavailable(error);
    }
  }
}

async function put(storage: Storage, key: string, value: string): Promise<number> {
  return (await storage.commit([{ key, value: Buffer.from(value), expected: undefined }])).revision;
}

function assertUnavailable(error: unknown): void {
  assert.ok(error instanceof StorageError && error.code === "UNAVAILABLE", `${error}`);
}
