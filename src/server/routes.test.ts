import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Type } from "typebox";
import { admin, aRequest, type RequestOptions, readJsonAnswer } from "../../test/support/request.ts";
import { defineKind } from "../api/door.ts";
import { openMemoryStorage } from "../storage/door.ts";
import { defineResource } from "./resource.ts";
import { type ApiServer, createApiServer } from "./server.ts";

const gadget = defineKind({
  group: "example.com",
  kind: "Gadget",
  scope: "Namespaced",
  versions: { v1: { schema: Type.Object({}), lifecycle: { introduced: "1.0", removed: "1.10" } } },
});
const crate = defineKind({
  group: "example.com",
  kind: "Crate",
  scope: "Cluster",
  versions: { v1: { schema: Type.Object({}) } },
});

async function start(t: TestContext): Promise<ApiServer> {
  const server = await createApiServer({
    name: "test",
    resources: [defineResource(gadget), defineResource(crate, { status: true, verbs: ["get", "list", "create"] })],
    storage: openMemoryStorage(),
    authenticators: [{ authenticate: () => admin }],
    authorizer: { authorize: () => ({ verdict: "no opinion", reason: "" }) },
  });
  t.after(() => server[Symbol.asyncDispose]());
  await server.ready();
  return server;
}

/** The status and the reason of an answer to `METHOD PATH`. */
async function ask(server: ApiServer, line: string, more: Partial<RequestOptions> = {}): Promise<string> {
  const [method = "", url = ""] = line.split(" ");
  const response = await server.handle(aRequest({ method, url, ...more }));
  const body = await readJsonAnswer(response);
  const reason = typeof body === "object" && body !== null && "reason" in body ? ` ${body.reason}` : "";
  return `${response.status}${reason}`;
}

const base = "/apis/example.com/v1";

test("unknown paths are 404: as a list of paths outside of the groups, as a Status inside", async (t) => {
  const server = await start(t);
  for (const path of ["/nope", "/apis/other.example.com/v1/x/y", "//apis", `/${base}/gadgets`, "/healthz/nope"])
    assert.equal(await ask(server, `GET ${path}`), "404", path);
  for (const path of [
    "/apis/",
    "/apis/example.com/",
    "/apis/example.com/v2/gadgets",
    `${base}/nopes`,
    `${base}/namespaces/a/crates`,
    `${base}/gadgets/x`,
    `${base}/namespaces/a/gadgets/x/`,
    `${base}/namespaces/a/gadgets//x`,
    `${base}/namespaces/a/gadgets/x/status`,
    `${base}/crates/x/scale`,
  ])
    assert.equal(await ask(server, `GET ${path}`), "404 NotFound", path);
});

test("methods that a path does not have are 405", async (t) => {
  const server = await start(t);
  for (const line of [
    `POST ${base}/namespaces/a/gadgets/x`,
    `PUT ${base}/namespaces/a/gadgets`,
    `OPTIONS ${base}/namespaces/a/gadgets`,
    `constructor ${base}/namespaces/a/gadgets/x`,
    `POST ${base}/gadgets`,
    `DELETE ${base}/gadgets`,
    `DELETE ${base}/crates/x`,
    `DELETE ${base}/crates/x/status`,
    "POST /apis",
    "PUT /version",
  ])
    assert.equal(await ask(server, line), "405 MethodNotAllowed", line);
});

test("the router refuses what it cannot answer or read before it warns of the version", async (t) => {
  const server = await start(t);
  const html = await server.handle(aRequest({ url: `${base}/namespaces/a/gadgets`, headers: { accept: "text/html" } }));
  assert.deepEqual([html.status, html.headers.warning], [406, undefined]);
  const patch = { headers: { "content-type": "text/plain" }, body: "{}" };
  assert.equal(await ask(server, `PATCH ${base}/namespaces/a/gadgets/x`, patch), "415 UnsupportedMediaType");
});

test("a version that will go away is told of, also with an error", async (t) => {
  const server = await start(t);
  const { status, headers } = await server.handle(aRequest({ url: `${base}/namespaces/a/gadgets/x` }));
  assert.equal(status, 404);
  assert.deepEqual(headers.warning, ['299 - "example.com/v1 Gadget is deprecated in v1.3+, unavailable in v1.10+"']);
});

test("names that would climb out of their place are 400, as are objects without a name", async (t) => {
  const server = await start(t);
  for (const path of ["namespaces/a/gadgets/", "namespaces/a/gadgets/..", "namespaces/../gadgets", "crates/."])
    assert.equal(await ask(server, `GET ${base}/${path}`), "400 BadRequest", path);
});

test("the documents answer: discovery, health, metrics, version and OpenAPI", async (t) => {
  const server = await start(t);
  for (const url of [
    "/",
    "/apis",
    "/apis/example.com",
    base,
    "/readyz",
    "/metrics",
    "/version",
    "/openapi/v2",
    "/openapi/v3",
  ])
    assert.equal((await server.handle(aRequest({ url }))).status, 200, url);
});
