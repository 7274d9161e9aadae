import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Type } from "typebox";
import { defineKind } from "../api/door.ts";
import { Client, httpTransport, parseKubeconfig } from "../client/door.ts";
import { type AdmissionPlugin, admissionForbidden, defineResource } from "../server/door.ts";
import { type ControlPlane, startControlPlane } from "./control-plane.ts";
import type { ExtensionServer } from "./in-process-extension.ts";

const gadgetKind = defineKind({
  group: "gadgets.example.com",
  kind: "Gadget",
  scope: "Namespaced",
  versions: { v1: { schema: Type.Object({ size: Type.Optional(Type.Integer()) }) } },
});

/** Refuses whatever mallory writes: it sees who asks, which the aggregator has to tell. */
const noMallory: AdmissionPlugin = {
  name: "NoMallory",
  handles: ({ operation }) => operation === "CREATE",
  validate(request) {
    if (request.user.name === "mallory") throw admissionForbidden(request, "not by mallory");
  },
};

const gadgets = (): ExtensionServer => ({
  name: "gadgets",
  resources: [defineResource(gadgetKind)],
  admission: [noMallory],
});

const gadgetPath = "/apis/gadgets.example.com/v1/namespaces/default/gadgets";
const aGadget = (name: string) => ({
  apiVersion: "gadgets.example.com/v1",
  kind: "Gadget",
  metadata: { name },
  size: 3,
});

/** Over the network, as kubectl would. */
function connect({ kubeconfig }: ControlPlane): Client {
  return new Client({ transport: httpTransport(parseKubeconfig(kubeconfig)) });
}

function temporaryDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "annex-plane-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

test("a server in the same process is reached through the aggregator, and is available when the start is done", async () => {
  const available: string[] = [];
  await using plane = await startControlPlane({
    extensions: [gadgets()],
    onAvailable: (name, apiServices) => available.push(name, ...apiServices),
  });
  assert.deepEqual(available, ["gadgets", "v1.gadgets.example.com"]);
  using client = connect(plane);
  assert.partialDeepStrictEqual(await client.json({ method: "POST", path: gadgetPath, body: aGadget("one") }), {
    size: 3,
  });
  assert.partialDeepStrictEqual(await client.json({ path: gadgetPath }), { items: [{ metadata: { name: "one" } }] });
  assert.partialDeepStrictEqual(
    await plane.client.json({ path: "/apis/apiregistration.k8s.io/v1/apiservices/v1.gadgets.example.com" }),
    {
      status: { conditions: [{ type: "Available", status: "True", reason: "Passed" }] },
    },
  );
});

test("an administrator is told once that everything may be done", async () => {
  await using plane = await startControlPlane({});
  using client = connect(plane);
  const review = {
    apiVersion: "authorization.k8s.io/v1",
    kind: "SelfSubjectRulesReview",
    spec: { namespace: "default" },
  };
  const path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";
  const { status } = Object(await client.json({ method: "POST", path, body: review }));
  const unlimited = ({ verbs }: { verbs: string[] }) => verbs.includes("*");
  assert.deepEqual(status.resourceRules.filter(unlimited), [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }]);
  assert.deepEqual(status.nonResourceRules.filter(unlimited), [{ verbs: ["*"], nonResourceURLs: ["*"] }]);
});

test("the service of the API server, and where it is answered, come back when they are deleted", async () => {
  await using plane = await startControlPlane({});
  for (const [group, resource] of [
    ["", "services"],
    ["", "endpoints"],
    ["discovery.k8s.io", "endpointslices"],
  ] as const) {
    const objects = plane.client.resource({ group, version: "v1", resource, isNamespaced: true });
    const { resourceVersion = "" } = (await objects.get("kubernetes", { namespace: "default" })).metadata;
    const signal = AbortSignal.timeout(10_000);
    const events = await objects.watch({ namespace: "default", resourceVersion, signal });
    await objects.delete("kubernetes", { namespace: "default" });
    const seen: string[] = [];
    for await (const { type, object } of events) if (seen.push(`${type} ${object.metadata.name}`) === 2) break;
    assert.deepEqual(seen, ["DELETED kubernetes", "ADDED kubernetes"]);
  }
});

test("a server in the same process learns who asks, and the control plane's RBAC decides what that one may", async () => {
  await using plane = await startControlPlane({ extensions: [gadgets()] });
  const kubeconfig = await plane.kubeconfigFor({ name: "mallory", groups: ["art"] });
  using mallory = new Client({ transport: httpTransport(parseKubeconfig(kubeconfig)) });
  const create = () => mallory.json({ method: "POST", path: gadgetPath, body: aGadget("one") });
  await assert.rejects(create(), { code: 403, message: /User "mallory" cannot create resource "gadgets"/ });
  const rbac = { group: "rbac.authorization.k8s.io", version: "v1", isNamespaced: false };
  await plane.client.resource({ ...rbac, resource: "clusterrolebindings" }).create({
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRoleBinding",
    metadata: { name: "mallory" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
    subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: "art" }],
  });
  await assert.rejects(create(), { code: 403, message: /not by mallory/ });
});

