import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectHttp2, type IncomingHttpHeaders } from "node:http2";
import { type RequestOptions, request as requestHttp1 } from "node:https";
import { type TestContext, test } from "node:test";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { type KeyPair, makeAuthority, makeCertificate } from "../../base/certificates.ts";
import { getOwn } from "../../base/own.ts";
import type { ApiRequest, ApiResponse, Handler } from "../exchange.ts";
import { unwantedBodyBytesMax } from "./limits.ts";
import { type Listener, listen } from "./listener.ts";

const authority = await makeAuthority({ commonName: "ca", nowMs: Date.now() });
const serving = await makeCertificate(authority, { commonName: "server", hosts: ["127.0.0.1"], nowMs: Date.now() });
const alice = await makeCertificate(authority, { commonName: "alice", nowMs: Date.now() });

async function start(
  t: TestContext,
  handler: Handler,
  options: { readonly port?: number; readonly sharesPort?: boolean } = {},
): Promise<Listener> {
  const tls = { key: serving.key, cert: serving.certificate };
  const listener = await listen({ handler, port: 0, host: "127.0.0.1", tls, ...options });
  t.after(() => listener.close(0));
  return listener;
}

const chunked = { "transfer-encoding": "chunked" };

function ok(body: ApiResponse["body"] = Buffer.from("ok")): ApiResponse {
  return { status: 200, headers: { "content-type": "text/plain" }, body };
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

interface Ask extends RequestOptions {
  readonly text?: string;
  readonly identity?: KeyPair;
}

/** One request over HTTP/1.1. */
async function ask({ port }: Listener, { text, identity, ...options }: Ask): Promise<Answer> {
  const credentials = identity === undefined ? {} : { key: identity.key, cert: identity.certificate };
  const outgoing = requestHttp1({
    host: "127.0.0.1",
    port,
    rejectUnauthorized: false,
    agent: false,
    ...credentials,
    ...options,
  });
  outgoing.end(text);
  const [response] = await once(outgoing, "response");
  // Whoever is answered before all was sent may find the connection closed; the answer is what counts.
  outgoing.on("error", () => {});
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks).toString() };
}

/** One request over HTTP/2. */
async function ask2({ port }: Listener, headers: Record<string, string | string[]>, text?: string): Promise<Answer> {
  const session = connectHttp2(`https://127.0.0.1:${port}`, {
    rejectUnauthorized: false,
    maxSendHeaderBlockLength: 1 << 20,
  });
  try {
    const stream = session.request(headers, { endStream: text === undefined });
    if (text !== undefined) stream.end(text);
    const [answered]: IncomingHttpHeaders[] = await once(stream, "response");
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    return { status: Number(answered?.[":status"]), headers: { ...answered }, body: Buffer.concat(chunks).toString() };
  } finally {
    session.close();
  }
}

/** Bytes over a bare connection, and everything that comes back until it ends. */
async function converse({ port }: Listener, text: string): Promise<string> {
  const socket: TLSSocket = connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false });
  socket.write(text);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

const describe = ({ method, path, rawPath, rawQuery, headers, httpVersion }: ApiRequest): ApiResponse =>
  ok(Buffer.from(JSON.stringify({ method, path, rawPath, rawQuery, groups: headers["x-remote-group"], httpVersion })));

test("listen() serves both protocols on one port and tells them apart", async (t) => {
  const listener = await start(t, async (request) => ok(Buffer.from(request.httpVersion)));
  assert.equal((await ask(listener, { path: "/" })).body, "1.1");
  assert.equal((await ask2(listener, { ":path": "/" })).body, "2.0");
});

test("a request has its path decoded and its query as it was sent, over both protocols", async (t) => {
  const listener = await start(t, async (request) => describe(request));
  const want = { path: "/a/b/é ü", rawPath: "/a%2Fb/%C3%A9%20%c3%bc", rawQuery: "x=%zz&y=1" };
  for (const answer of [
    await ask(listener, { path: `${want.rawPath}?${want.rawQuery}` }),
    await ask2(listener, { ":path": `${want.rawPath}?${want.rawQuery}` }),
  ]) {
    const { path, rawPath, rawQuery } = JSON.parse(answer.body);
    assert.deepEqual({ path, rawPath, rawQuery }, want);
  }
});

