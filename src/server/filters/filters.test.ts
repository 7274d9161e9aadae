import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../../test/support/manual-clock.ts";
import { admin, aRequest, readAnswer, readJsonAnswer } from "../../../test/support/request.ts";
import { StatusError } from "../../api/door.ts";
import type { AuditLog } from "../audit/audit-log.ts";
import { parseAuditPolicy } from "../audit/audit-policy.ts";
import { type Authentication, anonymous, type UserInfo } from "../authentication/user.ts";
import type { Attributes, Authorizer } from "../authorization/authorizer.ts";
import type { ApiRequest, ApiResponse, Filter, Handler } from "../exchange.ts";
import { silentLogger } from "../logging.ts";
import { audit } from "./audit.ts";
import { authenticate } from "./authenticate.ts";
import { authorize } from "./authorize.ts";
import { cors } from "./cors.ts";
import { deadline } from "./deadline.ts";
import { impersonate } from "./impersonate.ts";
import { limitInFlight } from "./limit-in-flight.ts";
import { recover } from "./recover.ts";

const ok: Handler = async () => ({ status: 200, headers: {}, body: Buffer.from("ok") });
const bob: UserInfo = { name: "bob", uid: "", groups: ["dev"], extra: {} };
const flunder = {
  isResource: true,
  verb: "get",
  group: "wardle.example.com",
  version: "v1alpha1",
  resource: "flunders",
  namespace: "team-a",
  name: "x",
};

function pass(filter: Filter, request: ApiRequest, handler: Handler = ok): Promise<ApiResponse> {
  return Promise.try(() => filter(handler)(request));
}

// --- authenticate

const says = (answer: Authentication | (() => never)) => ({
  authenticate: () => (typeof answer === "function" ? answer() : answer),
});
const refuses = says(() => {
  throw new StatusError("Unauthorized", "Unauthorized");
});

async function whoAsks(options: Parameters<typeof authenticate>[0]): Promise<UserInfo> {
  const request = aRequest({ url: "/" });
  await pass(authenticate(options), request);
  return request.user;
}

test("authenticate() leaves a user of whom somebody says that nobody knows who it is", async () => {
  const unknown = { ...bob, groups: ["system:unauthenticated"] };
  const found = await whoAsks({ authenticators: [says(unknown)], allowsAnonymous: false });
  assert.deepEqual(found.groups, ["system:unauthenticated"]);
});

test("authenticate() takes the first user that somebody knows, also after a refusal", async () => {
  const found = await whoAsks({ authenticators: [says("refused"), refuses, says(bob)], allowsAnonymous: false });
  assert.deepEqual(found, { ...bob, groups: ["dev", "system:authenticated"] });
});

test("authenticate() takes nobody for anonymous, unless credentials were wrong or nobody may be", async () => {
  assert.equal(await whoAsks({ authenticators: [says(undefined)], allowsAnonymous: true }), anonymous);
  await assert.rejects(whoAsks({ authenticators: [says("refused")], allowsAnonymous: true }), { code: 401 });
  await assert.rejects(whoAsks({ authenticators: [says(undefined)], allowsAnonymous: false }), { code: 401 });
});

test("authenticate() tells a client whose token does not count for a blank too many", async () => {
  const warningsOf = async (authorization: string) => {
    const request = aRequest({ url: "/", headers: { authorization } });
    await pass(authenticate({ authenticators: [says(bob)], allowsAnonymous: true }), request);
    return request.warnings;
  };
  assert.match(String(await warningsOf("Bearer  secret")), /contains extra space before the bearer token/);
  for (const authorization of ["Bearer secret", "Bearer ", "Basic  x"])
    assert.deepEqual(await warningsOf(authorization), [], authorization);
});

/** What a filter answers instead of passing a request on. */
async function refusal(filter: Filter, request: ApiRequest): Promise<{ code?: number; message?: string }> {
  const response = await pass(filter, request);
  assert.equal(response.headers["x-content-type-options"], "nosniff");
  return Object(await readJsonAnswer(response));
}

// --- authorize

