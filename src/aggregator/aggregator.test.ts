import assert from "node:assert/strict";
import { once } from "node:events";
import type { RequestListener } from "node:http";
import { createSecureServer } from "node:http2";
import { createServer } from "node:https";
import { connect, createServer as createTcp, type Server } from "node:net";
import type { Duplex } from "node:stream";
import { after, before, describe, test } from "node:test";
import { ManualClock } from "../../test/support/manual-clock.ts";
import { MemorySource } from "../../test/support/memory-source.ts";
import { aRequest } from "../../test/support/request.ts";
import { type KeyPair, makeAuthority, makeCertificate } from "../base/certificates.ts";
import { type Clock, systemClock } from "../base/clock.ts";
import type { ApiRequest, ApiResponse, Handler } from "../server/door.ts";
import { type Aggregator, createAggregator } from "./aggregator.ts";

let authority: KeyPair;
let serving: KeyPair;
let caBundle: string;

before(async () => {
  const nowMs = Date.now();
  authority = await makeAuthority({ commonName: "test-ca", nowMs });
  serving = await makeCertificate(authority, { commonName: "api", hosts: ["api.ns.svc"], nowMs });
  caBundle = Buffer.from(authority.certificate).toString("base64");
});

const servers: Server[] = [];
after(() => {
  for (const server of servers) server.close();
});

