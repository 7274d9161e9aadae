// A namespace is deleted while an extension server is dead: everything but what that server has goes, and the namespace says what it waits for.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApiObject } from "../../src/api/door.ts";
import { startControlPlane } from "../../src/control-plane/door.ts";
import { eventually } from "../support/control-plane.ts";
import { widgets } from "../support/widgets.ts";

const dead = "v1.dead.example.com";

/** Nobody listens there: port 1 of this machine. */
function deadServer(): Record<"service" | "slice" | "apiService", ApiObject> {
  const port = { name: "https", port: 1, protocol: "TCP" };
  return {
    service: {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "dead", namespace: "default" },
      spec: { ports: [{ name: "https", port: 443, targetPort: 1 }] },
    },
    slice: {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { name: "dead", namespace: "default", labels: { "kubernetes.io/service-name": "dead" } },
      addressType: "IPv4",
      endpoints: [{ addresses: ["127.0.0.1"], conditions: { ready: true } }],
      ports: [port],
    },
    apiService: {
      apiVersion: "apiregistration.k8s.io/v1",
      kind: "APIService",
      metadata: { name: dead },
      spec: {
        group: "dead.example.com",
        version: "v1",
        service: { name: "dead", namespace: "default" },
        insecureSkipTLSVerify: true,
        groupPriorityMinimum: 100,
        versionPriority: 10,
      },
    },
  };
}

test("a dead server holds up its own group alone, and the namespace goes once it is no longer registered", async () => {
  await using plane = await startControlPlane({ extensions: [{ name: "widgets", resources: [widgets] }] });
  const { client } = plane;
  const at = (group: string, version: string, resource: string, isNamespaced = true) =>
    client.resource({ group, version, resource, isNamespaced });
  const { service, slice, apiService } = deadServer();
  const apiServices = at("apiregistration.k8s.io", "v1", "apiservices", false);
  const namespaces = at("", "v1", "namespaces", false);
  await at("", "v1", "services").create(service);
  await at("discovery.k8s.io", "v1", "endpointslices").create(slice);
  await apiServices.create(apiService);
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