test("authorize() refuses in Kubernetes' words", async () => {
  const authorizer: Authorizer = { authorize: () => ({ verdict: "no opinion", reason: "no rule for bob" }) };
  const filter = authorize({ authorizer, logger: silentLogger });
  assert.partialDeepStrictEqual(await refusal(filter, aRequest({ url: "/x", info: flunder, user: bob })), {
    code: 403,
    message:
      'flunders.wardle.example.com "x" is forbidden: User "bob" cannot get resource "flunders" in API group "wardle.example.com" in the namespace "team-a": no rule for bob',
  });
  const named = { ...bob, name: "<script>" };
  assert.partialDeepStrictEqual(await refusal(filter, aRequest({ url: "/a", info: { verb: "get" }, user: named })), {
    message: 'forbidden: User "&lt;script&gt;" cannot get path "/a": no rule for bob',
  });
  const odd = { ...flunder, resource: "", name: "a\0" };
  assert.match(
    (await refusal(filter, aRequest({ url: "/a", info: odd, user: bob }))).message ?? "",
    /^\.wardle\.example\.com "a\\x00" is forbidden: User "bob" cannot get resource "" /,
  );
});

test("authorize() fails closed, with a 500 as text, where nobody could decide", async () => {
  const authorizer: Authorizer = {
    authorize() {
      throw new Error("secret detail");
    },
  };
  const response = await pass(authorize({ authorizer, logger: silentLogger }), aRequest({ url: "/a" }));
  assert.deepEqual([response.status, response.headers["content-type"]], [500, "text/plain; charset=utf-8"]);
  assert.doesNotMatch(String(await readAnswer(response)), /secret/);
});

// --- impersonate

/** Allows what `allows` says and remembers what was asked. */
function asking(allows: (attributes: Attributes) => boolean) {
  const asked: string[] = [];
  const authorizer: Authorizer = {
    authorize(attributes) {
      asked.push(`${attributes.verb} ${attributes.resource}/${attributes.name}`);
      return { verdict: allows(attributes) ? "allow" : "no opinion", reason: "" };
    },
  };
  return { asked, authorizer };
}

test("impersonate() asks first for the verbs of constrained impersonation", async () => {
  const { asked, authorizer } = asking(({ verb }) => verb.startsWith("impersonate"));
  const request = aRequest({
    url: "/x",
    info: flunder,
    user: bob,
    headers: { "impersonate-user": "dave", "impersonate-group": "qa" },
  });
  await pass(impersonate(authorizer), request);
  assert.deepEqual(asked, [
    "impersonate-on:user-info:get flunders/x",
    "impersonate:user-info users/dave",
    "impersonate:user-info groups/qa",
  ]);
  assert.deepEqual(request.user, { name: "dave", uid: "", groups: ["qa", "system:authenticated"], extra: {} });
});

test("impersonate() falls back to the old verb, by which alone system:masters can be taken on", async () => {
  const { asked, authorizer } = asking(() => true);
  const headers = { "impersonate-user": "dave", "impersonate-group": "system:masters" };
  await pass(impersonate(authorizer), aRequest({ url: "/x", info: flunder, user: admin, headers }));
  assert.deepEqual(asked.slice(-2), ["impersonate users/dave", "impersonate groups/system:masters"]);
});

test("impersonate() tells the refusal of the first way that was tried", async () => {
  const { authorizer } = asking(() => false);
  const request = aRequest({ url: "/x", info: flunder, user: bob, headers: { "impersonate-user": "dave" } });
  const { code, message = "" } = await refusal(impersonate(authorizer), request);
  assert.equal(code, 403);
  assert.match(message, /User "bob" cannot impersonate-on:user-info:get resource "flunders"/);
});

test("impersonate() takes a node without a name for a user", async () => {
  const { asked, authorizer } = asking(({ verb }) => verb.startsWith("impersonate"));
  const headers = { "impersonate-user": "system:node:" };
  await pass(impersonate(authorizer), aRequest({ url: "/x", info: flunder, user: bob, headers }));
  assert.equal(asked[1], "impersonate:user-info users/system:node:");
});

test("impersonate() puts service accounts into their groups", async () => {
  const { authorizer } = asking(() => true);
  const request = aRequest({ url: "/x", user: admin, headers: { "impersonate-user": "system:serviceaccount:a:b" } });
  await pass(impersonate(authorizer), request);
  assert.deepEqual(request.user.groups, ["system:serviceaccounts", "system:serviceaccounts:a", "system:authenticated"]);
});

