// The wardle server and its etcd: away at the start, away later, compacted behind its back, with certificates, with a prefix, and one etcd
// for some resources alone.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { StatusError } from "annex/api";
import { type Client, readAll } from "annex/client";
import { openEtcdStorage, type Storage } from "annex/storage";
import { makeAuthority, makeCertificate } from "../../src/base/certificates.ts";
import { freePorts, startEtcd } from "../support/etcd.ts";
import { sleep } from "../support/faults.ts";
import { adminOf, aFlunder, flundersOf, namespace, surely } from "../support/flunder-traffic.ts";
import { startProxy, type TcpProxy } from "../support/tcp-proxy.ts";
import { startWardle } from "../support/wardle.ts";

const flunderKeys = "/registry/wardle.example.com/wardle.example.com/flunders/";

describe("the wardle server and its etcd", { concurrency: 4 }, () => {
  test("a watch from before a compaction that the cache missed ends with 410, and the cache has everything again", async (t) => {
    const { client, storage, proxy } = await serveThroughProxy(t);
    const flunders = flundersOf(client);
    await flunders.create(aFlunder("a", "1"));
    const { metadata } = await flunders.list({ namespace });
    const watch = await flunders.watch({ namespace, resourceVersion: metadata.resourceVersion ?? "" });
    const ended = readToEnd(watch);

    proxy.cut();
    const { entries } = await storage.range({ start: flunderKeys, end: `${flunderKeys}~` });
    const value = Buffer.from(String(entries[0]?.value).replace('"name":"a"', '"name":"b"'));
    await storage.commit([{ key: `${flunderKeys}default/b`, value, expected: 0 }]);
    const { revision } = await storage.commit([
      { key: `${flunderKeys}default/a`, value: undefined, expected: undefined },
    ]);
    await storage.compact(revision);
    proxy.heal();

    const error = await ended;
    assert.ok(error instanceof StatusError, String(error));
    assert.deepEqual([error.code, error.reason], [410, "Expired"]);
    assert.match(error.message, /^too old resource version: \d+ \(\d+\)$/);
    const list = await surely(() => flunders.list({ namespace }));
    assert.deepEqual(
      list.items.map((item) => item.metadata.name),
      ["b"],
    );
    const events = await flunders.watch({ namespace, resourceVersion: list.metadata.resourceVersion ?? "" });
    await flunders.create(aFlunder("c", "1"));
    for await (const event of events) {
      assert.deepEqual([event.type, event.object.metadata.name], ["ADDED", "c"]);
      break;
    }
  });

  test("while etcd is away, /livez and /readyz say so, and requests get the reference's answer", async (t) => {
    const { client, proxy } = await serveThroughProxy(t);
    const flunders = flundersOf(client);
    await flunders.create(aFlunder("a", "1"));
    assert.equal(await ask(client, "/readyz"), "200 ok");
    proxy.cut();

    const [livez, readyz, readiness, read] = await Promise.all([
      ask(client, "/livez"),
      ask(client, "/readyz"),
      ask(client, "/readyz/etcd-readiness"),
      flunders.get("a", { namespace }).catch((error: unknown) => error),
    ]);
    // By now the connection is known to be lost: what is not sent has not happened.
    const written = await flunders.create(aFlunder("b", "1")).catch((error: unknown) => error);
    assert.equal(livez, "500 [+]ping ok\n[+]log ok\n[-]etcd failed: reason withheld\nlivez check failed\n");
    assert.equal(
      readyz,
      "500 [+]ping ok\n[+]log ok\n[-]etcd failed: reason withheld\n[-]etcd-readiness failed: reason withheld\n[+]informer-sync ok\nreadyz check failed\n",
    );
    assert.match(readiness, /^500 internal server error: error getting data from etcd: /);
    assertUnreachable(read, "get");
    assertUnreachable(written, "create");
    const cached = await flunders.list({ namespace, resourceVersion: "0" });
    assert.equal(cached.items.length, 1, "the cache answers who does not ask for the newest");

    proxy.heal();
    await surely(() => flunders.create(aFlunder("b", "1")));
    assert.equal(await ask(client, "/readyz"), "200 ok");
  });

  test("a server that starts before its etcd asks to come back, and serves once etcd is there", async (t) => {
    const [port = 0, etcdPort = 0] = await freePorts(2);
    await using wardle = await startWardle({ storage: () => ["--etcd-servers", `http://127.0.0.1:${etcdPort}`], port });
    const client = adminOf(wardle.port);
    t.after(() => client.close());
    const refused = await flundersOf(client)
      .list({ namespace })
      .catch((error: unknown) => error);
    assert.ok(refused instanceof StatusError, String(refused));
    assert.deepEqual(
      [refused.code, refused.reason, refused.message, refused.details],
      [429, "TooManyRequests", "storage is (re)initializing", { retryAfterSeconds: 1 }],
    );
    const { status, headers } = await client.send({ path: "/apis/wardle.example.com/v1alpha1/flunders?watch=1" });
    assert.deepEqual([status, headers["retry-after"]], [429, "1"]);
    assert.match(await ask(client, "/readyz"), /\[-\]informer-sync failed: reason withheld/);

    await startEtcd(t, { port: etcdPort });
    while ((await ask(client, "/readyz")) !== "200 ok") await sleep(20);
    await flundersOf(client).create(aFlunder("a", "1"));
    assert.equal((await flundersOf(client).list({ namespace })).items.length, 1);
  });

  test("--etcd-prefix and --etcd-servers-overrides say where objects lie", async (t) => {
    const [endpoint, other] = await Promise.all([startEtcd(t), startEtcd(t)]);
    await using wardle = await startWardle({
      storage: () => [
        "--etcd-servers",
        endpoint,
        "--etcd-prefix=/elsewhere/",
        "--etcd-servers-overrides",
        `wardle.example.com/fischers#${other}`,
        "--storage-backend=etcd3",
      ],
    });
    const client = adminOf(wardle.port);
    t.after(() => client.close());
    await flundersOf(client).create(aFlunder("a", "1"));
    const fischers = { path: "/apis/wardle.example.com/v1alpha1/fischers" };
    await client.json({ ...fischers, method: "POST", body: { metadata: { name: "f" }, disallowedFlunders: ["x"] } });
    assert.deepEqual(await keysOf(endpoint), ["/elsewhere/wardle.example.com/flunders/default/a"]);
    assert.deepEqual(await keysOf(other), ["/elsewhere/wardle.example.com/fischers/f"]);
    // The admission of flunders reads fischers where they are.
    await assert.rejects(flundersOf(client).create(aFlunder("x", "1")), { code: 403 });
    assert.equal(await ask(client, "/readyz/etcd-override-0"), "200 ok");
    assert.equal(await ask(client, "/readyz/etcd-override-readiness-0"), "200 ok");
  });

  test("--etcd-compaction-interval has etcd forget what is older than that", async (t) => {
    const endpoint = await startEtcd(t);
    await using wardle = await startWardle({
      storage: () => ["--etcd-servers", endpoint, "--etcd-compaction-interval=300ms"],
    });
    const client = adminOf(wardle.port);
    t.after(() => client.close());
    const { metadata } = await flundersOf(client).create(aFlunder("a", "1"));
    await using storage = await openEtcdStorage({ endpoints: [endpoint], compactionIntervalMs: 0 });
    for (let i = 0; ; i++) {
      await flundersOf(client).patch("a", { spec: { reference: `${i}` } }, { namespace, type: "merge" });
      const read = storage.range({ start: "/", end: "0", revision: Number(metadata.resourceVersion) });
      const code = await read.then(
        () => undefined,
        (error: { readonly code: string }) => error.code,
      );
      if (code === "REVISION_COMPACTED") break;
      assert.ok(code === undefined && i < 500, `not by then: ${code}`);
      await sleep(20);
    }
  });

  test("etcd is spoken to with certificates, which may be renewed without a restart", async (t) => {
    const directory = mkdtempSync(join(tmpdir(), "annex-etcd-tls-"));
    t.after(() => rmSync(directory, { recursive: true, force: true }));
    const file = (name: string): string => join(directory, name);
    const nowMs = Date.now();
    const authority = await makeAuthority({ commonName: "etcd", nowMs });
    const stranger = await makeAuthority({ commonName: "somebody else", nowMs });
    const member = await makeCertificate(authority, { commonName: "member", hosts: ["127.0.0.1"], nowMs });
    const writeClient = async (signer: typeof authority) => {
      const pair = await makeCertificate(signer, { commonName: "wardle", nowMs });
      writeFileSync(file("client.crt"), pair.certificate);
      writeFileSync(file("client.key"), pair.key);
    };
    writeFileSync(file("ca.crt"), authority.certificate);
    writeFileSync(file("member.crt"), member.certificate);
    writeFileSync(file("member.key"), member.key);
    await writeClient(stranger);
    const endpoint = await startEtcd(t, {
      tls: { certFile: file("member.crt"), keyFile: file("member.key"), clientCaFile: file("ca.crt") },
    });
    const [port = 0] = await freePorts(1);
    const tls = [
      `--etcd-cafile=${file("ca.crt")}`,
      `--etcd-certfile=${file("client.crt")}`,
      `--etcd-keyfile=${file("client.key")}`,
    ];
    await using wardle = await startWardle({ storage: () => ["--etcd-servers", endpoint, ...tls], port });
    const client = adminOf(wardle.port);
    t.after(() => client.close());
    assert.match(await ask(client, "/readyz"), /\[-\]etcd failed/);

    await writeClient(authority);
    const created = await surely(() => flundersOf(client).create(aFlunder("a", "1")));
    assert.equal(created.metadata.name, "a");
  });
});

