// One watcher of a thousand that does not read: it is ended, the others miss nothing, and the server's memory stays within bounds.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { type ClientHttp2Stream, connect as connectHttp2 } from "node:http2";
import { join } from "node:path";
import { test } from "node:test";
import { readAll } from "annex/client";
import { adminOf, aFlunder, flundersOf, namespace } from "../support/flunder-traffic.ts";
import { pki, startWardle } from "../support/wardle.ts";

const fastWatchers = 1_000;
/** As many as one connection carries. */
const watchersPerConnection = 200;
/** Objects of so many bytes: 120 changes of them, before and after, are more than the 32 MiB that the server keeps for watchers. */
const objectSizeBytes = 200_000;
const changes = 120;
/** A thousand fast watchers are sent 24 GB of such changes if they see all of them: they see those of one small object. */
const smallChanges = 50;
/** What the server may take beyond what it took with its watchers open: the events' 32 MiB, and as much again that is under way. */
const growthMaxBytes = 160 * 1024 * 1024;

test("a watcher that does not read is ended, a thousand others miss nothing, and memory stays bounded", async (t) => {
  await using wardle = await startWardle({ storage: (directory) => ["--data-dir", join(directory, "data")] });
  const client = adminOf(wardle.port);
  const flunders = flundersOf(client);
  const { metadata } = await flunders.create(aFlunder("small", "0"));
  const connections = Array.from({ length: fastWatchers / watchersPerConnection + 1 }, () => connectTo(wardle.port));
  t.after(() => {
    client.close();
    for (const connection of connections) connection.destroy();
  });
  const query = `watch=1&resourceVersion=${metadata.resourceVersion}`;
  const fast = connections
    .slice(1)
    .flatMap((connection) =>
      Array.from(
        { length: watchersPerConnection },
        () => new Reader(connection.request({ ":path": `${path}?${query}&fieldSelector=metadata.name%3Dsmall` })),
      ),
    );
  const slow = connections[0]?.request({ ":path": `${path}?${query}` });
  assert.ok(slow !== undefined);
  await Promise.all([...fast.map((reader) => reader.opened), new Promise((resolve) => slow.once("response", resolve))]);
  const residentBytes = () =>
    Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${wardle.pid}/status`, "utf8"))?.[1]) * 1024;
  const before = residentBytes();
  let highest = before;

  await flunders.create(largeFlunder(0));
  for (let i = 1; i <= changes; i++) {
    await flunders.patch("large", largeFlunder(i), { namespace, type: "merge" });
    if (i % Math.floor(changes / smallChanges) === 0 && i / 2 <= smallChanges)
      await flunders.patch("small", { spec: { reference: `${i}` } }, { namespace, type: "merge" });
    highest = Math.max(highest, residentBytes());
  }
  await flunders.delete("small", { namespace });

  const told = await Promise.all(fast.map((reader) => reader.until("DELETED")));
  for (const events of told) assert.deepEqual(events, told[0]);
  assert.equal(told[0]?.length, smallChanges + 1);
  t.diagnostic(
    `resident: ${inMiB(before)} MiB with ${fastWatchers} watchers, at most ${inMiB(highest)} MiB under changes`,
  );
  assert.ok(highest - before < growthMaxBytes, `memory grew by ${inMiB(highest - before)} MiB`);

  // Only now does it read: what was under way, and that the rest is gone.
  const reader = new Reader(slow);
  const seen = await reader.until("ERROR");
  assert.ok(seen.length < changes);
  assert.match(reader.last, /"code":410/);
  assert.match(reader.last, /"reason":"Expired"/);
  await reader.ended;
  const metrics = String(await readAll((await client.send({ path: "/metrics" })).body));
  assert.match(metrics, /\napiserver_terminated_watchers_total\{[^}]*resource="flunders"\} 1\n/);
});

const path = `/apis/wardle.example.com/v1alpha1/namespaces/${namespace}/flunders`;

function largeFlunder(i: number): ReturnType<typeof aFlunder> {
  const flunder = aFlunder("large", `${i}`);
  flunder.metadata.annotations = { padding: `${i} `.padEnd(objectSizeBytes, "x") };
  return flunder;
}

function connectTo(port: number) {
  return connectHttp2(`https://127.0.0.1:${port}`, {
    cert: readFileSync(join(pki, "admin.crt")),
    key: readFileSync(join(pki, "admin.key")),
    rejectUnauthorized: false,
  });
}

/** Reads a watch line by line, from when it is made. */
class Reader {
  readonly opened: Promise<unknown>;
  readonly ended: Promise<unknown>;
  /** The newest line. */
  last = "";
  readonly #told: string[] = [];
  #wake: () => void = () => {};

  constructor(stream: ClientHttp2Stream) {
    this.opened = new Promise((resolve) => stream.once("response", resolve));
    this.ended = new Promise((resolve) => stream.once("close", resolve));
    let rest = "";
    stream.setEncoding("utf8").on("data", (text: string) => {
      const lines = `${rest}${text}`.split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) this.#take(line);
      this.#wake();
    });
  }

  /** Resolves to what it was told, once that includes an event of this type. */
  async until(type: string): Promise<readonly string[]> {
    while (!this.#told.some((told) => told.startsWith(type))) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#told;
  }

  #take(line: string): void {
    this.last = line.slice(0, 1_000);
    const [, type, revision] =
      /^\{"type":"(\w+)".*?"resourceVersion":"(\d+)"/.exec(line) ?? /^\{"type":"(\w+)"/.exec(line) ?? [];
    this.#told.push(`${type} ${revision}`);
  }
}

function inMiB(sizeBytes: number): number {
  return Math.round(sizeBytes / 2 ** 20);
}
