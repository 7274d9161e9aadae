import assert from "node:assert/strict";
import { once } from "node:events";
import type { RequestListener } from "node:http";
import { createServer } from "node:https";
import { before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { MemorySource } from "../../test/support/memory-source.ts";
import { aRequest, readAnswer } from "../../test/support/request.ts";
import { type KeyPair, makeAuthority, makeCertificate } from "../base/certificates.ts";
import type { ApiResponse } from "../server/door.ts";
import { Backend } from "./backend.ts";
import { proxy } from "./proxy.ts";

let serving: KeyPair;

before(async () => {
  const nowMs = Date.now();
  const authority = await makeAuthority({ commonName: "test-ca", nowMs });
  serving = await makeCertificate(authority, { commonName: "api", hosts: ["api.ns.svc"], nowMs });
});

interface Answer extends ApiResponse {
  readonly text: string;
  readonly port: number;
}

/** What a client gets of a backend that answers so. */
async function answerOf(handler: RequestListener, request: object = {}): Promise<Answer> {
  await using ended = new AsyncDisposableStack();
  const server = createServer({ key: serving.key, cert: serving.certificate }, handler).listen(0, "127.0.0.1");
  ended.defer(() => server.closeAllConnections());
  ended.defer(() => void server.close());
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const source = new MemorySource();
  source.putService("api", { type: "ClusterIP", ports: [{ name: "https", port: 443 }] }, [port]);
  const service = { namespace: "ns", name: "api", port: 443 };
  const backend = new Backend({ source, service, trust: { name: "anybody" }, clientCertificate: undefined });
  ended.defer(() => backend.close());
  const answer = await proxy(aRequest({ url: "/apis/g.example.com/v1/x", ...request }), backend);
  return { ...answer, text: (await readAnswer(answer)).toString(), port };
}

test("which pages may read an answer is for the aggregator to say", async () => {
  const { headers } = await answerOf((_, response) => {
    response.setHeader("access-control-allow-origin", "*").setHeader("access-control-expose-headers", "x").end();
  });
  assert.equal(headers["access-control-allow-origin"], undefined);
  assert.equal(headers["access-control-expose-headers"], "x");
});

test("an answer that the client did not want compressed is inflated, however the backend writes gzip", async () => {
  const { headers, text } = await answerOf((request, response) => {
    response.setHeader("content-encoding", "GZIP").end(gzipSync(`${request.headers["accept-encoding"]}`));
  });
  assert.deepEqual([headers["content-encoding"], text], [undefined, "gzip"]);
});

test("an empty answer that calls itself compressed stays one", async () => {
  const { status, headers, text } = await answerOf((_, response) => {
    response.writeHead(200, { "content-encoding": "gzip", "content-length": 0 }).end();
  });
  assert.deepEqual([status, headers["content-encoding"], text], [200, "gzip", ""]);
});

test("a client that has the answer already is not told its type", async () => {
  const { status, headers } = await answerOf((_, response) => {
    response.writeHead(304, { "content-type": "text/plain", etag: '"x"' }).end();
  });
  assert.deepEqual([status, headers["content-type"], headers.etag], [304, undefined, '"x"']);
});

test("of two locations the first counts, and the page beside it stays as it is", async () => {
  const { headers, text, port } = await answerOf((_, response) => {
    response.setHeader("location", ["/a b", "/c"]);
    response.writeHead(302, { "content-type": "text/html" }).end('<a href="/x">');
  });
  assert.deepEqual([headers.location, text], [`https://127.0.0.1:${port}/a%20b`, '<a href="/x">']);
});

test("a location that cannot be read is an error", async () => {
  const { status, text } = await answerOf((_, response) => {
    response.writeHead(302, { location: "https://[::1/x" }).end();
  });
  assert.deepEqual(
    [status, text],
    [
      503,
      "Internal error occurred: error trying to parse Location header: parse \"https://[::1/x\": missing ']' in host\n",
    ],
  );
});

test("a page gets absolute links", async () => {
  const { text, port } = await answerOf((_, response) => {
    response.setHeader("content-type", "text/html; charset=utf-8").end("<A HREF=/x>é</A>");
  });
  assert.equal(text, `<a href="https://127.0.0.1:${port}/x">é</A>`);
});
