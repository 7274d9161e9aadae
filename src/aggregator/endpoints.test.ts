import assert from "node:assert/strict";
import { test } from "node:test";
import { MemorySource } from "../../test/support/memory-source.ts";
import { addressesOf, formatAddress, serviceFault } from "./endpoints.ts";

const api = { namespace: "ns", name: "api", port: 443 };
const https = { ports: [{ name: "https", port: 443 }], type: "ClusterIP", clusterIP: "10.0.0.1" };

function faultOf(source: MemorySource): string {
  const { reason, message } = serviceFault(source, api) ?? { reason: "none", message: "" };
  return `${reason}: ${message}`;
}

test("a service is at fault step by step, until its endpoints are ready", () => {
  const source = new MemorySource();
  assert.equal(faultOf(source), 'ServiceNotFound: service/api in "ns" is not present');
  source.putService("api", { ...https, ports: [{ name: "https", port: 80 }] });
  assert.equal(faultOf(source), 'ServicePortError: service/api in "ns" is not listening on port 443');
  source.putService("api", https);
  assert.equal(faultOf(source), 'EndpointsNotFound: cannot find endpointslices for service/api in "ns"');
  const slice = { apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice", metadata: {} };
  const notReady = { addresses: ["10.1.0.1"], conditions: { ready: false } };
  source.putSlices("api", [{ ...slice, endpoints: [notReady], ports: [{ name: "https", port: 8443 }] }]);
  const missing = 'MissingEndpoints: endpointslices for service/api in "ns" have no addresses with port name "https"';
  assert.equal(faultOf(source), missing);
  source.putSlices("api", [
    { ...slice, endpoints: [{ addresses: ["10.1.0.2"] }], ports: [{ name: "http", port: 80 }] },
  ]);
  assert.equal(faultOf(source), missing);
  source.putSlices("api", [
    {
      ...slice,
      endpoints: [notReady, { addresses: ["10.1.0.2", "10.9.9.9"] }],
      ports: [{ name: "https", port: 8443 }],
    },
  ]);
  assert.equal(faultOf(source), "none: ");
  assert.deepEqual(addressesOf(source, api), [{ host: "10.1.0.2", port: 8443 }]);
});

test("services without endpoints of their own are reached by name or cluster address", () => {
  const source = new MemorySource();
  source.putService("api", { type: "ExternalName", externalName: "elsewhere.example.com" });
  assert.equal(serviceFault(source, api), undefined);
  assert.deepEqual(addressesOf(source, api).map(formatAddress), ["elsewhere.example.com:443"]);
  source.putService("api", { ...https, type: "NodePort", clusterIP: "fd00::1" });
  assert.equal(serviceFault(source, api), undefined);
  assert.deepEqual(addressesOf(source, api).map(formatAddress), ["[fd00::1]:443"]);
});

test("there is no way to a headless service", () => {
  const source = new MemorySource();
  source.putService("api", { ...https, clusterIP: "None" }, [8443]);
  assert.throws(() => addressesOf(source, api), { message: 'cannot route to service with ClusterIP "None"' });
});
