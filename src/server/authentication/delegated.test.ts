import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../../test/support/manual-clock.ts";
import { aRequest } from "../../../test/support/request.ts";
import { makeAuthority } from "../../base/certificates.ts";
import { Client, type TransportRequest, type TransportResponse } from "../../client/door.ts";
import type { Attributes } from "../authorization/authorizer.ts";
import { delegatedAuthorizer } from "../authorization/delegated.ts";
import { delegatedAuthentication } from "./delegated.ts";
import { delegatedTokenAuthenticator } from "./delegated-tokens.ts";
import type { Authenticator, UserInfo } from "./user.ts";

type Answer = { readonly status?: number; readonly body: unknown } | Error;

/** A main API server that answers with what `answer` says, and remembers what it was asked. */
function aMainServer(answer: (request: TransportRequest, body: { spec?: Record<string, unknown> }) => Answer): {
  client: Client;
  asked: string[];
} {
  const asked: string[] = [];
  const transport = {
    async send(request: TransportRequest): Promise<TransportResponse> {
      const body = JSON.parse(String(request.body ?? "{}"));
      asked.push(`${request.method} ${request.path.split("?")[0]}`);
      const said = answer(request, body);
      if (said instanceof Error) throw said;
      return { status: said.status ?? 200, headers: {}, body: bytes(said.body, request.signal) };
    },
    close() {},
  };
  return { client: new Client({ transport }), asked };
}

async function* bytes(body: unknown, signal: AbortSignal | undefined): AsyncIterable<Buffer> {
  if (body !== "open") {
    yield Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
    return;
  }
  if (!signal?.aborted) await new Promise((resolve) => signal?.addEventListener("abort", resolve));
}

const carol = { username: "carol", uid: "u1", groups: ["dev"], extra: { "example.com/Tenant": ["blue"] } };

function reviewsTokens(): ReturnType<typeof aMainServer> {
  return aMainServer((_request, { spec }) => ({
    status: 201,
    body: { status: spec?.token === "good" ? { authenticated: true, user: carol } : { authenticated: false } },
  }));
}

async function whoIs(authenticator: Authenticator, token: string): Promise<UserInfo | undefined> {
  const found = await authenticator.authenticate(aRequest({ url: "/", headers: { authorization: `Bearer ${token}` } }));
  return typeof found === "object" ? found : undefined;
}

test("a token is reviewed once in its lifetime, a bad one as well", async () => {
  const clock = new ManualClock();
  const { client, asked } = reviewsTokens();
  const authenticator = delegatedTokenAuthenticator({ client, clock, cacheTtlMs: 10_000 });
  const expected = { name: "carol", uid: "u1", groups: ["dev"], extra: { "example.com/Tenant": ["blue"] } };
  assert.deepEqual(await Promise.all([whoIs(authenticator, "good"), whoIs(authenticator, "good")]), [
    expected,
    expected,
  ]);
  await assert.rejects(whoIs(authenticator, "bad"), { code: 401 });
  await assert.rejects(whoIs(authenticator, "bad"), { code: 401 });
  assert.equal(asked.length, 2);
  clock.advance(10_001);
  await whoIs(authenticator, "good");
  assert.equal(asked.length, 3);
});

test("a token that cannot be reviewed is nobody's, and is reviewed again next time", async () => {
  let isAway = true;
  const { client } = aMainServer(() =>
    isAway ? new Error("refused") : { body: { status: { authenticated: true, user: carol } } },
  );
  const authenticator = delegatedTokenAuthenticator({ client, clock: new ManualClock() });
  await assert.rejects(whoIs(authenticator, "good"), { code: 401 });
  isAway = false;
  assert.equal((await whoIs(authenticator, "good"))?.name, "carol");
});

test("a decision is asked for once in its lifetime, and rejects where there is none", async () => {
  const clock = new ManualClock();
  let isAway = false;
  const { client, asked } = aMainServer((_request, { spec }) => {
    if (isAway) return new Error("refused");
    return {
      body: {
        status: spec?.user === "alice" ? { allowed: true, reason: "may" } : { allowed: false, reason: "may not" },
      },
    };
  });
  const authorizer = delegatedAuthorizer({ client, clock, allowCacheTtlMs: 10_000, denyCacheTtlMs: 5_000 });
  const ask = async (name: string) =>
    authorizer.authorize(
      {
        user: { name, uid: "", groups: [], extra: {} },
        verb: "get",
        isResource: true,
        path: "",
        group: "g",
        version: "v1",
        resource: "r",
        subresource: "",
        namespace: "ns",
        name: "x",
      },
      AbortSignal.timeout(1_000),
    );
  assert.deepEqual(await Promise.all([ask("alice"), ask("alice")]), Array(2).fill({ verdict: "allow", reason: "may" }));
  assert.deepEqual(await ask("bob"), { verdict: "no opinion", reason: "may not" });
  await ask("bob");
  assert.equal(asked.length, 2);
  clock.advance(5_001);
  await ask("alice");
  await ask("bob");
  assert.equal(asked.length, 3);
  clock.advance(10_001);
  isAway = true;
  await assert.rejects(ask("alice"));
});