/** Answers the look at its availability by itself, the question for aggregated discovery by `discovery`, everything else by `handler`. */
async function aBackend(
  handler: RequestListener,
  protocol: "h2" | "http/1.1" = "http/1.1",
  discovery: RequestListener = (_, response) => void response.writeHead(404).end(),
): Promise<Server & { port: number }> {
  const tls = { key: serving.key, cert: serving.certificate };
  const listener: RequestListener = (request, response) => {
    if (request.url === "/apis/g.example.com/v1") response.end("{}");
    else if (request.url === "/apis") discovery(request, response);
    else handler(request, response);
  };
  const server =
    protocol === "h2"
      ? createSecureServer(tls, (request, response) => Reflect.apply(listener, undefined, [request, response]))
      : createServer(tls, listener);
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return Object.assign(server, { port: portOf(server) });
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** A port that nobody listens on. */
async function aClosedPort(): Promise<number> {
  const server = createTcp().listen(0, "127.0.0.1");
  await once(server, "listening");
  const port = portOf(server);
  server.close();
  await once(server, "close");
  return port;
}

const elsewhere: ApiResponse = { status: 418, headers: {}, body: Buffer.from("the server itself") };

interface World extends AsyncDisposable {
  readonly source: MemorySource;
  readonly aggregator: Aggregator;
  readonly ask: (request: ApiRequest) => Promise<ApiResponse>;
}

function aWorld(
  ports: readonly number[] = [],
  next: Handler = async () => elsewhere,
  clock: Clock = systemClock,
): World {
  const source = new MemorySource();
  const aggregator = createAggregator({ local: () => undefined, proxyClientCertificate: () => undefined, clock });
  aggregator.start(source);
  if (ports.length > 0) {
    source.putService(
      "api",
      { type: "ClusterIP", clusterIP: "10.0.0.1", ports: [{ name: "https", port: 443 }] },
      ports,
    );
    source.putApiService("g.example.com", "v1", { service: { namespace: "ns", name: "api", port: 443 }, caBundle });
  }
  return {
    source,
    aggregator,
    ask: aggregator.filter(next),
    [Symbol.asyncDispose]: () => aggregator[Symbol.asyncDispose](),
  };
}

function get(path: string, options: object = {}): ApiRequest {
  return aRequest({ url: `/apis/g.example.com/v1${path}`, ...options });
}

async function textOf({ body }: ApiResponse): Promise<string> {
  if (body === undefined || Buffer.isBuffer(body)) return String(body ?? "");
  return Buffer.concat(await Array.fromAsync<Buffer>(body)).toString();
}

const passed = (world: World) => world.source.condition("v1.g.example.com", "Passed");

for (const protocol of ["h2", "http/1.1"] as const)
  test(`a request goes to the backend over ${protocol} and its answer comes back`, async () => {
    const backend = await aBackend((request, response) => {
      response.setHeader("cache-control", "no-store");
      response.end(
        `${request.method} ${request.url} ${request.headers["x-remote-user"]} ${request.headers.authorization}`,
      );
    }, protocol);
    await using world = aWorld([backend.port]);
    await passed(world);
    const answer = await world.ask(get("/things?b=1&a=2", { headers: { authorization: "Bearer x" } }));
    assert.equal(await textOf(answer), "GET /apis/g.example.com/v1/things?a=2&b=1 admin undefined");
    assert.deepEqual(answer.headers["cache-control"], ["no-cache, private", "no-store"]);
  });

test("headers that come twice go over HTTP/2 twice, those of the client's connection not at all", async () => {
  const backend = await aBackend(({ rawHeaders }, response) => {
    const named = (name: string) => rawHeaders.filter((_, index) => rawHeaders[index - 1] === name).join();
    response.end(["if-match", "user-agent", "x-a", "http2-settings"].map(named).join(" "));
  }, "h2");
  await using world = aWorld([backend.port]);
  await passed(world);
  const twice = { "if-match": ["a", "b"], "user-agent": ["c", "d"], "x-a": ["e", "f"], "http2-settings": "AAM" };
  const answer = await world.ask(get("/things", { headers: twice }));
  assert.equal(await textOf(answer), "a,b c,d e,f ");
});

test("bodies go through both ways", async () => {
  const backend = await aBackend((request, response) => request.pipe(response));
  await using world = aWorld([backend.port]);
  await passed(world);
  const answer = await world.ask(get("/things", { method: "POST", body: { a: 1 } }));
  assert.equal(await textOf(answer), '{"a":1}');
});

test("an APIService is not available before its service is there, and then says why not", async () => {
  await using world = aWorld();
  world.source.putApiService("g.example.com", "v1", { service: { namespace: "ns", name: "api", port: 443 }, caBundle });
  const { message, status } = await world.source.condition("v1.g.example.com", "ServiceNotFound");
  assert.deepEqual([status, message], ["False", 'service/api in "ns" is not present']);
  const answer = await world.ask(get("/things"));
  assert.deepEqual([answer.status, await textOf(answer)], [503, "service unavailable\n"]);
});

describe("a look at a backend that fails", () => {
  async function messageOf(port: number, spec: object): Promise<string> {
    await using world = aWorld([port]);
    world.source.putApiService("g.example.com", "v1", {
      service: { namespace: "ns", name: "api", port: 443 },
      ...spec,
    });
    const { message = "" } = await world.source.condition("v1.g.example.com", "FailedDiscoveryCheck");
    return message.replaceAll(`:${port}`, ":PORT");
  }
  const url = "https://127.0.0.1:PORT/apis/g.example.com/v1";

  test("says that nobody listens", async () => {
    assert.equal(
      await messageOf(await aClosedPort(), { caBundle }),
      `failing or missing response from ${url}: Get "${url}": dial tcp 127.0.0.1:PORT: connect: connection refused`,
    );
  });

  test("says whom it does not trust", async () => {
    const other = await makeAuthority({ commonName: "other", nowMs: Date.now() });
    const { port } = await aBackend((_request, response) => response.end());
    assert.equal(
      await messageOf(port, { caBundle: Buffer.from(other.certificate).toString("base64") }),
      `failing or missing response from ${url}: Get "${url}": tls: failed to verify certificate: x509: certificate signed by unknown authority`,
    );
  });

  test("says that a caBundle holds no certificate", async () => {
    const { port } = await aBackend((_request, response) => response.end());
    assert.equal(
      await messageOf(port, { caBundle: "aGVsbG8=" }),
      "unable to load root certificates: unable to parse bytes as PEM block",
    );
  });
});

test("requests take turns among endpoints, and one that is away is passed over", async () => {
  const first = await aBackend((_request, response) => response.end("first"));
  const second = await aBackend((_request, response) => response.end("second"));
  const away = await aClosedPort();
  await using world = aWorld([first.port, away, second.port]);
  await passed(world);
  const answers = [];
  for (let index = 0; index < 6; index++) answers.push(await textOf(await world.ask(get("/x"))));
  assert.deepEqual(new Set(answers), new Set(["first", "second"]));
});

test("a backend that goes away is an error of this request and no more", async () => {
  const backend = await aBackend((request) => request.socket.destroy());
  await using world = aWorld([backend.port]);
  await passed(world);
  const answer = await world.ask(get("/x"));
  assert.deepEqual([answer.status, await textOf(answer)], [503, "error trying to reach service: EOF\n"]);
});

test("half an answer is an error of its reader", async () => {
  const backend = await aBackend((request, response) => {
    response.writeHead(200, { "content-length": 100 });
    response.write("half");
    setImmediate(() => request.socket.destroy());
  });
  await using world = aWorld([backend.port]);
  await passed(world);
  await assert.rejects(textOf(await world.ask(get("/x"))));
});

test("an upgrade joins both connections", async () => {
  const backend = await aBackend(() => undefined);
  backend.on("upgrade", (_request, socket: Duplex) => {
    socket.write("HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\r\nhello ");
    socket.once("data", (data) => socket.end(`you said ${data}`));
  });
  await using world = aWorld([backend.port]);
  await passed(world);
  const answer = await world.ask(
    Object.assign(get("/x", { headers: { connection: "Upgrade", upgrade: "websocket" } }), { upgrade: "websocket" }),
  );
  assert.equal(answer.status, 101);
  const [near, far] = await aPair();
  answer.takeOver?.(near, Buffer.from("ping"));
  assert.equal(Buffer.concat(await Array.fromAsync<Buffer>(far)).toString(), "hello you said ping");
});

test("a backend that answers an upgrade with something that is none is told of", async () => {
  const backend = await aBackend(() => undefined);
  const answers = ["HTTP/1.1 200 OK\r\n\r\n", "hello\r\n\r\n", "HTTP/1.1 99 X\r\n\r\n", ""];
  const told: string[] = [];
  let sent = 0;
  backend.on("upgrade", (_request, socket: Duplex) => socket.end(answers[sent++]));
  await using world = aWorld([backend.port]);
  await passed(world);
  for (const _ of answers) {
    const request = get("/x", { headers: { connection: "Upgrade", upgrade: "websocket" } });
    const answer = await world.ask(Object.assign(request, { upgrade: "websocket" }));
    told.push(`${answer.status} ${await textOf(answer)}`);
  }
  assert.deepEqual(told, [
    "503 invalid upgrade response: status code 200\n",
    '503 malformed HTTP response "hello"\n',
    '503 malformed HTTP status code "99"\n',
    "503 unexpected EOF\n",
  ]);
});

/** Two ends of one connection. */
async function aPair(): Promise<[Duplex, Duplex]> {
  const server = createTcp().listen(0, "127.0.0.1");
  await once(server, "listening");
  const far = connect(portOf(server), "127.0.0.1");
  const [near] = await once(server, "connection");
  server.close();
  return [near, far];
}

test("discovery lists every group, available or not, and forgets those whose last version goes", async () => {
  await using world = aWorld();
  for (const version of ["v1", "v10", "v2beta1"])
    world.source.putApiService("g.example.com", version, { versionPriority: 5 });
  world.source.putApiService("first.example.com", "v1", { groupPriorityMinimum: 2000 });
  const list = JSON.parse(await textOf(await world.ask(aRequest({ url: "/apis" }))));
  const names = list.groups.map(({ name }: { name: string }) => name);
  assert.deepEqual(names, ["apiregistration.k8s.io", "first.example.com", "g.example.com"]);
  const group = JSON.parse(await textOf(await world.ask(aRequest({ url: "/apis/g.example.com" }))));
  assert.deepEqual(
    group.versions.map(({ version }: { version: string }) => version),
    ["v10", "v1", "v2beta1"],
  );
  for (const version of ["v1", "v10", "v2beta1"]) world.source.deleteApiService(`${version}.g.example.com`);
  assert.equal((await world.ask(aRequest({ url: "/apis/g.example.com" }))).status, elsewhere.status);
  assert.equal((await world.ask(aRequest({ url: "/apis/g.example.com/v1/x" }))).status, elsewhere.status);
});

test("the list of groups stands at /apis/, too, and says what forms there are", async () => {
  await using world = aWorld();
  for (const path of ["/apis", "/apis/"]) {
    const list = JSON.parse(await textOf(await world.ask(aRequest({ url: path }))));
    assert.equal(list.kind, "APIGroupList");
    const unreadable = aRequest({ url: path, headers: { accept: "text/html" } });
    await assert.rejects(world.ask(unreadable), { reason: "NotAcceptable", details: undefined });
  }
});

test("a version without resources is described without any, and one that nobody serves not at all", async () => {
  const backend = await aBackend((_, response) => void response.writeHead(404).end());
  await using world = aWorld([backend.port]);
  world.source.putApiService("first.example.com", "v1", { groupPriorityMinimum: 2000 });
  await passed(world);
  const accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
  const described = async () => {
    const { items } = JSON.parse(await textOf(await world.ask(aRequest({ url: "/apis", headers: { accept } }))));
    return items[1].versions[0];
  };
  while ((await described()).freshness === "Stale") await new Promise(setImmediate);
  assert.deepEqual(await described(), { version: "v1", freshness: "Current" });
});

test("aggregated discovery that is none tells nothing", async () => {
  const accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
  let asked = () => {};
  const twice = new Promise<void>((resolve) => {
    let times = 0;
    asked = () => ++times === 2 && resolve();
  });
  const backend = await aBackend(
    (_, response) => void response.writeHead(404).end(),
    "http/1.1",
    (_, response) => {
      asked();
      response.setHeader("content-type", accept).end('{"kind":"APIGroupList","apiVersion":"v1","groups":[]}');
    },
  );
  await using world = aWorld([backend.port]);
  // It is asked again only where it has failed.
  await twice;
  const { items } = JSON.parse(await textOf(await world.ask(aRequest({ url: "/apis", headers: { accept } }))));
  assert.deepEqual(items[1].versions, [{ version: "v1", freshness: "Stale" }]);
});

test("what a server says of its group as such is passed on, as what it says of a version", async () => {
  const keys = ["apis/g.example.com", "apis/g.example.com/v1", "apis/other.example.com", "version"];
  const entries = keys.map((key) => [key, { serverRelativeURL: `/openapi/v3/${key}?hash=1` }]);
  const backend = await aBackend(({ url }, response) => {
    response.end(url === "/openapi/v3" ? JSON.stringify({ paths: Object.fromEntries(entries) }) : `of ${url}`);
  });
  await using world = aWorld([backend.port], ownDocuments);
  await passed(world);
  const { paths } = JSON.parse(await textOf(await world.ask(aRequest({ url: "/openapi/v3" }))));
  assert.deepEqual(paths, Object.fromEntries(entries.slice(0, 2)));
  for (const key of keys.slice(0, 2))
    assert.equal(await textOf(await world.ask(aRequest({ url: `/openapi/v3/${key}` }))), `of /openapi/v3/${key}`);
  assert.equal((await world.ask(aRequest({ url: "/openapi/v3/apis/other.example.com" }))).status, 404);
});

test("a server that refuses its documents while it starts is asked again by itself", async () => {
  const key = "apis/g.example.com/v1";
  let asked = 0;
  let answeredAgain = () => {};
  const again = new Promise<void>((resolve) => {
    answeredAgain = resolve;
  });
  const backend = await aBackend((_, response) => {
    asked++;
    if (asked === 1) return void response.writeHead(403).end();
    response.end(JSON.stringify({ paths: { [key]: { serverRelativeURL: `/openapi/v3/${key}` } } }), answeredAgain);
  });
  const clock = new ManualClock();
  await using world = aWorld([backend.port], undefined, clock);
  await passed(world);
  const index = aRequest({ url: "/openapi/v3" });
  assert.equal(await textOf(await world.ask(index)), '{"paths":{}}');
  clock.advance(500);
  await again;
  while ((await textOf(await world.ask(index))) === '{"paths":{}}') await new Promise(setImmediate);
  assert.deepEqual(JSON.parse(await textOf(await world.ask(index))), {
    paths: { [key]: { serverRelativeURL: `/openapi/v3/${key}` } },
  });
  assert.equal(asked, 2);
});

const ownDocuments: Handler = async ({ path }) => {
  const document = path === "/openapi/v2" ? { swagger: "2.0", info: {}, paths: {}, definitions: {} } : { paths: {} };
  return { status: 200, headers: {}, body: Buffer.from(JSON.stringify(document)) };
};

test("a server that has OpenAPI version 2 alone is described in version 3, too, in both forms", async () => {
  const spec = { properties: { spec: { description: "Wanted.", $ref: "#/definitions/Spec" } } };
  const asked: string[] = [];
  const backend = await aBackend(({ url = "" }, response) => {
    asked.push(url);
    if (url !== "/openapi/v2") return void response.writeHead(404).end();
    response.end(JSON.stringify({ swagger: "2.0", paths: {}, definitions: { Gadget: spec, Spec: {} } }));
  });
  await using world = aWorld([backend.port], ownDocuments);
  await passed(world);
  const key = "apis/g.example.com/v1";
  const { paths } = JSON.parse(await textOf(await world.ask(aRequest({ url: "/openapi/v3" }))));
  const { serverRelativeURL } = paths[key];
  const answer = await world.ask(aRequest({ url: serverRelativeURL }));
  assert.equal(answer.headers["cache-control"], "public, immutable");
  const document = JSON.parse(await textOf(answer));
  assert.deepEqual(document.components.schemas.Gadget, {
    properties: { spec: { description: "Wanted.", allOf: [{ $ref: "#/components/schemas/Spec" }] } },
  });
  const accept = "application/com.github.proto-openapi.spec.v3.v1.0+protobuf";
  const protobuf = await world.ask(aRequest({ url: `/openapi/v3/${key}`, headers: { accept } }));
  assert.equal(protobuf.headers["content-type"], accept);
  const etag = String(answer.headers.etag);
  assert.equal(
    (await world.ask(aRequest({ url: `/openapi/v3/${key}`, headers: { "if-none-match": etag } }))).status,
    304,
  );
  const old = await world.ask(aRequest({ url: `/openapi/v3/${key}?hash=ABC` }));
  assert.deepEqual([old.status, old.headers.location], [301, serverRelativeURL]);
  assert.deepEqual(asked, ["/openapi/v3", "/openapi/v2"]);
});

test("a server that is not available is not asked for documents, so that nobody waits for one that is silent", async () => {
  const asked: string[] = [];
  const silent = await aBackend(({ url = "" }) => void asked.push(url));
  await using world = aWorld([], ownDocuments);
  world.source.putService("api", { type: "ClusterIP", clusterIP: "10.0.0.1", ports: [{ port: 443 }] }, [silent.port]);
  world.source.putApiService("g.example.com", "v2", { service: { namespace: "ns", name: "api", port: 443 }, caBundle });
  assert.equal(await textOf(await world.ask(aRequest({ url: "/openapi/v3" }))), '{"paths":{}}');
  assert.equal((await world.ask(aRequest({ url: "/openapi/v2" }))).status, 200);
  assert.equal((await world.ask(aRequest({ url: "/openapi/v3/apis/g.example.com/v2" }))).status, 404);
  assert.deepEqual(
    asked.filter((url) => url.startsWith("/openapi")),
    [],
  );
});

test("a document that nests deeper than calls can go takes nothing from others", async () => {
  const deep = `${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}`;
  const backend = await aBackend(({ url }, response) => {
    if (url === "/openapi/v3") response.writeHead(404).end();
    else response.end(`{"swagger":"2.0","paths":{"/apis/g.example.com/v1/x":${deep}}}`);
  });
  await using world = aWorld([backend.port], ownDocuments);
  await passed(world);
  assert.equal((await world.ask(aRequest({ url: "/openapi/v2" }))).status, 200);
  assert.equal(await textOf(await world.ask(aRequest({ url: "/openapi/v3" }))), '{"paths":{}}');
});

test("a local version that nobody serves is not found", async () => {
  await using world = aWorld();
  world.source.putApiService("g.example.com", "v1");
  await world.source.condition("v1.g.example.com", "Local");
  assert.equal((await world.ask(get("/x"))).status, 404);
});