test("repeated headers stay apart, since a comma is part of a group's name", async (t) => {
  const listener = await start(t, async (request) => describe(request));
  const groups = ["dev, ops", "system:masters"];
  assert.deepEqual(
    JSON.parse((await ask(listener, { path: "/", headers: { "x-remote-group": groups } })).body).groups,
    groups,
  );
  assert.deepEqual(JSON.parse((await ask2(listener, { ":path": "/", "x-remote-group": groups })).body).groups, groups);
});

test("headers named like members of every object are headers like any other", async (t) => {
  const listener = await start(t, async ({ headers }) =>
    ok(Buffer.from(JSON.stringify([getOwn(headers, "__proto__"), headers.constructor]))),
  );
  const answer = await converse(listener, "GET / HTTP/1.1\r\nHost: x\r\n__proto__: a\r\nConnection: close\r\n\r\n");
  assert.match(answer, /\["a",null\]/);
});

test("a path with a bad percent escape is a bare 400 and the end of the connection", async (t) => {
  const listener = await start(t, async () => ok());
  const { status, body, headers } = await ask(listener, { path: "/a%zz" });
  assert.deepEqual([status, body, headers.connection], [400, "400 Bad Request", "close"]);
  assert.equal((await ask2(listener, { ":path": "/%2" })).status, 400);
});

test("methods that HTTP does not know reach the handler", async (t) => {
  const listener = await start(t, async (request) => describe(request));
  assert.equal(JSON.parse((await ask(listener, { method: "FOO", path: "/x" })).body).method, "FOO");
  assert.equal(JSON.parse((await ask2(listener, { ":method": "FOO", ":path": "/x" })).body).method, "FOO");
});

test("a request is served once, whatever follows it in the same packet", async (t) => {
  const served: string[] = [];
  const listener = await start(t, async ({ method }) => {
    served.push(method);
    return ok();
  });
  await converse(listener, 'DELETE /x HTTP/1.1\r\nHost: x\r\n\r\n{"kind":"DeleteOptions"}\r\n\r\n');
  assert.deepEqual(served, ["DELETE"]);
});

test("what is no HTTP is a bare 400", async (t) => {
  const listener = await start(t, async () => ok());
  assert.match(await converse(listener, "nonsense\r\n\r\n"), /^HTTP\/1\.1 400 Bad Request\r\n/);
});

test("paths and headers of 40 kB pass", async (t) => {
  const listener = await start(t, async ({ path, headers }) =>
    ok(Buffer.from(`${path.length} ${String(headers.long).length}`)),
  );
  const path = `/${"x".repeat(40_000)}`;
  const long = "y".repeat(40_000);
  assert.equal((await ask(listener, { path, headers: { long } })).body, "40001 40000");
  assert.equal((await ask2(listener, { ":path": path, long })).body, "40001 40000");
});

test("bytes beyond ASCII in a header go out as they are, over both protocols, and before a body, too", async (t) => {
  const name = Buffer.from("Zoë").toString("latin1");
  const late = async function* () {
    yield Buffer.from("late");
  };
  const listener = await start(t, async ({ path }) => ({
    ...ok(path === "/late" ? late() : undefined),
    headers: { "x-name": name },
  }));
  for (const path of ["/now", "/late"]) {
    assert.equal((await ask(listener, { path })).headers["x-name"], name);
    assert.equal((await ask2(listener, { ":path": path })).headers["x-name"], name);
  }
});

test("HEAD has the length of the body and no body", async (t) => {
  const listener = await start(t, async () => ok());
  for (const answer of [
    await ask(listener, { method: "HEAD", path: "/" }),
    await ask2(listener, { ":method": "HEAD", ":path": "/" }),
  ])
    assert.deepEqual([answer.body, answer.headers["content-length"]], ["", "2"]);
});

