import assert from "node:assert/strict";
import { test } from "node:test";
import { type Answer, serveForTest } from "../../test/support/verbs.ts";
import type { ApiObject } from "../api/door.ts";
import { create } from "../server/verbs/create.ts";
import { update } from "../server/verbs/update.ts";
import { serviceResource } from "./allocation.ts";
import { part } from "./resources/columns.ts";

/** Fourteen addresses: 10.0.0.1 to 10.0.0.14. */
const range = "10.0.0.0/28";
const ports = [{ name: "http", port: 80, protocol: "TCP" }];

/** A server of services, which knows all that it has made. */
async function aServer() {
  const services = new Map<string, ApiObject>();
  const resource = await serveForTest(serviceResource(range, () => services.values()));
  const keep = (answer: Answer) => {
    if (answer.status < 300) services.set(answer.body.metadata.name ?? "", answer.body);
    return answer;
  };
  const aService = (name: string, spec: object, resourceVersion?: string) => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, resourceVersion },
    spec: { ports, ...spec },
  });
  return {
    services,
    make: async (name: string, spec: object = {}) => keep(await resource.ask(create, { body: aService(name, spec) })),
    change: async (name: string, spec: object) => {
      const { resourceVersion } = services.get(name)?.metadata ?? {};
      return keep(await resource.ask(update, { name, body: aService(name, spec, resourceVersion) }));
    },
    [Symbol.asyncDispose]: () => resource[Symbol.asyncDispose](),
  };
}

const addressOf = ({ body }: Answer) => part(body, "spec").clusterIP;
const nodePortsOf = ({ body }: Answer) => {
  const { ports: given } = part(body, "spec");
  return Array.isArray(given) ? given.map(({ nodePort }) => nodePort) : [];
};

test("every service gets an address of its own, until the range is full", async () => {
  await using server = await aServer();
  const seen = new Set<unknown>();
  for (let at = 0; at < 14; at++) seen.add(addressOf(await server.make(`s${at}`)));
  const last = [...seen].map((address) => Number(String(address).split(".")[3])).sort((a, b) => a - b);
  assert.deepEqual(last, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
  const { status, body } = await server.make("one-more");
  assert.deepEqual(
    [status, body.message],
    [500, "Internal error occurred: failed to allocate a serviceIP: range is full"],
  );
});

test("an address that a service asks for is its own where it is free and in the range", async () => {
  await using server = await aServer();
  assert.equal(addressOf(await server.make("a", { clusterIP: "10.0.0.14" })), "10.0.0.14");
  for (const [clusterIP, why] of [
    ["10.0.0.14", /provided IP is already allocated/],
    ["10.0.0.0", /not in the valid range. The range of valid IPs is 10.0.0.0\/28/],
    ["10.0.0.15", /not in the valid range/],
    ["10.1.0.1", /not in the valid range/],
  ] as const) {
    const { status, body } = await server.make("b", { clusterIP });
    assert.equal(status, 422, clusterIP);
    assert.match(body.message ?? "", why);
  }
  server.services.delete("a");
  assert.equal((await server.make("b", { clusterIP: "10.0.0.14" })).status, 201, "it was free again");
});

test("a headless service and an ExternalName take no address", async () => {
  await using server = await aServer();
  assert.equal(addressOf(await server.make("a", { clusterIP: "None" })), "None");
  assert.equal(addressOf(await server.make("b", { clusterIP: "None" })), "None");
  assert.equal(addressOf(await server.make("c", { type: "ExternalName", externalName: "x.example" })), undefined);
});

test("an update keeps what the service has, whether or not it says so", async () => {
  await using server = await aServer();
  const address = addressOf(await server.make("a"));
  assert.equal(addressOf(await server.change("a", { sessionAffinity: "None" })), address);
  assert.equal(addressOf(await server.change("a", { clusterIP: address })), address);
});

test("every node port belongs to one service, whether it was given or asked for", async () => {
  await using server = await aServer();
  assert.deepEqual(nodePortsOf(await server.make("a", { type: "NodePort" })), [30_000]);
  assert.deepEqual(nodePortsOf(await server.make("b", { type: "LoadBalancer" })), [30_001]);
  assert.deepEqual(
    nodePortsOf(await server.make("c", { type: "LoadBalancer", allocateLoadBalancerNodePorts: false })),
    [undefined],
  );
  const taken = await server.make("d", { type: "NodePort", ports: [{ port: 80, nodePort: 30_001 }] });
  assert.equal(taken.status, 422);
  assert.match(taken.body.message ?? "", /spec.ports\[0\].nodePort: Invalid value: 30001: provided port is already/);
});

test("a service that stops being a NodePort gives its ports back, and one that stays keeps them", async () => {
  await using server = await aServer();
  await server.make("a", { type: "NodePort" });
  assert.deepEqual(nodePortsOf(await server.change("a", { type: "NodePort", sessionAffinity: "None" })), [30_000]);
  assert.deepEqual(nodePortsOf(await server.change("a", { type: "ClusterIP" })), [undefined]);
  assert.deepEqual(nodePortsOf(await server.make("b", { type: "NodePort" })), [30_000]);
});

test("serviceResource() refuses what is no range of IPv4", () => {
  for (const text of ["", "10.0.0.0", "10.0.0.0/31", "10.0.0.0/7", "10.0.0.256/24", "fd00::/112"])
    assert.throws(() => serviceResource(text, () => []), TypeError, text);
});
