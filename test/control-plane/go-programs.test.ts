// Programs in Go that nobody here wrote, by the requests that they sent to a control plane while they ran: Kubernetes' sample API server
// behind it, kube-aggregator with it as its core API, and informers and clients of client-go. `fixtures/go-programs.json` has each distinct
// request, and the status and type of the answer that the program went on with.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readAll, type TransportResponse } from "../../src/client/door.ts";
import { type ControlPlane, startControlPlane } from "../../src/control-plane/door.ts";
import { handlerTransport } from "../../src/server/door.ts";

interface Answer {
  readonly status: number;
  readonly type: string;
}

/** The same question about several paths. */
interface Read extends Answer {
  readonly programs: readonly string[];
  readonly query: string;
  readonly accept: string;
  readonly paths: readonly string[];
}

/** A write or what depends on one. `protobuf` is a body in base64. */
interface Request extends Answer {
  readonly program: string;
  readonly method: string;
  readonly path: string;
  readonly accept: string;
  readonly contentType?: string;
  readonly body?: string;
  readonly protobuf?: string;
}

const { reads, requests }: { readonly reads: readonly Read[]; readonly requests: readonly Request[] } = JSON.parse(
  readFileSync(join(import.meta.dirname, "fixtures/go-programs.json"), "utf8"),
);

/** In the fixture it stands for the resourceVersion of the list that came before. */
const listed = "LISTED";
const protobufMagic = "k8s\0";

async function ask(plane: ControlPlane, request: Omit<Request, keyof Answer | "program">): Promise<TransportResponse> {
  const user = { name: "admin", uid: "", groups: ["system:masters", "system:authenticated"], extra: {} };
  const body = request.protobuf === undefined ? request.body : Buffer.from(request.protobuf, "base64");
  return handlerTransport(plane.server.handle, user).send({
    method: request.method,
    path: request.path.replace(listed, await listedRevision(plane, request.path)),
    headers: {
      accept: request.accept,
      ...(request.contentType === undefined ? {} : { "content-type": request.contentType }),
    },
    ...(body === undefined ? {} : { body: Buffer.from(body) }),
  });
}

async function listedRevision({ client }: ControlPlane, path: string): Promise<string> {
  if (!path.includes(listed)) return "";
  const { metadata } = Object(await client.json({ path: path.replace(/\?.*/, "?limit=1") }));
  return String(metadata.resourceVersion);
}

/** Asks for each path of the reads in question, sees that status and type are the recorded ones, and hands the answer over. */
async function replay(
  isAsked: (read: Read) => boolean,
  look: (response: TransportResponse, path: string) => Promise<void>,
): Promise<void> {
  await using plane = await startControlPlane();
  const asked = reads.filter(isAsked);
  assert.ok(asked.length > 0);
  for (const { paths, query, accept, status, type } of asked)
    for (const path of paths) {
      const response = await ask(plane, { method: "GET", path: query === "" ? path : `${path}?${query}`, accept });
      const asking = `${path}?${query} as ${accept}`;
      assert.deepEqual([response.status, response.headers["content-type"]], [status, type], asking);
      await look(response, asking);
    }
}

const isWatch = ({ query }: Read) => query.includes("watch=true");
const isWatchList = ({ query }: Read) => query.includes("sendInitialEvents=true");
const isList = ({ query }: Read) => query.includes("limit=");

test("informers that list get the list of every kind in a form that they read", async () => {
  await replay(isList, async ({ headers, body }, asking) => {
    const list = await readAll(body);
    if (headers["content-type"] !== "application/json") {
      assert.equal(list.toString("latin1", 0, protobufMagic.length), protobufMagic, asking);
      return assert.match(list.toString("latin1"), /[A-Z]\w+List/, asking);
    }
    const { kind, metadata, items } = JSON.parse(list.toString());
    assert.match(kind, /List$/, asking);
    assert.match(metadata.resourceVersion, /^[1-9]\d*$/, asking);
    assert.ok(Array.isArray(items), asking);
  });
});

