import assert from "node:assert/strict";
import { test } from "node:test";
import { StatusError } from "../api/door.ts";
import { Client } from "./client.ts";
import type { TransportRequest, TransportResponse } from "./transport.ts";

function aClient(answer: (request: TransportRequest) => { status: number; body: string | string[] }): {
  client: Client;
  requests: TransportRequest[];
} {
  const requests: TransportRequest[] = [];
  const transport = {
    async send(request: TransportRequest): Promise<TransportResponse> {
      requests.push(request);
      const { status, body } = answer(request);
      return { status, headers: {}, body: stream([body].flat()) };
    },
    close() {},
  };
  return { client: new Client({ transport, userAgent: "test/1" }), requests };
}

async function* stream(chunks: string[]): AsyncIterable<Buffer> {
  for (const chunk of chunks) yield Buffer.from(chunk);
}

const flunders = { group: "wardle.example.com", version: "v1", resource: "flunders", isNamespaced: true };
const flunder = { apiVersion: "wardle.example.com/v1", kind: "Flunder", metadata: { name: "a b", namespace: "ns" } };

test("each verb has its method, path, query and content type", async () => {
  const { client, requests } = aClient(() => ({ status: 200, body: JSON.stringify(flunder) }));
  const resource = client.resource(flunders);
  await resource.get("a b", { namespace: "ns" });
  await resource.create(flunder, { dryRun: true });
  await resource.update(flunder, { subresource: "status", fieldManager: "me" });
  await resource.patch("a", { spec: {} }, { type: "apply", namespace: "ns", force: true });
  await resource.delete("a", { namespace: "ns" });
  await resource.list({ labelSelector: "a=b,c" });
  const root = "/apis/wardle.example.com/v1";
  assert.deepEqual(
    requests.map(({ method, path }) => `${method} ${path}`),
    [
      `GET ${root}/namespaces/ns/flunders/a%20b`,
      `POST ${root}/namespaces/ns/flunders?dryRun=All`,
      `PUT ${root}/namespaces/ns/flunders/a%20b/status?fieldManager=me`,
      `PATCH ${root}/namespaces/ns/flunders/a?force=true`,
      `DELETE ${root}/namespaces/ns/flunders/a`,
      `GET ${root}/flunders?labelSelector=a%3Db%2Cc`,
    ],
  );
  assert.equal(requests[3]?.headers["content-type"], "application/apply-patch+yaml");
  assert.equal(requests[0]?.headers["user-agent"], "test/1");
});

test("a Status becomes a StatusError with its reason, code and details", async () => {
  const status = {
    kind: "Status",
    message: 'flunders "a" not found',
    reason: "NotFound",
    code: 404,
    details: { name: "a", causes: [{ reason: "R", field: "f" }], retryAfterSeconds: 3, junk: 1 },
  };
  const { client } = aClient(() => ({ status: 404, body: JSON.stringify(status) }));
  await assert.rejects(client.resource(flunders).get("a"), (error) => {
    assert.ok(error instanceof StatusError);
    assert.deepEqual(
      [error.reason, error.code, error.message, error.details],
      [
        "NotFound",
        404,
        'flunders "a" not found',
        { name: "a", causes: [{ reason: "R", field: "f" }], retryAfterSeconds: 3 },
      ],
    );
    return true;
  });
});

test("an error that is no Status is one with its text as the message", async () => {
  const { client } = aClient(() => ({ status: 503, body: "service unavailable\n" }));
  await assert.rejects(client.json({ path: "/apis" }), {
    reason: "ServiceUnavailable",
    message: "service unavailable",
  });
});

test("listAll() goes through all pages", async () => {
  const { client, requests } = aClient(({ path }) => {
    const isLast = path.includes("continue=");
    const items = [{ metadata: { name: isLast ? "b" : "a" } }];
    return { status: 200, body: JSON.stringify({ metadata: isLast ? {} : { continue: "t" }, items }) };
  });
  const names = [];
  for await (const { metadata } of client.resource(flunders).listAll()) names.push(metadata.name);
  assert.deepEqual(names, ["a", "b"]);
  assert.equal(requests.length, 2);
});

test("a watch reads events however they are cut into chunks", async () => {
  const lines = ["a", "b"]
    .map((name) => `${JSON.stringify({ type: "ADDED", object: { metadata: { name } } })}\n`)
    .join("");
  const { client } = aClient(() => ({ status: 200, body: [lines.slice(0, 10), lines.slice(10, 70), lines.slice(70)] }));
  const names = [];
  for await (const { object } of await client.resource(flunders).watch()) names.push(object.metadata.name);
  assert.deepEqual(names, ["a", "b"]);
});

test("a watch throws what an ERROR event says", async () => {
  const body = `${JSON.stringify({ type: "ERROR", object: { kind: "Status", code: 410, reason: "Expired", message: "old" } })}\n`;
  const { client } = aClient(() => ({ status: 200, body }));
  const events = await client.resource(flunders).watch();
  await assert.rejects(Array.fromAsync(events), { reason: "Expired", code: 410 });
});
