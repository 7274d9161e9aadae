import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApiObject } from "../api/door.ts";
import type { Clock } from "../base/clock.ts";
import { Client } from "./client.ts";
import { type Change, Informer } from "./informer.ts";
import type { Transport, TransportRequest, TransportResponse } from "./transport.ts";

/** Nobody ever waits. */
const hurried: Clock = {
  nowMs: () => 0,
  after(_delayMs, wake) {
    const timer = setImmediate(wake);
    return () => clearImmediate(timer);
  },
};

function widget(name: string, resourceVersion: string): ApiObject {
  return { apiVersion: "v1", kind: "Widget", metadata: { name, namespace: "ns", resourceVersion } };
}

const end = { metadata: { resourceVersion: "9", annotations: { "k8s.io/initial-events-end": "true" } } };
const event = (type: string, object: object) => Buffer.from(`${JSON.stringify({ type, object })}\n`);

/** Answers each request with the next of `answers`; the last one stays open until it is given up. */
function aServer(answers: ((request: TransportRequest) => Buffer[] | number)[]): {
  client: Client;
  asked: string[];
} {
  const asked: string[] = [];
  const transport: Transport = {
    async send(request): Promise<TransportResponse> {
      asked.push(request.path.replace(/timeoutSeconds=\d+&?/, ""));
      const answer = answers.shift();
      if (answer === undefined) return { status: 200, headers: {}, body: open(request.signal) };
      const chunks = answer(request);
      if (typeof chunks === "number") {
        const status = { kind: "Status", code: chunks, message: "no", reason: "Invalid" };
        return { status: chunks, headers: {}, body: stream([Buffer.from(JSON.stringify(status))]) };
      }
      return { status: 200, headers: {}, body: stream(chunks) };
    },
    close() {},
  };
  return { client: new Client({ transport }), asked };
}

async function* stream(chunks: Buffer[]): AsyncIterable<Buffer> {
  yield* chunks;
}

async function* open(signal: AbortSignal | undefined): AsyncIterable<Buffer> {
  if (signal?.aborted) return;
  await new Promise((resolve) => signal?.addEventListener("abort", resolve));
}

function anInformer(client: Client): { informer: Informer<ApiObject>; changes: string[] } {
  const resource = client.resource({ group: "", version: "v1", resource: "widgets", isNamespaced: true });
  const informer = new Informer({ client: resource, clock: hurried });
  const changes: string[] = [];
  informer.onChange(({ type, object }: Change<ApiObject>) => changes.push(`${type} ${object.metadata.name}`));
  return { informer, changes };
}

/** Resolves when the server has been asked so often. */
async function asked(list: readonly string[], count: number): Promise<void> {
  while (list.length < count) await new Promise((resolve) => setImmediate(resolve));
}

test("an informer reads everything by one watch list and goes on with it", async () => {
  const { client, asked: paths } = aServer([
    () => [
      event("ADDED", widget("a", "1")),
      event("ADDED", widget("b", "2")),
      event("BOOKMARK", end),
      event("MODIFIED", widget("a", "10")),
      event("DELETED", widget("b", "11")),
    ],
  ]);
  const { informer, changes } = anInformer(client);
  await using _ = informer;
  informer.start();
  await asked(paths, 2);
  assert.deepEqual(changes, ["added a", "added b", "updated a", "deleted b"]);
  assert.match(paths[0] ?? "", /sendInitialEvents=true/);
  assert.match(paths[1] ?? "", /resourceVersion=11/);
  assert.equal(informer.get("a", "ns")?.metadata.resourceVersion, "10");
});

test("an informer lists and watches where the server knows no watch lists", async () => {
  const list =
    (items: ApiObject[], more: object = {}) =>
    () => [Buffer.from(JSON.stringify({ metadata: { resourceVersion: "5", ...more }, items }))];
  const { client, asked: paths } = aServer([
    () => 422,
    list([widget("a", "1")], { continue: "token" }),
    list([widget("b", "2")]),
    () => [event("ADDED", widget("c", "6"))],
  ]);
  const { informer, changes } = anInformer(client);
  await using _ = informer;
  informer.start();
  await asked(paths, 5);
  assert.deepEqual(changes, ["added a", "added b", "added c"]);
  assert.match(paths[2] ?? "", /continue=token/);
  assert.match(paths[3] ?? "", /resourceVersion=5.*watch=true|watch=true.*resourceVersion=5/);
});

test("an informer whose place in history is gone reads everything again and tells what is different", async () => {
  const gone = { kind: "Status", code: 410, reason: "Expired", message: "too old" };
  const { client, asked: paths } = aServer([
    () => [event("ADDED", widget("a", "1")), event("ADDED", widget("b", "2")), event("BOOKMARK", end)],
    () => [event("ERROR", gone)],
    () => [event("ADDED", widget("a", "7")), event("ADDED", widget("c", "8")), event("BOOKMARK", end)],
  ]);
  const { informer, changes } = anInformer(client);
  await using _ = informer;
  informer.start();
  await asked(paths, 4);
  assert.deepEqual(changes, ["added a", "added b", "deleted b", "updated a", "added c"]);
});

test("synced() rejects for an informer that ends before it has read anything", async () => {
  const { client } = aServer([]);
  const { informer } = anInformer(client);
  informer.start();
  const waiting = assert.rejects(informer.synced());
  await informer[Symbol.asyncDispose]();
  await waiting;
});