test("informers that watch without listing get every object and then the bookmark that says so", {
  timeout: 30_000,
}, async () => {
  await replay(isWatchList, async ({ headers, body }, asking) => {
    const types = headers["content-type"] === "application/json" ? eventTypesOfJson : eventTypesOfProtobuf;
    const seen = types(await readInitialEvents(body));
    assert.equal(seen.pop(), "BOOKMARK", asking);
    assert.deepEqual(new Set(seen).difference(new Set(["ADDED"])), new Set(), asking);
  });
});

async function readInitialEvents(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) {
    chunks.push(chunk);
    if (chunk.includes("k8s.io/initial-events-end")) break;
  }
  return Buffer.concat(chunks);
}

function eventTypesOfJson(events: Buffer): string[] {
  const lines = events.toString().trim().split("\n");
  return lines.map((line) => JSON.parse(line).type);
}

/** Each event is a message with its length before it, and its type is the first field. */
function eventTypesOfProtobuf(events: Buffer): string[] {
  const types: string[] = [];
  for (let at = 0; at < events.length; at += 4 + events.readUInt32BE(at))
    types.push(events.toString("latin1", at + 6, at + 6 + events.readUInt8(at + 5)));
  return types;
}

test("informers that have listed watch on from there", async () => {
  await replay(
    (read) => isWatch(read) && !isWatchList(read),
    async ({ body }) => {
      // Nothing has happened since, so the first event would be waited for in vain.
      await body[Symbol.asyncIterator]().return?.();
    },
  );
});

test("discovery, OpenAPI and the aggregator's certificates are found where extension servers and clients look", async () => {
  await replay(
    (read) => !isWatch(read) && !isList(read),
    async ({ status, headers, body }, asking) => {
      const document = await readAll(body);
      assert.ok(document.length > 0, asking);
      if (!String(headers["content-type"]).startsWith("application/json")) return;
      const { kind, paths, gitVersion, issuer } = JSON.parse(document.toString());
      assert.ok(
        [kind, paths, gitVersion, issuer].some((known) => known !== undefined),
        asking,
      );
      assert.equal(kind === "Status", status >= 400, asking);
    },
  );
});

test("clients that write in protobuf and in JSON get the same", async () => {
  await using plane = await startControlPlane();
  const made = new Map<string, unknown>();
  let compared = 0;
  for (const request of requests) {
    const { status, headers, body } = await ask(plane, request);
    const asking = `${request.method} ${request.path}`;
    if (request.path.includes("watch=true")) {
      assert.equal(status, request.status, asking);
      await body[Symbol.asyncIterator]().return?.();
      continue;
    }
    const bytes = await readAll(body);
    const answer = [status, headers["content-type"]];
    assert.deepEqual(answer, [request.status, request.type], `${asking}: ${bytes}`);
    if (status >= 400) assert.match(bytes.toString("latin1"), /NotFound|AlreadyExists|Conflict/, asking);
    if (request.method !== "POST" || status !== 201) continue;
    const object = comparable(bytes.toString());
    const key = comparableText(`${request.program} ${request.path}`);
    if (made.has(key)) assert.deepEqual(object, made.get(key), asking);
    compared += made.has(key) ? 1 : 0;
    made.set(key, object);
  }
  assert.ok(compared > 10, `compared ${compared}`);
});

/** What differs from one time to the next. */
const changing = new Set([
  ...["uid", "resourceVersion", "creationTimestamp", "time", "clusterIP", "clusterIPs", "nodePort", "token"],
  ...["expirationTimestamp", "acquireTime", "renewTime", "eventTime", "firstTimestamp", "lastTimestamp"],
]);

function comparable(json: string): unknown {
  return JSON.parse(comparableText(json), (name, value: unknown) => (changing.has(name) ? undefined : value));
}

/** The namespace is named after the form; generated names and those of events end as nobody knows. */
function comparableText(text: string): string {
  return text.replace(/\bprotobuf\b/g, "json").replace(/(?:\.[0-9a-f]{16}|(?<="[a-z]-)[a-z0-9]{5})\b/g, "");
}