interface Served {
  readonly client: Client;
  /** etcd itself. */
  readonly storage: Storage;
  /** The server's way there. */
  readonly proxy: TcpProxy;
}

async function serveThroughProxy(t: TestContext): Promise<Served> {
  const endpoint = await startEtcd(t);
  const proxy = await startProxy(t, Number(new URL(endpoint).port));
  const wardle = await startWardle({ storage: () => ["--etcd-servers", `http://127.0.0.1:${proxy.port}`] });
  const client = adminOf(wardle.port);
  const storage = await openEtcdStorage({ endpoints: [endpoint], compactionIntervalMs: 0 });
  t.after(async () => {
    client.close();
    await storage[Symbol.asyncDispose]();
    await wardle[Symbol.asyncDispose]();
  });
  return { client, storage, proxy };
}

async function ask(client: Client, path: string): Promise<string> {
  const { status, body } = await client.send({ path });
  return `${status} ${await readAll(body)}`;
}

/** What a stream ended with. */
async function readToEnd(events: AsyncIterable<unknown>): Promise<unknown> {
  try {
    for await (const _ of events);
    return undefined;
  } catch (error) {
    return error;
  }
}

function assertUnreachable(error: unknown, operation: string): void {
  assert.ok(error instanceof StatusError, String(error));
  assert.deepEqual(
    [error.code, error.reason, error.message, error.details],
    [
      500,
      "ServerTimeout",
      `The ${operation} operation against flunders.wardle.example.com could not be completed at this time, please try again.`,
      { name: operation, group: "wardle.example.com", kind: "flunders", retryAfterSeconds: 2 },
    ],
  );
}

async function keysOf(endpoint: string): Promise<string[]> {
  await using storage = await openEtcdStorage({ endpoints: [endpoint], compactionIntervalMs: 0 });
  const { entries } = await storage.range({ start: "/", end: "0" });
  return entries.map(({ key }) => key);
}