test("a body may be bytes, chunks or a stream", async (t) => {
  const large = Buffer.alloc(300_000, "z");
  const bodies: Record<string, () => ApiResponse["body"]> = {
    "/chunks": () => [Buffer.from("a"), large, Buffer.from("b")],
    "/none": () => undefined,
    "/stream": async function* () {
      yield Buffer.from("a");
      yield large;
      yield Buffer.from("b");
    },
  };
  const listener = await start(t, async ({ path }) => ({ ...ok(), body: bodies[path]?.() }));
  for (const path of ["/chunks", "/stream"]) {
    assert.equal((await ask(listener, { path })).body, `a${large}b`);
    assert.equal((await ask2(listener, { ":path": path })).body, `a${large}b`);
  }
  assert.equal((await ask(listener, { path: "/none" })).body, "");
});

test("the head of a stream goes out before there is anything of its body", async (t) => {
  const silent = async function* () {
    await new Promise(() => {});
    yield Buffer.alloc(0);
  };
  const listener = await start(t, async () => ok(silent()));
  const outgoing = requestHttp1({ host: "127.0.0.1", port: listener.port, rejectUnauthorized: false, agent: false });
  outgoing.end();
  const [response] = await once(outgoing, "response");
  assert.equal(response.statusCode, 200);
  outgoing.on("error", () => {}).destroy();
});

test("half an answer cuts the connection, so that nobody takes it for a whole one", async (t) => {
  const listener = await start(t, async () =>
    ok(
      (async function* () {
        yield Buffer.from("half");
        throw new Error("the rest is gone");
      })(),
    ),
  );
  await assert.rejects(ask(listener, { path: "/" }));
  await assert.rejects(ask2(listener, { ":path": "/" }));
});

test("readBody() reads a body and refuses one that is too large, also one that does not say so", async (t) => {
  const listener = await start(t, async (request) => {
    try {
      return ok(await request.readBody(1_000));
    } catch (error) {
      return { ...ok(Buffer.from(String(error))), status: 413 };
    }
  });
  assert.equal((await ask(listener, { method: "POST", path: "/", text: "hello" })).body, "hello");
  assert.equal((await ask2(listener, { ":method": "POST", ":path": "/" }, "hello")).body, "hello");
  const text = "x".repeat(100_000);
  assert.equal((await ask(listener, { method: "POST", path: "/", text })).status, 413);
  assert.equal((await ask(listener, { method: "POST", path: "/", text, headers: chunked })).status, 413);
  assert.equal((await ask2(listener, { ":method": "POST", ":path": "/" }, text)).status, 413);
});

test("a client that is still sending when its answer comes gets its answer, and the connection serves the next one", async (t) => {
  const listener = await start(t, async (request) => {
    const refused = await request.readBody(1_000).then(
      () => false,
      () => true,
    );
    return { ...ok(), status: refused ? 413 : 200 };
  });
  const text = "x".repeat(unwantedBodyBytesMax - 1_000);
  const session = connectHttp2(`https://127.0.0.1:${listener.port}`, { rejectUnauthorized: false });
  // What the listener cuts when the test ends is nobody's fault.
  session.on("error", () => {});
  t.after(() => session.destroy());
  for (let round = 0; round < 3; round++) {
    assert.equal((await ask(listener, { method: "POST", path: "/", text })).status, 413);
    assert.equal((await ask(listener, { method: "POST", path: "/", text, headers: chunked })).status, 413);
    const stream = session.request({ ":method": "POST", ":path": "/" });
    stream.end(text);
    const [answered]: IncomingHttpHeaders[] = await once(stream, "response");
    assert.equal(answered?.[":status"], 413);
    stream.resume();
    await once(stream, "close");
  }
});

test("a body that nobody reads does not become the next request", async (t) => {
  const listener = await start(t, async () => ok());
  const smuggled = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";
  const answers = await converse(listener, `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 90000\r\n\r\n${smuggled}`);
  assert.equal(answers.split("HTTP/1.1 200").length - 1, 1);
});

test("a handler that fails is a bare 500, and the server lives on", async (t) => {
  const listener = await start(t, async ({ path }) => {
    if (path === "/fails") throw new Error("nobody caught this");
    return path === "/bad-header" ? { status: 200, headers: { "x-bad": "a\nb" }, body: undefined } : ok();
  });
  assert.equal((await ask(listener, { path: "/fails" })).status, 500);
  await assert.rejects(ask(listener, { path: "/bad-header" }));
  assert.equal((await ask2(listener, { ":path": "/" })).status, 200);
});

