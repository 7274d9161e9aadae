// Service accounts' tokens on a control plane in this process: asked for, reviewed, and worth nothing once what they are bound to is gone.

import assert from "node:assert/strict";
import { test } from "node:test";
import { type ApiObject, StatusError } from "../../src/api/door.ts";
import { type ControlPlane, startControlPlane } from "../../src/control-plane/door.ts";
import { eventually } from "../support/control-plane.ts";
import { ManualClock } from "../support/manual-clock.ts";

const issuer = "https://kubernetes.default.svc.cluster.local";

async function requestToken({ client }: ControlPlane, account: string, spec: object = {}): Promise<string> {
  const answer = await client.json({
    method: "POST",
    path: `/api/v1/namespaces/default/serviceaccounts/${account}/token`,
    body: { kind: "TokenRequest", apiVersion: "authentication.k8s.io/v1", spec },
  });
  return field(answer, "status", "token");
}

async function review({ client }: ControlPlane, token: string, audiences: readonly string[] = []): Promise<unknown> {
  const answer = await client.json({
    method: "POST",
    path: "/apis/authentication.k8s.io/v1/tokenreviews",
    body: { kind: "TokenReview", apiVersion: "authentication.k8s.io/v1", spec: { token, audiences } },
  });
  return typeof answer === "object" && answer !== null && "status" in answer ? answer.status : undefined;
}

function field(value: unknown, ...names: readonly string[]): string {
  let at = value;
  for (const name of names) at = typeof at === "object" && at !== null ? Reflect.get(at, name) : undefined;
  return String(at);
}

function createAccount({ client }: ControlPlane, name: string): Promise<ApiObject> {
  const address = { group: "", version: "v1", resource: "serviceaccounts", isNamespaced: true };
  return client
    .resource(address)
    .create({ apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace: "default" } });
}

test("a token is its account's: as a review says, with its groups and credential", async () => {
  await using plane = await startControlPlane();
  const { metadata } = await createAccount(plane, "robot");
  const token = await requestToken(plane, "robot");
  const status = await review(plane, token);

  assert.equal(field(status, "user", "username"), "system:serviceaccount:default:robot");
  assert.equal(field(status, "user", "uid"), metadata.uid);
  assert.equal(
    field(status, "user", "groups"),
    "system:serviceaccounts,system:serviceaccounts:default,system:authenticated",
  );
  assert.match(field(status, "user", "extra", "authentication.kubernetes.io/credential-id"), /^JTI=[-0-9a-f]{36}$/);
  assert.equal(field(status, "audiences"), issuer);
});

test("a token for an audience is nobody's for another", async () => {
  await using plane = await startControlPlane();
  await createAccount(plane, "robot");
  const token = await requestToken(plane, "robot", { audiences: ["vault", "mail"] });

  assert.equal(field(await review(plane, token, ["mail", "other"]), "audiences"), "mail");
  const refused = await review(plane, token, ["other"]);
  assert.equal(field(refused, "authenticated"), "undefined");
  assert.equal(
    field(refused, "error"),
    '[invalid bearer token, token audiences ["vault" "mail"] is invalid for the target audiences ["other"]]',
  );
});

test("a token ends with its time, and with its account, even where that is made anew", async () => {
  const clock = new ManualClock();
  await using plane = await startControlPlane({ clock });
  await createAccount(plane, "robot");
  const address = { group: "", version: "v1", resource: "serviceaccounts", isNamespaced: true };
  const short = await requestToken(plane, "robot", { expirationSeconds: 600 });
  const long = await requestToken(plane, "robot");
  clock.advance(700_000);
  assert.equal(field(await review(plane, short), "error"), "[invalid bearer token, service account token has expired]");
  assert.equal(field(await review(plane, long), "authenticated"), "true");

  await plane.client.resource(address).delete("robot", { namespace: "default" });
  await createAccount(plane, "robot");
  assert.match(field(await review(plane, long), "error"), /UID does not match/);
});

test("a token that is bound to a secret ends with it, and such a secret must be there", async () => {
  await using plane = await startControlPlane();
  await createAccount(plane, "robot");
  const secrets = plane.client.resource({ group: "", version: "v1", resource: "secrets", isNamespaced: true });
  await secrets.create({ apiVersion: "v1", kind: "Secret", metadata: { name: "tie", namespace: "default" } });
  const boundObjectRef = { kind: "Secret", apiVersion: "v1", name: "tie" };
  const token = await requestToken(plane, "robot", { boundObjectRef });
  assert.equal(field(await review(plane, token), "authenticated"), "true");

  await secrets.delete("tie", { namespace: "default" });
  assert.match(field(await review(plane, token), "error"), /has been invalidated/);
  await assert.rejects(requestToken(plane, "robot", { boundObjectRef }), refusal(404, 'secrets "tie" not found'));
  const pod = { kind: "Pod", apiVersion: "v1", name: "web" };
  await assert.rejects(requestToken(plane, "robot", { boundObjectRef: pod }), refusal(404, 'pods "web" not found'));
});

test("a request for a token of less than ten minutes, or of nobody, is refused", async () => {
  await using plane = await startControlPlane();
  await createAccount(plane, "robot");
  await assert.rejects(
    requestToken(plane, "robot", { expirationSeconds: 599 }),
    refusal(422, /spec\.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes/),
  );
  await assert.rejects(requestToken(plane, "nobody"), refusal(404, 'serviceaccounts "nobody" not found'));
});

test("a token secret is filled for its account, opens the door, and goes with the account", async () => {
  await using plane = await startControlPlane();
  const secrets = plane.client.resource({ group: "", version: "v1", resource: "secrets", isNamespaced: true });
  await createAccount(plane, "robot");
  await secrets.create({
    apiVersion: "v1",
    kind: "Secret",
    type: "kubernetes.io/service-account-token",
    metadata: { name: "key", namespace: "default", annotations: { "kubernetes.io/service-account.name": "robot" } },
  });
  let token = "";
  await eventually("the secret has a token", async () => {
    const encoded = field(await secrets.get("key", { namespace: "default" }), "data", "token");
    token = Buffer.from(encoded, "base64").toString();
    return encoded !== "undefined";
  });
  assert.equal(field(await review(plane, token), "user", "username"), "system:serviceaccount:default:robot");

  await plane.client
    .resource({ group: "", version: "v1", resource: "serviceaccounts", isNamespaced: true })
    .delete("robot", { namespace: "default" });
  await eventually("the secret is gone", async () => (await secrets.list({ namespace: "default" })).items.length === 0);
  assert.equal(field(await review(plane, token), "authenticated"), "undefined");
});

test("others check tokens by the documents of the issuer", async () => {
  await using plane = await startControlPlane();
  const configuration = await plane.client.json({ path: "/.well-known/openid-configuration" });
  assert.equal(field(configuration, "issuer"), issuer);
  assert.equal(field(configuration, "jwks_uri"), `${plane.url}/openid/v1/jwks`);

  const keys = field(await plane.client.json({ path: "/openid/v1/jwks" }), "keys", "0", "kid");
  await createAccount(plane, "robot");
  const [head = ""] = (await requestToken(plane, "robot")).split(".");
  assert.equal(JSON.parse(Buffer.from(head, "base64url").toString()).kid, keys);
});

function refusal(code: number, message: string | RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof StatusError);
    assert.equal(error.code, code);
    if (typeof message === "string") assert.equal(error.message, message);
    else assert.match(error.message, message);
    return true;
  };
}
