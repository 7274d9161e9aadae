import assert from "node:assert/strict";
import type { RequestListener } from "node:http";
import { createSecureServer } from "node:http2";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { createServer as createTcp, type Server } from "node:net";
import { PassThrough } from "node:stream";
import { after, before, describe, test } from "node:test";
import { type KeyPair, makeAuthority, makeCertificate } from "../base/certificates.ts";
import { HttpPool, type IncomingResponse, NoAnswerError } from "./http-pool.ts";

let authority: KeyPair;
let serving: KeyPair;

before(async () => {
  const nowMs = Date.now();
  authority = await makeAuthority({ commonName: "test-ca", nowMs });
  serving = await makeCertificate(authority, { commonName: "server", hosts: ["server.test", "127.0.0.1"], nowMs });
});

/** A server whose handler gets HTTP/2 and HTTP/1.1 alike. */
async function aServer(protocol: "h2" | "http/1.1", handler: RequestListener): Promise<Server & { port: number }> {
  const tls = { key: serving.key, cert: serving.certificate };
  const server =
    protocol === "h2"
      ? createSecureServer(tls, (request, response) => Reflect.apply(handler, undefined, [request, response]))
      : createServer(tls, handler);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return Object.assign(server, { port: portOf(server) });
}

function portOf(server: { address(): string | AddressInfo | null }): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

function aPool(port: number, options: object = {}): HttpPool {
  return new HttpPool({ host: "127.0.0.1", port, serverName: "server.test", ca: authority.certificate, ...options });
}

function get(pool: HttpPool, path: string, signal?: AbortSignal): Promise<IncomingResponse> {
  return pool.request({
    method: "GET",
    path,
    authority: "server.test",
    headers: { "x-a": ["1", "2"] },
    ...(signal === undefined ? {} : { signal }),
  });
}

async function textOf({ body }: IncomingResponse): Promise<string> {
  return Buffer.concat(await Array.fromAsync(body)).toString();
}

for (const protocol of ["h2", "http/1.1"] as const)
  describe(`a pool over ${protocol}`, () => {
    test("keeps its connection between requests, and repeated headers apart", async () => {
      const ports = new Set<number | undefined>();
      const server = await aServer(protocol, (request, response) => {
        ports.add(request.socket.remotePort);
        const values = request.rawHeaders.flatMap((text, at, all) => (all[at - 1] === "x-a" ? [text] : []));
        response.end(`${request.httpVersion} ${values.join("|")}`);
      });
      const pool = aPool(server.port);
      after(() => pool.close());
      const first = await textOf(await get(pool, "/"));
      const second = await textOf(await get(pool, "/"));
      assert.deepEqual([first, second], Array(2).fill(protocol === "h2" ? "2.0 1|2" : "1.1 1|2"));
      assert.equal(ports.size, 1);
      pool.close();
      server.close();
    });

    test("sends bodies, and says when an answer is only half there", async () => {
      const server = await aServer(protocol, (request, response) => {
        if (request.url === "/half") {
          response.writeHead(200, { "content-length": 1000 });
          response.write("half");
          setImmediate(() =>
            request.httpVersion === "2.0" ? Reflect.get(response, "stream").close(2) : request.socket.destroy(),
          );
          return;
        }
        request.pipe(response);
      });
      const pool = aPool(server.port);
      const echoed = await pool.request({
        method: "POST",
        path: "/",
        authority: "a",
        headers: {},
        body: Buffer.from("hello"),
      });
      assert.equal(await textOf(echoed), "hello");
      await assert.rejects(textOf(await get(pool, "/half")));
      pool.close();
      server.close();
    });

    test("gives up a request whose signal aborts, before and after its head has come", async () => {
      const server = await aServer(protocol, (request, response) => {
        if (request.url === "/begun") response.write("begun");
      });
      const pool = aPool(server.port);
      const silent = new AbortController();
      const waiting = get(pool, "/silent", silent.signal);
      setImmediate(() => silent.abort(new Error("enough")));
      await assert.rejects(waiting, /enough/);
      const begun = new AbortController();
      const response = await get(pool, "/begun", begun.signal);
      begun.abort(new Error("enough"));
      await assert.rejects(textOf(response));
      pool.close();
      server.close();
    });

    test("tells apart that no answer came", async () => {
      const server = await aServer(protocol, (request, response) => {
        if (request.httpVersion === "2.0") Reflect.get(response, "stream").close(2);
        else request.socket.destroy();
      });
      const pool = aPool(server.port);
      await assert.rejects(get(pool, "/"), (error) => error instanceof NoAnswerError);
      pool.close();
      server.close();
    });
  });