test("objects of a server in the same process are kept in the data directory", async (t) => {
  const dataDirectory = temporaryDirectory(t);
  {
    await using plane = await startControlPlane({ dataDirectory, extensions: [gadgets()] });
    await plane.client.json({ method: "POST", path: gadgetPath, body: aGadget("one") });
  }
  await using plane = await startControlPlane({ dataDirectory, extensions: [gadgets()] });
  assert.partialDeepStrictEqual(await plane.client.json({ path: `${gadgetPath}/one` }), { size: 3 });
});

test("control planes side by side know nothing of each other", async () => {
  await using planes = new AsyncDisposableStack();
  const started = await Promise.all(
    Array.from({ length: 5 }, async () => planes.use(await startControlPlane({ extensions: [gadgets()] }))),
  );
  assert.equal(new Set(started.map(({ port }) => port)).size, started.length);
  await Promise.all(
    started.map((plane, at) => plane.client.json({ method: "POST", path: gadgetPath, body: aGadget(`of-${at}`) })),
  );
  for (const [at, plane] of started.entries()) {
    using client = connect(plane);
    const list = await client.json({ path: gadgetPath });
    assert.partialDeepStrictEqual(list, { items: [{ metadata: { name: `of-${at}` } }] });
    assert.ok(typeof list === "object" && list !== null && "items" in list && Array.isArray(list.items));
    assert.equal(list.items.length, 1);
  }
});

test("a start that its signal ends rejects, and leaves nothing behind", async (t) => {
  const dataDirectory = temporaryDirectory(t);
  const stop = new AbortController();
  const never: ExtensionServer = { ...gadgets(), resources: [] };
  stop.abort();
  await assert.rejects(startControlPlane({ dataDirectory, extensions: [never], signal: stop.signal }), {
    name: "AbortError",
  });
  await using _plane = await startControlPlane({ dataDirectory }); // The store is not in use any more.
});

test("two extensions of one name are refused", async () => {
  await assert.rejects(startControlPlane({ extensions: [gadgets(), gadgets()] }), /a name of its own/);
});

test("a hundred control planes one after the other: after each stop nothing of it is left", async (t) => {
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  const stopped: WeakRef<object>[] = [];
  const heapBytes: number[] = [];
  const firstAnswerMs: number[] = [];
  const resourcesBefore = openResources();
  const rounds = 100;
  for (let round = 0; round < rounds; round++) {
    firstAnswerMs.push(await startAndStop(stopped));
    if (round % 10 === 9) {
      await new Promise((resolve) => setImmediate(resolve));
      collect();
      heapBytes.push(process.memoryUsage().heapUsed);
    }
  }
  // What the last ones hold ends with the closing of their sockets, which takes some turns of the loop.
  for (let turn = 0; turn < 100 && (alive(stopped) > 0 || openResources() > resourcesBefore); turn++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    collect();
  }
  assert.equal(alive(stopped), 0, "something still refers to control planes that were stopped");
  assert.ok(openResources() <= resourcesBefore, process.getActiveResourcesInfo().join(", "));
  const megabytes = heapBytes.map((bytes) => (bytes / 1e6).toFixed(1)).join(" ");
  t.diagnostic(`heap in MB after each ten: ${megabytes}`);
  firstAnswerMs.sort((a, b) => a - b);
  t.diagnostic(
    `start to first answer in ms: median ${firstAnswerMs[rounds / 2]?.toFixed(0)}, longest ${firstAnswerMs.at(-1)?.toFixed(0)}`,
  );
});

/** Resolves to how long it took until the first request over the network was answered. */
async function startAndStop(stopped: WeakRef<object>[]): Promise<number> {
  const startedAtMs = performance.now();
  await using plane = await startControlPlane({ extensions: [gadgets()] });
  using client = connect(plane);
  await client.json({ path: gadgetPath });
  for (const part of [plane, plane.server, plane.client, ...plane.server.served]) stopped.push(new WeakRef(part));
  return performance.now() - startedAtMs;
}

function alive(references: readonly WeakRef<object>[]): number {
  return references.filter((reference) => reference.deref() !== undefined).length;
}

/** Sockets, servers, watchers and timers that keep the process alive. */
function openResources(): number {
  return process.getActiveResourcesInfo().length;
}
