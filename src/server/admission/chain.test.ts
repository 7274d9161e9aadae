import assert from "node:assert/strict";
import { test } from "node:test";
import { admin } from "../../../test/support/request.ts";
import { serveForTest } from "../../../test/support/verbs.ts";
import { aWidget, widget, widgets } from "../../../test/support/widgets.ts";
import { create } from "../verbs/create.ts";
import type { AdmissionPlugin, AdmissionRequest, AdmissionServer } from "./admission.ts";
import { admissionServer } from "./admission-server.ts";
import { AdmissionChain } from "./chain.ts";

const request: AdmissionRequest = {
  operation: "CREATE",
  kind: widget,
  resource: "widgets",
  subresource: "",
  namespace: "default",
  name: "w",
  user: admin,
  dryRun: false,
  object: undefined,
  oldObject: undefined,
  signal: new AbortController().signal,
  warn() {},
};

/** A plug-in that writes down when it is asked. */
function aPlugin(name: string, log: string[], handles = true): AdmissionPlugin {
  return {
    name,
    handles: () => handles,
    async mutate() {
      log.push(`${name} mutates`);
    },
    validate() {
      log.push(`${name} validates`);
    },
  };
}

test("AdmissionChain asks its plug-ins in their order, and only those that handle the request", async () => {
  const log: string[] = [];
  const chain = new AdmissionChain([aPlugin("a", log), aPlugin("b", log, false), aPlugin("c", log)]);
  await chain.mutate(request);
  await chain.validate(request);
  assert.deepEqual(log, ["a mutates", "c mutates", "a validates", "c validates"]);
});

test("AdmissionChain stops at the first refusal", async () => {
  const log: string[] = [];
  const refusing: AdmissionPlugin = {
    name: "no",
    handles: () => true,
    mutate() {
      throw new Error("no");
    },
  };
  await assert.rejects(new AdmissionChain([refusing, aPlugin("a", log)]).mutate(request), { message: "no" });
  assert.deepEqual(log, []);
});

test("AdmissionChain introduces the server to the plug-ins that want to know it", () => {
  const met: AdmissionServer[] = [];
  const curious: AdmissionPlugin = { name: "curious", handles: () => false, initialize: (server) => met.push(server) };
  const server: AdmissionServer = { objects: () => Object.assign([], { revision: 0 }) };
  new AdmissionChain([curious, aPlugin("a", [])]).initialize(server);
  assert.deepEqual(met, [server]);
});

test("admissionServer() shows the objects that the cache has, at a revision that grows with them", async () => {
  await using resource = await serveForTest(widgets);
  const server = admissionServer([resource.served]);
  const before = server.objects(widget);
  assert.deepEqual([...before], []);
  await resource.ask(create, { body: aWidget({ name: "blue" }) });
  await resource.served.cache.waitFresh(new AbortController().signal);
  const after = server.objects(widget);
  assert.deepEqual(
    [...after].map(({ metadata }) => metadata.name),
    ["blue"],
  );
  assert.ok(after.revision > before.revision);
});

test("admissionServer() knows no objects of kinds that the server does not serve", () => {
  assert.throws(() => admissionServer([]).objects(widget), RangeError);
});
