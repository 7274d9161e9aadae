import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { type TestContext, test } from "node:test";
import { startAskedServer } from "../../../test/support/asked-server.ts";
import { ManualClock } from "../../../test/support/manual-clock.ts";
import type { ApiObject } from "../../api/door.ts";
import { defineResource } from "../../server/door.ts";
import { secrets } from "../resources/secret.ts";
import { serviceAccountKind, serviceAccountRules } from "../resources/service-account.ts";
import { Views } from "../views.ts";
import { accountAnnotation, ServiceAccountTokens } from "./service-account-tokens.ts";
import { SigningKey } from "./signing-key.ts";

const issuer = "https://issuer.example";
const namespacePath = "/api/v1/namespaces/default";
const hourSeconds = 3_600;

interface World {
  readonly tokens: ServiceAccountTokens;
  readonly clock: ManualClock;
  readonly account: ApiObject;
  /** Makes an object in the namespace "default". */
  make(resource: "secrets" | "serviceaccounts", body: object): Promise<ApiObject>;
  remove(resource: "secrets" | "serviceaccounts", name: string): Promise<void>;
  refusalOf(token: string, audiences?: readonly string[]): string | undefined;
}

/** A server with the service account "robot". */
async function aWorld(t: TestContext): Promise<World> {
  const accounts = defineResource(serviceAccountKind, serviceAccountRules);
  const asked = await startAskedServer({ resources: [secrets, accounts] });
  t.after(() => asked[Symbol.asyncDispose]());
  const views = new Views();
  views.attach(asked.server);
  const clock = new ManualClock();
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const key = new SigningKey(privateKey.export({ type: "pkcs8", format: "pem" }).toString());
  const tokens = new ServiceAccountTokens({ key, views, clock, issuer });
  const remove: World["remove"] = async (resource, name) => {
    await asked.ask({ method: "DELETE", path: `${namespacePath}/${resource}/${name}` });
  };
  const make: World["make"] = async (resource, body) => {
    const { status, json } = await asked.ask({ method: "POST", path: `${namespacePath}/${resource}`, body });
    assert.equal(status, 201, JSON.stringify(json));
    return json;
  };
  return {
    tokens,
    clock,
    account: await make("serviceaccounts", anAccount),
    make,
    remove,
    refusalOf(token, audiences) {
      const owner = tokens.ownerOf(token, audiences);
      assert.ok(owner !== undefined, "a token that was made here");
      return "refusal" in owner ? owner.refusal : undefined;
    },
  };
}

const anAccount = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "robot" } };
const aSecret = (token = "") => ({
  apiVersion: "v1",
  kind: "Secret",
  type: "kubernetes.io/service-account-token",
  metadata: { name: "key", annotations: { [accountAnnotation.name]: "robot" } },
  data: { token: Buffer.from(token).toString("base64") },
});
const forAnHour = { audiences: [issuer], expirationSeconds: hourSeconds, boundTo: undefined };

test("a token's owner is its account, in the groups of all accounts and of its namespace", async (t) => {
  const { tokens, account } = await aWorld(t);
  const { token, expires } = tokens.issue(account, forAnHour);
  assert.equal(expires, hourSeconds);
  const owner = tokens.ownerOf(token);
  assert.ok(owner !== undefined && "user" in owner);
  const { name, uid, groups } = owner.user;
  assert.deepEqual(
    { name, uid, groups },
    {
      name: "system:serviceaccount:default:robot",
      uid: account.metadata.uid,
      groups: ["system:serviceaccounts", "system:serviceaccounts:default"],
    },
  );
});

test("a token is for its audiences: without a word, for this API server", async (t) => {
  const { tokens, account, refusalOf } = await aWorld(t);
  const { token } = tokens.issue(account, { ...forAnHour, audiences: ["vault", "db"] });
  assert.match(
    refusalOf(token) ?? "",
    /^token audiences \["vault" "db"\] is invalid for the target audiences \["https/,
  );
  assert.equal(refusalOf(token, ["db", "other"]), undefined);
  assert.match(refusalOf(token, ["other"]) ?? "", /^token audiences/);
});

test("a token holds a minute longer than it says, and begins a minute earlier", async (t) => {
  const { tokens, account, clock, refusalOf } = await aWorld(t);
  clock.advance(1_000_000);
  const { token } = tokens.issue(account, forAnHour);
  clock.advance((hourSeconds + 60) * 1_000);
  assert.equal(refusalOf(token), undefined);
  clock.advance(1_000);
  assert.equal(refusalOf(token), "service account token has expired");
  clock.advance(-(hourSeconds + 61 + 60) * 1_000);
  assert.equal(refusalOf(token), undefined);
  clock.advance(-1_000);
  assert.equal(refusalOf(token), "service account token is not valid yet");
});

test("a token is worth nothing once its account is gone, or is another one of the same name", async (t) => {
  const { tokens, account, make, remove, refusalOf } = await aWorld(t);
  const { token } = tokens.issue(account, forAnHour);
  await remove("serviceaccounts", "robot");
  assert.equal(refusalOf(token), 'serviceaccounts "robot" not found');
  await make("serviceaccounts", anAccount);
  assert.equal(refusalOf(token), "service account UID does not match the claim of the token");
});

test("a token that is bound to a secret ends with it, also where the secret is made anew", async (t) => {
  const { tokens, account, make, remove, refusalOf } = await aWorld(t);
  const { metadata } = await make("secrets", aSecret());
  const boundTo = { kind: "Secret", apiVersion: "v1", name: "key", uid: metadata.uid ?? "" };
  const { token } = tokens.issue(account, { ...forAnHour, boundTo });
  assert.equal(refusalOf(token), undefined);
  await remove("secrets", "key");
  assert.equal(refusalOf(token), "service account token has been invalidated");
  await make("secrets", aSecret());
  assert.equal(refusalOf(token), "service account token has been invalidated");
});

test("a secret's token holds for as long as the secret has that very token", async (t) => {
  const { tokens, account, make, remove, refusalOf } = await aWorld(t);
  const token = tokens.issueForSecret(account, "key");
  assert.equal(refusalOf(token), "service account token has been invalidated", "no secret has it");
  await make("secrets", aSecret(token));
  assert.equal(refusalOf(token), undefined);
  assert.match(refusalOf(token, ["vault"]) ?? "", /^token audiences/);
  await remove("secrets", "key");
  await make("secrets", aSecret("another"));
  assert.equal(refusalOf(token), "service account token has been invalidated", "it was replaced");
});

test("before() asks others for what was not made here, and nobody for what was and is refused", async (t) => {
  const { tokens, account, remove } = await aWorld(t);
  const asked: string[] = [];
  const somebody = { name: "somebody", uid: "", groups: [], extra: {} };
  const { signal } = new AbortController();
  const lookup = tokens.before((token) => {
    asked.push(token);
    return somebody;
  });
  assert.equal(await lookup("of somebody else", signal), somebody);
  const { token } = tokens.issue(account, forAnHour);
  await remove("serviceaccounts", "robot");
  assert.equal(await lookup(token, signal), undefined);
  assert.deepEqual(asked, ["of somebody else"]);
});
