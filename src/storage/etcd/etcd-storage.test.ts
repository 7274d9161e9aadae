import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, type TestContext, test } from "node:test";
import { startEtcd } from "../../../test/support/etcd.ts";
import { ManualClock } from "../../../test/support/manual-clock.ts";
import { type KeyPair, makeAuthority, makeCertificate } from "../../base/certificates.ts";
import { systemClock } from "../../base/clock.ts";
import { assertFails } from "../contract/bench.ts";
import { describeStorage } from "../contract.ts";
import type { Storage } from "../storage.ts";
import { Channel } from "./channel.ts";
import { openEtcdStorage } from "./etcd-storage.ts";
import { EtcdWatch } from "./etcd-watch.ts";

const endpoint = startEtcd({ after });

describeStorage("etcd", async () => openEtcdStorage({ endpoints: [await endpoint] }));

describe("openEtcdStorage()", () => {
  test("reads a range that takes several pages, at one revision, up to its limit", async () => {
    await using storage = openEtcdStorage({ endpoints: [await endpoint] });
    const key = (i: number) => `/pages/${`${i}`.padStart(4, "0")}`;
    const keys = Array.from({ length: 300 }, (_, i) => key(i));
    for (const part of [keys.slice(0, 100), keys.slice(100, 200), keys.slice(200)]) {
      await storage.commit(part.map((key) => ({ key, value: Buffer.from("1"), expected: 0 })));
    }
    const range = { start: "/pages/", end: "/pages0" };
    const all = await storage.range(range);
    assert.deepEqual([all.entries.map((entry) => entry.key), all.more], [keys, false]);
    for (const limit of [63, 64, 65, 200, 299]) {
      const { entries, more } = await storage.range({ ...range, limit });
      assert.deepEqual([entries.length, more, entries.at(-1)?.key], [limit, true, key(limit - 1)]);
    }
    assert.equal((await storage.range({ ...range, limit: 300 })).more, false);
    await storage.commit([{ key: "/pages/0299a", value: Buffer.from("1"), expected: 0 }]);
    assert.equal((await storage.range({ ...range, revision: all.revision })).entries.length, 300);
  });

  test("delivers a change of several megabytes in one batch, although etcd sends it in parts", async () => {
    await using storage = openEtcdStorage({ endpoints: [await endpoint] });
    const base = await storage.currentRevision();
    const value = Buffer.alloc(300_000, "x");
    for (let round = 0; round < 4; round++) {
      await storage.commit([1, 2, 3, 4].map((i) => ({ key: `/large/${i}`, value, expected: undefined })));
    }
    const sizes = new Map<number, number>();
    for await (const batch of storage.watch("/large/", { after: base, signal: new AbortController().signal })) {
      for (const { revision } of batch.events) {
        assert.equal(batch.events.filter((event) => event.revision === revision).length, 4);
        sizes.set(revision, 4);
      }
      if (sizes.size === 4) break;
    }
  });

  test("leaves no key behind when it was asked for progress", async () => {
    await using storage = openEtcdStorage({ endpoints: [await endpoint] });
    const base = await storage.currentRevision();
    const watch = storage
      .watch("/progress/", { after: base, signal: new AbortController().signal })
      [Symbol.asyncIterator]();
    const first = watch.next();
    await put(storage, "/elsewhere", "1");
    storage.requestProgress();
    const { value: batch } = await first;
    assert.deepEqual(batch?.events, []);
    assert.ok((batch?.revision ?? 0) > base);
    await assertSoon(async () => {
      const { entries } = await storage.range({ start: "/progress", end: "/progress1" });
      return entries.length === 0;
    });
  });

  test("asks a newer etcd for progress instead of writing", async (t) => {
    // The etcd here may be an older one. While nothing else happens it answers in order, too.
    const channel = new Channel({ endpoints: [await endpoint], clock: systemClock, tls: undefined });
    t.after(() => channel.close());
    await using storage = openEtcdStorage({ endpoints: [await endpoint] });
    const base = await storage.currentRevision();
    const controller = new AbortController();
    t.after(() => controller.abort());
    const watch = new EtcdWatch({
      channel: {
        member: async (signal) => ({ ...(await channel.member(signal)), version: "3.5.21" }),
        leave: (member) => channel.leave(member),
      },
      clock: systemClock,
      prefix: "/asked/",
      after: base,
      signal: controller.signal,
      assertKept: async () => {},
      writeMarker: () => assert.fail("this member tells by itself"),
    });
    const batches = watch.batches();
    const first = batches.next();
    const revision = await put(storage, "/elsewhere", "2");
    watch.requestProgress();
    let batch = await first;
    while (!batch.done && batch.value.revision < revision) {
      watch.requestProgress();
      batch = await batches.next();
    }
    assert.deepEqual(batch.value, { events: [], revision });
    assert.equal(await storage.currentRevision(), revision);
  });
});