test("impersonate() refuses a group without a user", async () => {
  const { authorizer } = asking(() => true);
  const request = aRequest({ url: "/x", headers: { "impersonate-group": "qa" } });
  const { code, message = "" } = await refusal(impersonate(authorizer), request);
  assert.equal(code, 400);
  assert.match(message, /without impersonating a user/);
});

// --- limit in flight

test("limitInFlight() makes a request wait for a seat and lets system:masters and watches pass", async () => {
  const clock = new ManualClock();
  const { filter, reading } = limitInFlight({ requestsMax: 1, mutatingRequestsMax: 1 }, clock);
  const release = Promise.withResolvers<void>();
  const slow: Handler = async (request) => {
    await release.promise;
    return ok(request);
  };
  const first = pass(filter, aRequest({ url: "/x", info: flunder, user: bob }), slow);
  const second = pass(filter, aRequest({ url: "/x", info: flunder, user: bob }));
  assert.deepEqual([reading.inside, reading.waiting], [1, 1]);
  for (const [user, verb] of [[admin, "get"] as const, [bob, "watch"] as const, [bob, "create"] as const])
    assert.equal((await pass(filter, aRequest({ url: "/x", info: { ...flunder, verb }, user }))).status, 200);
  release.resolve();
  assert.deepEqual([(await first).status, (await second).status], [200, 200]);
  assert.equal(reading.inside, 0);
});

test("limitInFlight() answers 429 to who has waited too long", async () => {
  const clock = new ManualClock();
  const { filter } = limitInFlight({ requestsMax: 0, mutatingRequestsMax: 0 }, clock);
  const waiting = pass(filter, aRequest({ url: "/x", info: flunder, user: bob }));
  clock.advance(60_000);
  const { status, headers } = await waiting;
  assert.deepEqual([status, headers["retry-after"]], [429, "1"]);
});

// --- deadline

test("deadline() answers 504 in time and aborts what the handler waits for", async () => {
  const aborted = Promise.withResolvers<void>();
  const endless: Handler = ({ signal }) => {
    signal.addEventListener("abort", () => aborted.resolve());
    return new Promise(() => {});
  };
  const response = await pass(deadline(), aRequest({ url: "/x?timeout=1ms", info: flunder }), endless);
  await aborted.promise;
  assert.equal(response.status, 504);
  assert.equal(
    String(await readAnswer(response)),
    '{"metadata":{},"status":"Failure","message":"Timeout: request did not complete within the allotted timeout","reason":"Timeout","details":{},"code":504}\n',
  );
});