test("a peer has the certificate that the client showed", async (t) => {
  const listener = await start(t, async ({ peer }) => ok(Buffer.from(String(peer.certificates.length))));
  assert.equal((await ask(listener, { path: "/", identity: alice })).body, "1");
  assert.equal((await ask(listener, { path: "/" })).body, "0");
});

test("`signal` aborts when the client goes away", async (t) => {
  const gone = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<void>();
  const listener = await start(t, async ({ signal }) => {
    signal.addEventListener("abort", () => gone.resolve());
    arrived.resolve();
    await gone.promise;
    return ok();
  });
  const outgoing = requestHttp1({
    host: "127.0.0.1",
    port: listener.port,
    path: "/",
    rejectUnauthorized: false,
    agent: false,
  });
  outgoing.on("error", () => {});
  outgoing.end();
  await arrived.promise;
  outgoing.destroy();
  await gone.promise;
});

test("an upgrade is taken over by the handler, and ignored where it is of a kind that nobody speaks", async (t) => {
  const listener = await start(t, async ({ upgrade }) => {
    if (upgrade === undefined) return ok();
    const headers = { upgrade, connection: "Upgrade" };
    return { status: 101, headers, body: undefined, takeOver: (socket) => void socket.end("over") };
  });
  const wish = (protocol: string) => `GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`;
  assert.match(
    await converse(listener, wish("websocket")),
    /^HTTP\/1\.1 101 Switching Protocols\r\n[\s\S]*\r\n\r\nover$/,
  );
  assert.equal(
    (await ask(listener, { path: "/", headers: { connection: "close, Upgrade", upgrade: "foo" } })).body,
    "ok",
  );
});

test("close() lets an answer under way end and takes no new connection", async (t) => {
  const release = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<void>();
  const listener = await start(t, async () => {
    arrived.resolve();
    await release.promise;
    return ok();
  });
  const underWay = ask2(listener, { ":path": "/" });
  await arrived.promise;
  const closing = listener.close(60_000);
  await assert.rejects(ask(listener, { path: "/" }));
  release.resolve();
  assert.equal((await underWay).body, "ok");
  await closing;
});

test("close() ends connections that are idle, and cuts answers that never end", async (t) => {
  const arrived = Promise.withResolvers<void>();
  const listener = await start(t, async () => {
    arrived.resolve();
    return new Promise<ApiResponse>(() => {});
  });
  const idle: TLSSocket = connectTls({ port: listener.port, host: "127.0.0.1", rejectUnauthorized: false });
  await once(idle, "secureConnect");
  const idleEnded = once(idle.resume(), "close");
  const endless = assert.rejects(ask(listener, { path: "/" }));
  await arrived.promise;
  await listener.close(1);
  await endless;
  await idleEnded;
});

test("a port is shared where both who listen allow it, and with nobody else", async (t) => {
  const { port } = await start(t, async () => ok(), { sharesPort: true });
  const other = await start(t, async () => ok(), { sharesPort: true, port });
  assert.equal(other.port, port);
  await assert.rejects(
    start(t, async () => ok(), { port }),
    { code: "EADDRINUSE" },
  );
});

test("setCertificates() holds for new connections", async (t) => {
  const listener = await start(t, async () => ok());
  const next = await makeCertificate(authority, { commonName: "next", hosts: ["127.0.0.1"], nowMs: Date.now() });
  listener.setCertificates({ key: next.key, cert: next.certificate });
  const socket = connectTls({ port: listener.port, host: "127.0.0.1", rejectUnauthorized: false });
  await once(socket, "secureConnect");
  assert.equal(socket.getPeerCertificate().subject.CN, "next");
  socket.destroy();
});

test("a body of small and large pieces arrives whole and in order over both protocols", async (t) => {
  const sizes = [1, 100_000, 1, 20_000, 16_384, 1, 16_383, 30_000, 65_536, 1, 1, 200_000, 10_000];
  const pieces = sizes.map((size, i) => Buffer.alloc(size, String.fromCharCode(97 + i)));
  const listener = await start(t, async () => ok(pieces));
  const expected = Buffer.concat(pieces).toString();
  assert.ok((await ask(listener, { path: "/" })).body === expected);
  assert.ok((await ask2(listener, { ":path": "/" })).body === expected);
});