describe("TLS", () => {
  test("connects with a client certificate to a member that its authority vouches for", async (t) => {
    const { endpoint, authority, client } = await startSecureEtcd(t);
    const tls = { ca: authority.certificate, cert: client.certificate, key: client.key };
    await using storage = openEtcdStorage({ endpoints: [endpoint], tls });
    assert.ok((await storage.commit([{ key: "/a", value: Buffer.from("1"), expected: 0 }])).committed);
  });

  test("says UNAVAILABLE where the member's authority or the client's certificate is another", async (t) => {
    const { endpoint, authority, client } = await startSecureEtcd(t);
    const other = await makeAuthority({ commonName: "other", nowMs: Date.now() });
    const stranger = await makeCertificate(other, { commonName: "stranger", nowMs: Date.now() });
    for (const tls of [
      { ca: other.certificate, cert: client.certificate, key: client.key },
      { ca: authority.certificate, cert: stranger.certificate, key: stranger.key },
      { ca: authority.certificate },
    ]) {
      await using storage = openEtcdStorage({ endpoints: [endpoint], tls, timeoutMs: 200 });
      await assertFails(storage.range({ start: "/a", end: "/b" }), "UNAVAILABLE");
    }
  });
});

describe("compaction", () => {
  test("is done by one of several servers every interval, to the revision of the interval before", async (t) => {
    const endpoints = [await startEtcd(t)];
    const clock = new ManualClock();
    const options = { endpoints, clock, compactionIntervalMs: 300_000 };
    await using first = openEtcdStorage(options);
    await using second = openEtcdStorage(options);
    const old = await put(first, "/a", "1");
    await put(second, "/a", "2");

    let intervals = 0;
    const written = new Set<number>();
    await assertSoon(async () => {
      clock.advance(300_000);
      intervals++;
      const { entries } = await first.range({ start: "compact_rev_key", end: "compact_rev_key\0" });
      for (const entry of entries) written.add(entry.revision);
      return first.range({ start: "/a", end: "/b", revision: old }).then(
        () => false,
        (error: { readonly code: string }) => error.code === "REVISION_COMPACTED",
      );
    });
    assert.ok(intervals >= 2 && written.size <= intervals);
    assert.equal((await second.range({ start: "/a", end: "/b" })).entries.length, 1);
  });
});

async function startSecureEtcd(
  t: TestContext,
): Promise<{ readonly endpoint: string; readonly authority: KeyPair; readonly client: KeyPair }> {
  const nowMs = Date.now();
  const authority = await makeAuthority({ commonName: "etcd", nowMs });
  const server = await makeCertificate(authority, { commonName: "member", hosts: ["127.0.0.1"], nowMs });
  const client = await makeCertificate(authority, { commonName: "annex", nowMs });
  const directory = mkdtempSync(join(tmpdir(), "annex-etcd-tls-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const [certFile, keyFile, clientCaFile] = ["server.crt", "server.key", "ca.crt"].map((name) => join(directory, name));
  if (certFile === undefined || keyFile === undefined || clientCaFile === undefined)
    throw new Error("three names are three files");
  writeFileSync(certFile, server.certificate);
  writeFileSync(keyFile, server.key);
  writeFileSync(clientCaFile, authority.certificate);
  const options = { tls: { certFile, keyFile, clientCaFile }, arguments: ["--enable-grpc-gateway=false"] };
  return { endpoint: await startEtcd(t, options), authority, client };
}

/** Waits for something that happens by itself. */
async function assertSoon(isSo: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 500; i++) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.fail("it did not happen within five seconds");
}

async function put(storage: Storage, key: string, value: string): Promise<number> {
  return (await storage.commit([{ key, value: Buffer.from(value), expected: undefined }])).revision;
}