test("who is denied is denied, also where the same answer allows it", async () => {
  const answers: Readonly<Record<string, object>> = {
    yes: { allowed: true },
    never: { allowed: false, denied: true, reason: "by policy" },
    both: { allowed: true, denied: true },
    odd: { allowed: "true" },
    none: {},
  };
  const { client } = aMainServer((_request, { spec }) => ({
    status: 201,
    body: { status: answers[String(spec?.user)] },
  }));
  const authorizer = delegatedAuthorizer({ client, clock: new ManualClock() });
  const verdicts = await Promise.all(
    Object.keys(answers).map(async (name) => {
      const { verdict, reason } = await authorizer.authorize(questionOf(name), new AbortController().signal);
      return `${name}: ${verdict}${reason === "" ? "" : ` ${reason}`}`;
    }),
  );
  assert.deepEqual(verdicts, [
    "yes: allow",
    "never: deny by policy",
    "both: deny",
    "odd: no opinion",
    "none: no opinion",
  ]);
});

test("a question that a client made very long is not remembered", async () => {
  const { client, asked } = aMainServer(() => ({ status: 201, body: { status: { allowed: true } } }));
  const authorizer = delegatedAuthorizer({ client, clock: new ManualClock() });
  const { signal } = new AbortController();
  for (const name of ["ada", "ada", "b".repeat(20_000), "b".repeat(20_000)])
    await authorizer.authorize(questionOf(name), signal);
  assert.equal(asked.length, 3);
});

function questionOf(name: string): Attributes {
  const none = { group: "", version: "", resource: "", subresource: "", namespace: "", name: "" };
  return { user: { name, uid: "", groups: [], extra: {} }, isResource: false, verb: "get", path: "/x", ...none };
}

test("the published authorities count, and are followed as they change", async () => {
  const nowMs = Date.now();
  const [first, second] = await Promise.all(["a", "b"].map((commonName) => makeAuthority({ commonName, nowMs })));
  const config = (authority = first) => ({
    metadata: { name: "extension-apiserver-authentication", namespace: "kube-system", resourceVersion: "1" },
    data: { "client-ca-file": authority?.certificate, "requestheader-client-ca-file": authority?.certificate },
  });
  const { DelegatedConfig } = await import("./delegated-config.ts");
  let watches = 0;
  const { client } = aMainServer((request) => {
    if (!request.path.includes("watch=true")) return { body: config() };
    watches++;
    if (watches > 1) return { body: "open" };
    const end = { metadata: { resourceVersion: "2", annotations: { "k8s.io/initial-events-end": "true" } } };
    const events = [
      { type: "ADDED", object: config(second) },
      { type: "BOOKMARK", object: end },
    ];
    return { body: events.map((event) => JSON.stringify(event)).join("\n") };
  });
  await using delegated = new DelegatedConfig({ client });
  await delegated.start(client, AbortSignal.timeout(5_000));
  const before = delegated.requestHeader?.pool;
  assert.ok(before !== undefined);
  // Ends with the test's own time limit where the change is never seen.
  while (delegated.requestHeader?.pool === before) await new Promise((resolve) => setImmediate(resolve));
  assert.notEqual(delegated.requestHeader, undefined);
});

test("authorities that cannot be read stop the start, unless somebody tolerates it", async () => {
  const { client } = aMainServer((request) =>
    request.path.includes("watch=true")
      ? { body: "open" }
      : { status: 403, body: { kind: "Status", code: 403, message: "no" } },
  );
  const { signal } = new AbortController();
  await assert.rejects(delegatedAuthentication({ client, signal }), { code: 403 });
  await using tolerant = await delegatedAuthentication({ client, signal, tolerateLookupFailure: true });
  assert.equal(tolerant.authenticators.length, 3);
  const request = aRequest({ url: "/", headers: { "x-remote-user": "evil" } });
  assert.equal(await tolerant.authenticators[0]?.authenticate(request), undefined);
});
