import assert from "node:assert/strict";
import { test } from "node:test";
import { aRequest } from "../../../test/support/request.ts";
import type { Headers } from "../exchange.ts";
import { bearerTokenAuthenticator, staticTokens } from "./bearer-token.ts";

const authenticator = bearerTokenAuthenticator(
  staticTokens('# comment\nsecret,alice,uid-1,"dev,ops"\nother,bob,uid-2\n'),
);
const ask = async (headers: Headers) => authenticator.authenticate(aRequest({ url: "/", headers }));

test("a token of the file names its user", async () => {
  const alice = { name: "alice", uid: "uid-1", groups: ["dev", "ops"], extra: {} };
  assert.deepEqual(await ask({ authorization: "Bearer secret" }), alice);
  assert.deepEqual(await ask({ authorization: "bearer secret" }), alice);
});

test("a web page sends its token as a protocol of a WebSocket", async () => {
  const protocol = `base64url.bearer.authorization.k8s.io.${Buffer.from("other").toString("base64url")}`;
  const askWebSocket = async (protocols: string) =>
    authenticator.authenticate({
      ...aRequest({ url: "/", headers: { "sec-websocket-protocol": protocols } }),
      upgrade: "websocket",
    });
  assert.partialDeepStrictEqual(await askWebSocket(`binary.k8s.io, ${protocol}`), { name: "bob" });
  assert.equal(await askWebSocket("binary.k8s.io"), undefined);
  assert.equal(await ask({ "sec-websocket-protocol": `binary.k8s.io, ${protocol}` }), undefined, "no WebSocket");
  for (const protocols of [protocol, `binary.k8s.io, ${protocol}, ${protocol}`])
    await assert.rejects(askWebSocket(protocols), { code: 401 });
});

test("a token that nobody knows is a 401", async () => {
  await assert.rejects(ask({ authorization: "Bearer nope" }), { code: 401 });
});

test("no token, an empty one and other schemes are nobody", async () => {
  for (const authorization of ["Bearer", "Bearer ", "Basic YTpi", ""])
    assert.equal(await ask({ authorization }), undefined);
});

test("staticTokens() reads fields that are empty or quoted, and what more there is about a user", () => {
  const user = staticTokens('t,"Doe, ""J""",,"dev","scopes=read,scopes=write,example.com/Tenant ID=blue/1"\n')(
    "t",
    AbortSignal.abort(),
  );
  assert.deepEqual(user, {
    name: 'Doe, "J"',
    uid: "",
    groups: ["dev"],
    extra: { scopes: ["read", "write"], "example.com/Tenant ID": ["blue/1"] },
  });
  assert.throws(() => staticTokens("t,user,uid,dev,scopes\n"), TypeError);
});

test("staticTokens() refuses a line without a user", () => {
  assert.throws(() => staticTokens("secret\n"), TypeError);
});