test("a path of 40 kB goes out over HTTP/2, also where a header says it again", async (t) => {
  const tls = { key: serving.key, cert: serving.certificate, settings: { maxHeaderListSize: 1024 * 1024 } };
  const server = createSecureServer(tls, (request, response) => void response.end(String(request.url.length)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const pool = aPool(portOf(server));
  t.after(() => {
    pool.close();
    server.close();
  });
  const path = `/${"a".repeat(40_000)}`;
  const headers = { "x-forwarded-uri": path };
  const answer = await pool.request({ method: "GET", path, authority: "server.test", headers });
  assert.equal(await textOf(answer), String(path.length));
});

test("what a server does not want of a body stays with its source, unharmed", async (t) => {
  const server = await aServer("h2", (_, response) => {
    response.writeHead(413);
    response.end("too much");
  });
  t.after(() => server.close());
  const pool = aPool(server.port);
  t.after(() => pool.close());
  const source = new PassThrough();
  source.write("some");
  const answer = await pool.request({ method: "POST", path: "/", authority: "server.test", headers: {}, body: source });
  assert.equal(answer.status, 413);
  assert.equal(await textOf(answer), "too much");
  pool.close();
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(!source.destroyed);
});

test("a server that changes the protocol although nobody asked for it is refused", async (t) => {
  const server = await aServer("http/1.1", (_, response) => {
    response.socket?.end("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n");
  });
  t.after(() => server.close());
  const pool = aPool(server.port);
  t.after(() => pool.close());
  await assert.rejects(get(pool, "/"), { message: 'backend tried to switch protocol "chat" when "" was requested' });
});

for (const protocol of ["h2", "http/1.1"] as const)
  test(`headers of 50 kB come back over ${protocol}`, async (t) => {
    const server = await aServer(protocol, (_, response) => {
      response.writeHead(200, { "x-long": "a".repeat(50_000) });
      response.end();
    });
    t.after(() => server.close());
    const pool = aPool(server.port);
    t.after(() => pool.close());
    assert.equal(String((await get(pool, "/")).headers["x-long"]).length, 50_000);
  });

test("a GET on a kept connection that has died goes out again on a new one", async () => {
  let requests = 0;
  const server = await aServer("http/1.1", (request, response) => {
    // The second request finds its connection closed by a server that had enough of it.
    if (++requests === 2) request.socket.destroy();
    else response.end(String(requests));
  });
  const pool = aPool(server.port);
  assert.equal(await textOf(await get(pool, "/")), "1");
  assert.equal(await textOf(await get(pool, "/")), "3");
  pool.close();
  server.close();
});

test("a server without the right name, authority or TLS is refused", async () => {
  const server = await aServer("h2", (_request, response) => response.end());
  const plain = createTcp((socket) => socket.on("error", () => undefined).end("HTTP/1.1 400 Bad Request\r\n\r\n"));
  await new Promise<void>((resolve) => plain.listen(0, "127.0.0.1", resolve));
  const codeOf = async (pool: HttpPool) => {
    const error: unknown = await get(pool, "/").catch((reason: unknown) => reason);
    return error instanceof Error && "code" in error ? error.code : error;
  };
  assert.equal(await codeOf(aPool(server.port, { serverName: "other.test" })), "ERR_TLS_CERT_ALTNAME_INVALID");
  assert.equal(await codeOf(aPool(server.port, { ca: undefined })), "UNABLE_TO_VERIFY_LEAF_SIGNATURE");
  assert.equal(await codeOf(aPool(portOf(plain))), "ERR_SSL_WRONG_VERSION_NUMBER");
  server.close();
  plain.close();
  assert.equal(await codeOf(aPool(portOf(plain) || 1)), "ECONNREFUSED");
});
