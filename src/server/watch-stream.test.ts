import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../test/support/manual-clock.ts";
import { aRequest } from "../../test/support/request.ts";
import { serveForTest, type TestResource } from "../../test/support/verbs.ts";
import { widget, widgets } from "../../test/support/widgets.ts";
import { seededRandom } from "../base/random.ts";
import { encodeStored } from "./stored-object.ts";
import { watch } from "./verbs/watch.ts";

const scale = Number(process.env.ANNEX_SCALE ?? 1);

interface Event {
  readonly type: string;
  readonly object: {
    readonly kind: string;
    readonly message?: string;
    readonly code?: number;
    readonly metadata: {
      readonly name?: string;
      readonly resourceVersion: string;
      readonly annotations?: Record<string, string>;
    };
  };
}

/** Reads a watch event by event. */
class Reader {
  readonly #chunks: AsyncIterator<Buffer>;
  #lines: string[] = [];

  constructor(body: AsyncIterable<Buffer>) {
    this.#chunks = body[Symbol.asyncIterator]();
  }

  /** Undefined at the end. */
  async next(): Promise<Event | undefined> {
    const line = await this.nextLine();
    return line === undefined ? undefined : JSON.parse(line);
  }

  async nextLine(): Promise<string | undefined> {
    while (this.#lines.length === 0) {
      const { done, value } = await this.#chunks.next();
      if (done === true) return undefined;
      assert.ok(value.at(-1) === 0x0a, "chunks end with an event");
      this.#lines = value.toString("utf8").trimEnd().split("\n");
    }
    return this.#lines.shift();
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}

async function open(server: TestResource, query: string, accept = "application/json"): Promise<Reader> {
  const info = { isResource: true, group: widget.group, version: "v1", namespace: "default", resource: "widgets" };
  const request = aRequest({ url: `/x?watch=1&${query}`, headers: { accept }, info });
  const { body } = await watch({ request, served: server.served, version: "v1", info: request.info });
  assert.ok(body !== undefined && Symbol.asyncIterator in body);
  return new Reader(body);
}

async function put(server: TestResource, name: string, labels: Record<string, string> = {}): Promise<number> {
  const metadata = { name, namespace: "default", labels };
  const value = encodeStored(widget, { apiVersion: "test.example.com/v1", kind: "Widget", metadata });
  return commit(server, name, value);
}

async function commit(server: TestResource, name: string, value: Buffer | undefined): Promise<number> {
  const key = `${server.served.keyPrefix}default/${name}`;
  const { revision } = await server.storage.commit([{ key, value, expected: undefined }]);
  return revision;
}

test("Watchers see every change once and in order, each as its selector has it", async () => {
  const seed = Number(process.env.ANNEX_SEED ?? 20_261_123);
  const random = seededRandom(seed);
  await using server = await serveForTest(widgets);
  const colors = ["red", "green", "blue"];
  const last = "zz-last";
  const model = new Map<string, { color: string; revision: number }>();

  const follow = async (color: string): Promise<Map<string, string>> => {
    const selector = color === "" ? "" : `&labelSelector=color+in+(${color},all)`;
    const reader = await open(server, `resourceVersion=${server.served.cache.revision}${selector}`);
    const seen = new Map<string, string>();
    let before = 0;
    for (;;) {
      const event = await reader.next();
      assert.ok(event !== undefined && event.type !== "ERROR", `seed ${seed}`);
      const { name = "", resourceVersion } = event.object.metadata;
      assert.ok(Number(resourceVersion) > before, `seed ${seed}: revisions run forward`);
      before = Number(resourceVersion);
      assert.equal(event.type === "ADDED", !seen.has(name), `seed ${seed}: ${event.type} ${name}`);
      if (event.type === "DELETED") seen.delete(name);
      else seen.set(name, resourceVersion);
      if (name === last) break;
    }
    await reader.close();
    return seen;
  };
  const followers = ["", "", ...colors, ...colors].map((color) => ({ color, seen: follow(color) }));

  for (let step = 0; step < 400 * scale; step++) {
    const name = `w${random.below(20)}`;
    if (random.next() < 0.3 && model.has(name)) {
      await commit(server, name, undefined);
      model.delete(name);
      continue;
    }
    const color = colors[random.below(3)] ?? "";
    model.set(name, { color, revision: await put(server, name, { color }) });
  }
  model.set(last, { color: "all", revision: await put(server, last, { color: "all" }) });

  for (const { color, seen } of followers) {
    const expected = [...model].filter(([, object]) => color === "" || [color, "all"].includes(object.color));
    assert.deepEqual(
      [...(await seen)].sort(),
      expected.map(([name, { revision }]) => [name, String(revision)]).sort(),
      `seed ${seed}, color ${color}`,
    );
  }
});

test("A watch list shows what is there, says where that ends, and goes on", async () => {
  await using server = await serveForTest(widgets);
  await put(server, "a");
  await put(server, "b");
  const query = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
  const reader = await open(server, query);
  await put(server, "c");
  const events = [await reader.next(), await reader.next(), await reader.next(), await reader.next()];
  assert.deepEqual(
    events.map((event) => `${event?.type} ${event?.object.metadata.name ?? ""}`),
    ["ADDED a", "ADDED b", "BOOKMARK ", "ADDED c"],
  );
  assert.deepEqual(events[2]?.object.metadata.annotations, { "k8s.io/initial-events-end": "true" });
  await put(server, "d");
  assert.equal((await reader.next())?.object.metadata.name, "d", "nothing is told twice");
  await reader.close();
});

test("A watcher that is too far behind, or comes too late, is told so and ended", async () => {
  await using server = await serveForTest(widgets);
  const first = await put(server, "a");
  const slow = await open(server, `resourceVersion=${first}`);
  const padding = "x".repeat(600_000);
  for (let at = 0; at < 70; at++) await put(server, "a", { padding: `${padding}${at}` });
  const late = await open(server, `resourceVersion=${first}`);
  const form = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io";
  const lateInAFormOfLists = await open(server, `resourceVersion=${first}`, form);
  for (const reader of [slow, late, lateInAFormOfLists]) {
    const event = await reader.next();
    assert.equal(event?.type, "ERROR");
    assert.equal(event?.object.code, 410);
    assert.match(event?.object.message ?? "", /^too old resource version: \d+ \(\d+\)$/);
    assert.equal(await reader.next(), undefined);
  }
});

test("A watch says shortly before its end how far it is, where it moved, and then ends", async () => {
  const clock = new ManualClock();
  await using server = await serveForTest(widgets, { clock });
  const revision = await put(server, "a");
  const reader = await open(
    server,
    `resourceVersion=${revision}&timeoutSeconds=10&allowWatchBookmarks=true&labelSelector=x`,
  );
  const later = await put(server, "b");
  const bookmark = reader.next();
  clock.advance(8_000);
  assert.equal((await bookmark)?.type, "BOOKMARK");
  assert.equal((await bookmark)?.object.metadata.resourceVersion, String(later));
  const end = reader.next();
  clock.advance(2_000);
  assert.equal(await end, undefined);
  assert.equal(clock.waiting, 0, "no timer is left behind");
});

test("A watch says shortly before its end how far it is, once, also after events that said so", async () => {
  const clock = new ManualClock();
  await using server = await serveForTest(widgets, { clock });
  const before = await put(server, "a");
  const replayed = await put(server, "b");
  const options = "timeoutSeconds=10&allowWatchBookmarks=true";
  const reader = await open(server, `resourceVersion=${before}&${options}`);
  const quiet = await open(server, `resourceVersion=${before}&${options}`);
  for (const each of [reader, quiet])
    assert.equal((await each.next())?.object.metadata.resourceVersion, String(replayed));
  const nothing = quiet.next();
  clock.advance(8_000);
  const last = await put(server, "c");
  assert.equal((await reader.next())?.type, "ADDED");
  assert.equal((await nothing)?.type, "ADDED");
  const bookmark = await reader.next();
  assert.deepEqual([bookmark?.type, bookmark?.object.metadata.resourceVersion], ["BOOKMARK", String(last)]);
  const end = reader.next();
  clock.advance(2_000);
  assert.equal(await end, undefined);
});

test("Watchers of one form share the bytes of an event", async () => {
  await using server = await serveForTest(widgets);
  const from = server.served.cache.revision;
  const info = { isResource: true, group: widget.group, version: "v1", namespace: "default", resource: "widgets" };
  const chunks: Buffer[] = [];
  for (let watcher = 0; watcher < 2; watcher++) {
    const request = aRequest({ url: `/x?watch=1&resourceVersion=${from}`, info });
    const { body } = await watch({ request, served: server.served, version: "v1", info: request.info });
    assert.ok(body !== undefined && Symbol.asyncIterator in body);
    if (watcher === 0) await put(server, "a");
    const { value } = await body[Symbol.asyncIterator]().next();
    chunks.push(value);
  }
  assert.ok(chunks[0] !== undefined && chunks[0] === chunks[1]);
});
