import assert from "node:assert/strict";
import { test } from "node:test";
import { aRequest, readAnswer } from "../../test/support/request.ts";
import { answerHealth, type HealthCheck } from "./health.ts";

const ping: HealthCheck = { name: "ping", check() {} };
const broken: HealthCheck = {
  name: "etcd",
  check() {
    throw new Error("it hangs");
  },
};
const readyOnly: HealthCheck = { ...ping, name: "informer-sync", endpoints: ["readyz"] };

async function ask(url: string, checks: readonly HealthCheck[]): Promise<string | undefined> {
  const answer = await answerHealth(aRequest({ url }), checks);
  return answer === undefined ? undefined : `${answer.status} ${await readAnswer(answer)}`;
}

test("answerHealth() is short where all is well, and tells each check when asked", async () => {
  assert.equal(await ask("/healthz", [ping]), "200 ok");
  assert.equal(
    await ask("/readyz?verbose", [ping, readyOnly]),
    "200 [+]ping ok\n[+]informer-sync ok\nreadyz check passed\n",
  );
  assert.equal(await ask("/livez?verbose", [ping, readyOnly]), "200 [+]ping ok\nlivez check passed\n");
});

test("answerHealth() tells which check has failed, but not why", async () => {
  assert.equal(
    await ask("/healthz", [ping, broken]),
    "500 [+]ping ok\n[-]etcd failed: reason withheld\nhealthz check failed\n",
  );
});

test("answerHealth() leaves out what is excluded, and says so of names that nobody has", async () => {
  assert.equal(await ask("/healthz?exclude=etcd", [ping, broken]), "200 ok");
  assert.match(String(await ask("/healthz?verbose&exclude=nope", [ping])), /no matches for "nope"/);
});

test("answerHealth() answers a single check, and no other path", async () => {
  assert.equal(await ask("/livez/ping", [ping]), "200 ok");
  assert.equal(await ask("/livez/etcd", [broken]), "500 internal server error: it hangs\n");
  for (const path of ["/livez/nope", "/livez/", "/livez/ping/", "/health"])
    assert.equal(await ask(path, [ping]), undefined);
});
