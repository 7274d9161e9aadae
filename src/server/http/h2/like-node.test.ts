import assert from "node:assert/strict";
import { once } from "node:events";
import { type ClientHttp2Session, connect } from "node:http2";
import { Readable } from "node:stream";
import { test } from "node:test";
import { connect as connectTls } from "node:tls";
import fc from "fast-check";
import { type Seen, serveWithNode } from "../../../../test/support/node-http2.ts";
import { propertyRuns } from "../../../api/testing/property-runs.ts";
import { makeAuthority, makeCertificate } from "../../../base/certificates.ts";
import { ClientConnection, type ResponseHead } from "../../../base/http2/client-connection.ts";
import type { ApiRequest, ApiResponse } from "../../exchange.ts";
import { listen } from "../listener.ts";

const authority = await makeAuthority({ commonName: "ca", nowMs: Date.now() });
const serving = await makeCertificate(authority, { commonName: "server", hosts: ["127.0.0.1"], nowMs: Date.now() });
const tls = { key: serving.key, cert: serving.certificate };

const headerName = fc.stringMatching(/^x-[a-z\d-]{1,12}$/);
const headerValue = fc.oneof(
  fc.constantFrom("", "a, b", "application/json"),
  fc.stringMatching(/^[!-~]([ -~]{0,300}[!-~])?$/),
);
const headers = fc.dictionary(headerName, headerValue, { maxKeys: 8, noNullPrototype: true });
const chunk = fc.oneof(fc.nat({ max: 2_000 }), fc.constantFrom(0, 1, 16_374, 16_375, 16_384, 65_535, 65_536, 150_000));
const chunks = fc.array(chunk, { maxLength: 5 });
const exchange = fc.record({
  method: fc.constantFrom("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "BREW"),
  path: fc.stringMatching(/^\/[a-z\d%/.?=&_~-]{0,300}$/),
  headers,
  body: chunks,
  answer: fc.record({
    status: fc.constantFrom(200, 201, 202, 400, 404, 409, 429, 500, 503),
    headers,
    body: chunks,
    kind: fc.constantFrom("none", "bytes", "chunks", "pulled"),
  }),
});
type Exchange = typeof exchange extends fc.Arbitrary<infer Value> ? Value : never;

/** Bytes that tell their place. */
function bytesOf(sizes: readonly number[]): Buffer[] {
  return sizes.map((size, index) => Buffer.from(Array.from({ length: size }, (_, at) => (at * 7 + index) & 0xff)));
}

function answerOf({ answer }: Exchange): ApiResponse {
  const { status, headers, kind } = answer;
  const parts = bytesOf(answer.body);
  const body = { none: undefined, bytes: Buffer.concat(parts), chunks: parts, pulled: pulled(parts) }[kind];
  return { status, headers: { ...headers }, body };
}

async function* pulled(parts: readonly Buffer[]): AsyncIterable<Buffer> {
  for (const part of parts) {
    await Promise.resolve();
    yield part;
  }
}

interface Got {
  readonly status: number | undefined;
  readonly headers: object;
  readonly body: Buffer;
}

/** A client of ours. */
async function openOurs(port: number): Promise<ClientConnection> {
  const socket = connectTls({ host: "127.0.0.1", port, ca: authority.certificate, ALPNProtocols: ["h2"] });
  await once(socket, "secureConnect");
  const headerLimits = { bytesMax: 1024 * 1024, countMax: 1_000 };
  const windows = { streamWindowBytes: 1024 * 1024, connectionWindowBytes: 4 * 1024 * 1024 };
  return new ClientConnection({ socket, headerLimits, ...windows, stalledTimeoutMs: 60_000 });
}

async function askWithOurs(connection: ClientConnection, { method, path, headers, body }: Exchange): Promise<Got> {
  const parts = bytesOf(body);
  const isAtOnce = parts.length < 3;
  const line = { method, scheme: "https", authority: "127.0.0.1", path };
  const stream = connection.request(line, headers, isAtOnce ? parts : "later");
  if (!isAtOnce) void stream.sendFrom(Readable.from(parts.filter(({ length }) => length > 0)));
  const head = await new Promise<ResponseHead>((resolve, reject) => {
    stream.onHead(resolve);
    stream.onClose(() => reject(new Error(`no answer, reset with ${stream.resetCode}`)));
  });
  const received = Buffer.concat(await Array.fromAsync(head.body));
  const fields: [string, string][] = [];
  for (let at = 0; at < head.raw.length; at += 2) fields.push([head.raw[at] ?? "", head.raw[at + 1] ?? ""]);
  const { date: _date, "content-length": _length, ...rest } = Object.fromEntries(fields);
  return { status: head.status, headers: rest, body: received };
}

async function ask(session: ClientHttp2Session, { method, path, headers, body }: Exchange): Promise<Got> {
  const stream = session.request({ ":method": method, ":path": path, ...headers }, { endStream: body.length === 0 });
  for (const part of bytesOf(body)) stream.write(part);
  if (body.length > 0) stream.end();
  const received: Buffer[] = [];
  stream.on("data", (part: Buffer) => received.push(part));
  const [{ ":status": status, date: _date, "content-length": _length, ...rest }] = await once(stream, "response");
  if (!stream.readableEnded) await once(stream, "end");
  return { status, headers: Object.fromEntries(Object.entries(rest)), body: Buffer.concat(received) };
}

test("requests arrive and answers come back as they do with Node's own HTTP/2 at either end, many at once", async () => {
  // Each exchange is known by a header.
  const planned = new Map<string, Exchange>();
  const seen: Record<"ours" | "node", Map<string, Seen>> = { ours: new Map(), node: new Map() };
  const handle = (by: "ours" | "node", request: Seen): ApiResponse => {
    const { number, ...rest } = request.headers;
    seen[by].set(String(number), { ...request, headers: { ...rest } });
    const plan = planned.get(String(number));
    assert.ok(plan);
    return answerOf(plan);
  };
  const handler = async (request: ApiRequest) => {
    const { method, rawPath, rawQuery, headers } = request;
    const url = rawQuery === "" ? rawPath : `${rawPath}?${rawQuery}`;
    return handle("ours", { method, url, headers: { ...headers }, body: await request.readBody(2 ** 24) });
  };
  const listener = await listen({ handler, port: 0, host: "127.0.0.1", tls });
  await using node = await serveWithNode(tls, (request) => handle("node", request));
  const open = (port: number) => connect(`https://127.0.0.1:${port}`, { ca: authority.certificate });
  const sessions = { ours: open(listener.port), node: open(node.port) };
  const connections = { ours: await openOurs(listener.port), node: await openOurs(node.port) };
  let number = 0;
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(exchange, { minLength: 1, maxLength: 6 }), async (exchanges) => {
        await Promise.all(
          exchanges.map(async (plan) => {
            const own = { ...plan, path: decodable(plan.path), headers: { ...plan.headers, number: String(number++) } };
            planned.set(own.headers.number, own);
            const [ours, theirs] = await Promise.all([ask(sessions.ours, own), ask(sessions.node, own)]);
            assert.deepEqual(ours, theirs);
            const asked = { ours: seen.ours.get(own.headers.number), theirs: seen.node.get(own.headers.number) };
            assert.equal(asked.ours?.method, asked.theirs?.method);
            assert.equal(asked.ours?.url.replace(/\?$/, ""), asked.theirs?.url.replace(/\?$/, ""));
            assert.deepEqual(asked.ours?.body, asked.theirs?.body);
            assert.deepEqual(plain(asked.ours?.headers), plain(asked.theirs?.headers));
            for (const by of ["ours", "node"] as const) {
              assert.deepEqual(await askWithOurs(connections[by], own), theirs);
              const seenOfOurs = seen[by].get(own.headers.number);
              assert.equal(seenOfOurs?.method, asked.theirs?.method);
              assert.equal(seenOfOurs?.url.replace(/\?$/, ""), asked.theirs?.url.replace(/\?$/, ""));
              assert.deepEqual(seenOfOurs?.body, asked.theirs?.body);
              assert.deepEqual(plain(seenOfOurs?.headers), plain(asked.theirs?.headers));
            }
          }),
        );
      }),
      propertyRuns(25),
    );
  } finally {
    for (const session of [sessions.ours, sessions.node]) session.destroy();
    for (const connection of [connections.ours, connections.node]) connection.destroy();
    await listener.close(0);
  }
});

/** Paths that no server decodes are refused by ours before anybody looks at them. */
function decodable(path: string): string {
  return path.replaceAll("%", "");
}

function plain(headers: Seen["headers"] | undefined): object {
  return Object.fromEntries(Object.entries(headers ?? {}).filter(([name]) => !name.startsWith(":")));
}
