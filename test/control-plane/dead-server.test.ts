// Extension servers that are dead, or take connections and say nothing, beside one that lives: nobody but their own groups is the worse for it.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { type TestContext, test } from "node:test";
import { startControlPlane } from "../../src/control-plane/door.ts";
import { eventually, startUp } from "../support/control-plane.ts";
import { olderKubectl, runKubectl } from "../support/kubectl.ts";
import { registration } from "../support/registration.ts";
import { widgets } from "../support/widgets.ts";

const dead = "v1.dead.example.com";

/** Nobody listens there: port 1 of this machine. */
const deadServer = registration({ group: "dead.example.com", service: "dead", port: 1 });

test("a dead server holds up its own group alone, and the namespace goes once it is no longer registered", async () => {
  await using plane = await startControlPlane({ extensions: [{ name: "widgets", resources: [widgets] }] });
  const { client } = plane;
  const at = (group: string, version: string, resource: string, isNamespaced = true) =>
    client.resource({ group, version, resource, isNamespaced });
  const apiServices = at("apiregistration.k8s.io", "v1", "apiservices", false);
  const namespaces = at("", "v1", "namespaces", false);
  for (const { path, object } of deadServer) await client.json({ method: "POST", path, body: object });
  const conditionOf = async (resource: typeof namespaces, name: string, type: string) => {
    const { status } = await resource.get(name);
    const conditions: unknown = typeof status === "object" && status !== null ? Reflect.get(status, "conditions") : [];
    return Array.isArray(conditions) ? conditions.find((condition) => condition.type === type) : undefined;
  };
  await eventually(
    "the server counts as dead",
    async () => (await conditionOf(apiServices, dead, "Available"))?.status === "False",
  );

  await namespaces.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "going" } });
  const widget = { apiVersion: "test.example.com/v1", kind: "Widget", metadata: { name: "w", namespace: "going" } };
  await at("test.example.com", "v1", "widgets").create(widget);
  await namespaces.delete("going");

  await eventually(
    "the living server's objects are gone",
    async () => (await at("test.example.com", "v1", "widgets").list({ namespace: "going" })).items.length === 0,
  );
  const failure = () => conditionOf(namespaces, "going", "NamespaceDeletionDiscoveryFailure");
  await eventually("the namespace says why it stays", async () => (await failure())?.status === "True");
  const { reason, message } = (await failure()) ?? {};
  assert.equal(reason, "DiscoveryFailed");
  assert.equal(
    message,
    "Discovery failed for some groups, 1 failing: unable to retrieve the complete list of server APIs: dead.example.com/v1: stale GroupVersion discovery: dead.example.com/v1",
  );

  await apiServices.delete(dead);
  await eventually("the namespace is gone", async () =>
    (await namespaces.list()).items.every(({ metadata }) => metadata.name !== "going"),
  );
});

test("kubectl does all its work while one server is dead and another is silent", async (t) => {
  await using up = await startUp();
  const type = (line: string, input?: string) => up.kubectl(line.split(" "), input);
  const run = (line: string, input?: string) => {
    const { status, stdout, stderr } = type(line, input);
    assert.equal(status, 0, `kubectl ${line}: ${stderr}`);
    return stdout;
  };
  const refused = (line: string) => {
    const { status, stderr } = type(line);
    assert.equal(status, 1, `kubectl ${line}`);
    return stderr;
  };
  const broken = [
    ...registration({ group: "dead.example.com", service: "dead", port: 1 }),
    ...registration({ group: "silent.example.com", service: "silent", port: await aSilentPort(t) }),
  ];
  run("apply -f -", JSON.stringify({ apiVersion: "v1", kind: "List", items: broken.map(({ object }) => object) }));

  // Early, when nobody knows yet that the silent one is silent, and late, when it is known.
  const work = (name: string) => {
    run("get --raw /openapi/v3");
    run("get --raw /openapi/v2");
    assert.match(run("explain flunder.spec"), /FlunderSpec is the specification of a Flunder/);
    run(`create namespace ${name}`);
    assert.match(run(`apply -n ${name} -f examples/wardle/flunder.yaml`), /flunder.wardle.example.com\/sample created/);
    assert.match(run(`get flunders,services -n ${name} -o name`), /^flunder\.wardle\.example\.com\/sample$/m);
    assert.match(run("api-resources -o name"), /^flunders\.wardle\.example\.com$/m);
  };
  work("early");
  await eventually("both are known to be broken", () => {
    const states = run("get apiservices v1.dead.example.com v1.silent.example.com");
    return states.match(/False \(FailedDiscoveryCheck\)/g)?.length === 2;
  });
  work("late");

  const cannot = "Error from server (ServiceUnavailable): the server is currently unable to handle the request\n";
  for (const group of ["dead.example.com", "silent.example.com"]) {
    assert.equal(refused(`get --raw /apis/${group}/v1`), cannot);
    assert.equal(refused(`get things.${group}`), 'error: the server doesn\'t have a resource type "things"\n');
  }
  // kubectl of today leaves out groups that discovery calls stale; an older one asks each and complains, after what it knows.
  const kubeconfig = `${up.dataDirectory}/kubeconfig`;
  const old = runKubectl(["api-resources", "-o", "name"], { kubeconfig, program: olderKubectl });
  assert.equal(old.status, 1);
  assert.match(old.stdout, /^flunders\.wardle\.example\.com$/m);
  assert.equal(
    old.stderr,
    "error: unable to retrieve the complete list of server APIs: dead.example.com/v1: the server is currently unable to handle the request, silent.example.com/v1: the server is currently unable to handle the request\n",
  );

  assert.equal(
    refused("delete namespace late --timeout=2s"),
    "error: timed out waiting for the condition on namespaces/late\n",
  );
  assert.equal(run("get flunders -n late -o name"), "");
  const { status } = JSON.parse(run("get namespace late -o json"));
  assert.deepEqual(
    status.conditions.map(({ type, status, reason }: Record<string, string>) => `${type}=${status} ${reason}`),
    [
      "NamespaceDeletionDiscoveryFailure=True DiscoveryFailed",
      "NamespaceDeletionGroupVersionParsingFailure=False ParsedGroupVersions",
      "NamespaceDeletionContentFailure=False ContentDeleted",
      "NamespaceContentRemaining=False ContentRemoved",
      "NamespaceFinalizersRemaining=False ContentHasNoFinalizers",
    ],
  );
  run("delete apiservice v1.dead.example.com v1.silent.example.com");
  run("wait --for=delete namespace/late --timeout=30s");
});

/** Takes connections and says nothing, not even a TLS handshake. */
async function aSilentPort(t: TestContext): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}