test("deadline() refuses what is no duration, except on a watch", async () => {
  const request = (verb: string) => aRequest({ url: "/x?timeout=bogus", info: { ...flunder, verb } });
  await assert.rejects(pass(deadline(), request("get")), {
    code: 400,
    message: 'invalid timeout specified in the request URL - time: invalid duration "bogus"',
  });
  const odd = aRequest({ url: "/x?timeout=%C3%A9%0A%22", info: flunder });
  await assert.rejects(pass(deadline(), odd), { message: /invalid duration "\\xc3\\xa9\\x0a\\""$/ });
  const endless = aRequest({ url: "/x?timeout=999999999999h", info: flunder });
  await assert.rejects(pass(deadline(), endless), { code: 400, message: /invalid duration "999999999999h"/ });
  assert.equal((await pass(deadline(), request("watch"))).status, 200);
});

// --- recover

test("recover() tells nobody but the log what went wrong unexpectedly", async () => {
  const logged: unknown[] = [];
  const logger = { ...silentLogger, error: (fields: object) => void logged.push(fields) };
  const response = await pass(recover(logger), aRequest({ url: "/x" }), async () => {
    throw new Error("secret detail");
  });
  assert.equal(response.status, 500);
  assert.doesNotMatch(String(await readAnswer(response)), /secret/);
  assert.equal(logged.length, 1);
});

test("recover() indents what went wrong for clients that read none of the forms of a Status", async () => {
  const answer = async (accept: string) => {
    const request = aRequest({ url: "/x", headers: { accept } });
    const response = await pass(recover(silentLogger), request, async () => {
      throw StatusError.badRequest("no");
    });
    return String(await readAnswer(response));
  };
  assert.match(await answer("application/json;as=Table;v=v1;g=meta.k8s.io"), /^\{\n {2}"kind": "Status",/);
  assert.match(await answer("application/*"), /^\{"kind":"Status",/);
});

test("recover() gives every answer an audit ID and its warnings", async () => {
  const request = aRequest({ url: "/x", headers: { "audit-id": "mine" } });
  const { headers } = await pass(recover(silentLogger), request, async (asked) => {
    asked.warnings.push('say "a"', 'say "a"', "b");
    throw StatusError.badRequest("no");
  });
  assert.deepEqual([headers["audit-id"], headers.warning], ["mine", ['299 - "say \\"a\\""', '299 - "b"']]);
});

// --- cors

test("cors() lets in the web pages of origins that fit, and answers for them what a browser asks first", async () => {
  const filter = cors([/^https:\/\/ui\.example\.com$/]);
  const ask = (origin: string, method = "GET") => pass(filter, aRequest({ method, url: "/x", headers: { origin } }));
  const own = await ask("https://ui.example.com");
  assert.deepEqual([own.status, own.headers["access-control-allow-origin"]], [200, "https://ui.example.com"]);
  assert.equal((await ask("https://ui.example.com", "OPTIONS")).status, 204);
  assert.equal((await ask("https://evil.example.com")).headers["access-control-allow-origin"], undefined);
});

// --- audit

function memoryLog(): AuditLog & { readonly events: Record<string, unknown>[] } {
  const events: Record<string, unknown>[] = [];
  return {
    events,
    // As it would stand in the file.
    write: (event) => void events.push(JSON.parse(JSON.stringify(event))),
    async [Symbol.asyncDispose]() {},
  };
}

const policy = parseAuditPolicy(`
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - {level: None, users: [quiet]}
  - level: RequestResponse
    resources: [{group: wardle.example.com, resources: [flunders]}]
  - {level: Metadata}
`);

test("audit() records who did what, with both bodies where the policy says so", async () => {
  const log = memoryLog();
  const body = { metadata: { name: "x", managedFields: [] } };
  const request = aRequest({ method: "POST", url: "/x?a=1", info: { ...flunder, verb: "create" }, user: bob, body });
  await pass(audit({ policy, log, clock: new ManualClock() }), request, async (asked) => {
    await asked.readBody(1_000);
    asked.user = admin;
    return { status: 201, headers: {}, body: Buffer.from('{"kind":"Flunder"}') };
  });
  assert.equal(log.events.length, 1);
  assert.partialDeepStrictEqual(log.events[0], {
    kind: "Event",
    level: "RequestResponse",
    stage: "ResponseComplete",
    requestURI: "/x?a=1",
    verb: "create",
    user: { username: "bob", groups: ["dev"] },
    impersonatedUser: { username: "admin" },
    objectRef: { resource: "flunders", namespace: "team-a", name: "x", apiGroup: "wardle.example.com" },
    requestObject: body,
    responseObject: { kind: "Flunder" },
    responseStatus: { code: 201 },
    requestReceivedTimestamp: "1970-01-01T00:00:00.000000Z",
  });
});

test("audit() records refusals with their reason, and nothing of those whom the policy leaves out", async () => {
  const log = memoryLog();
  const filter = audit({ policy, log, clock: new ManualClock() });
  const refuse: Handler = async () => {
    throw StatusError.badRequest("no");
  };
  const response = await pass(filter, aRequest({ url: "/a", user: bob }), refuse);
  assert.partialDeepStrictEqual(await readJsonAnswer(response), { reason: "BadRequest" });
  await pass(filter, aRequest({ url: "/a", user: { ...bob, name: "quiet" } }));
  assert.equal(log.events.length, 1);
  assert.partialDeepStrictEqual(log.events[0], {
    level: "Metadata",
    responseStatus: { code: 400, reason: "BadRequest", message: "no" },
  });
});

test("parseAuditPolicy() says what is wrong with a policy", () => {
  const head = "apiVersion: audit.k8s.io/v1\nkind: Policy\n";
  assert.throws(() => parseAuditPolicy("kind: Policy"), /must be a Policy of audit.k8s.io\/v1/);
  assert.throws(() => parseAuditPolicy(head), /must have rules/);
  assert.throws(() => parseAuditPolicy(`${head}rules: [{level: Loud}]`), /level of a rule must be one of None/);
  assert.throws(() => parseAuditPolicy(`${head}rules: [{level: None, users: alice}]`), /users must be a list/);
});
