// Endpoints of a service without a selector are mirrored as EndpointSlices, on a control plane in this process.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApiObject } from "../../src/api/door.ts";
import { startControlPlane } from "../../src/control-plane/door.ts";
import { eventually } from "../support/control-plane.ts";

const namespace = "default";

function aService(name: string, selector?: Record<string, string>): ApiObject {
  const ports = [{ name: "https", port: 443 }];
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace },
    spec: { ports, ...(selector === undefined ? {} : { selector }) },
  };
}

function someEndpoints(name: string, ...ips: readonly string[]): ApiObject {
  const subsets = [{ addresses: ips.map((ip) => ({ ip })), ports: [{ name: "https", port: 8443 }] }];
  return { apiVersion: "v1", kind: "Endpoints", metadata: { name, namespace, labels: { team: "a" } }, subsets };
}

test("endpoints are mirrored as they come, change and go", async () => {
  await using plane = await startControlPlane();
  const { client } = plane;
  const core = (resource: string) => client.resource({ group: "", version: "v1", resource, isNamespaced: true });
  const slices = client.resource({
    group: "discovery.k8s.io",
    version: "v1",
    resource: "endpointslices",
    isNamespaced: true,
  });
  const of = async (name: string) =>
    (await slices.list({ namespace, labelSelector: `kubernetes.io/service-name=${name}` })).items;
  const addresses = async (name: string) =>
    (await of(name)).map(({ addressType, endpoints }) => `${addressType} ${JSON.stringify(endpoints)}`).sort();
  const ready = (...ips: readonly string[]) =>
    JSON.stringify(ips.map((ip) => ({ addresses: [ip], conditions: { ready: true } })));

  await core("services").create(aService("outside"));
  await core("services").create(aService("selecting", { app: "web" }));
  await core("endpoints").create(someEndpoints("selecting", "10.1.1.1"));
  await core("endpoints").create(someEndpoints("outside", "10.1.1.1", "fd00::1"));
  const expected = [`IPv4 ${ready("10.1.1.1")}`, `IPv6 ${ready("fd00::1")}`];
  await eventually("both families are there", async () => (await addresses("outside")).join() === expected.join());
  const [slice] = await of("outside");
  assert.deepEqual(slice?.ports, [{ name: "https", port: 8443, protocol: "TCP" }]);
  assert.deepEqual(slice?.metadata.labels, {
    "endpointslice.kubernetes.io/managed-by": "endpointslicemirroring-controller.k8s.io",
    "kubernetes.io/service-name": "outside",
    team: "a",
  });
  assert.equal(slice?.metadata.ownerReferences?.[0]?.kind, "Endpoints");

  await core("endpoints").update(someEndpoints("outside", "10.1.1.2"));
  await eventually("they changed", async () => (await addresses("outside")).join() === `IPv4 ${ready("10.1.1.2")}`);
  await core("endpoints").delete("outside", { namespace });
  await eventually("they are gone", async () => (await of("outside")).length === 0);
  assert.deepEqual(await of("selecting"), []);
});

test("the control plane's own service is there in both forms, and once in each", async () => {
  await using plane = await startControlPlane();
  const core = plane.client.resource({ group: "", version: "v1", resource: "endpoints", isNamespaced: true });
  const { subsets } = await core.get("kubernetes", { namespace });
  assert.deepEqual(subsets, [
    { addresses: [{ ip: "127.0.0.1" }], ports: [{ name: "https", port: plane.port, protocol: "TCP" }] },
  ]);
  const slices = plane.client.resource({
    group: "discovery.k8s.io",
    version: "v1",
    resource: "endpointslices",
    isNamespaced: true,
  });
  assert.equal((await slices.list({ namespace })).items.length, 1);
});
