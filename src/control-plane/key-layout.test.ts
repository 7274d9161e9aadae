import assert from "node:assert/strict";
import { test } from "node:test";
import { apiServices } from "../aggregator/door.ts";
import { keyPathOf, resourcesByKey } from "./key-layout.ts";
import { configMaps } from "./resources/config-map.ts";
import { endpointSlices } from "./resources/endpoint-slice.ts";
import { serviceKind } from "./resources/service.ts";

const services = { kind: serviceKind };

test("keys lie where kube-apiserver has them", () => {
  assert.equal(keyPathOf(configMaps), "configmaps");
  assert.equal(keyPathOf(endpointSlices), "endpointslices");
  assert.equal(keyPathOf(services), "services/specs");
  assert.equal(keyPathOf(apiServices), "apiregistration.k8s.io/apiservices");
});

test("resourcesByKey() finds whose key it is", () => {
  const resourceOf = resourcesByKey([services, endpointSlices], "/registry");
  assert.deepEqual(resourceOf("/registry/services/specs/default/kubernetes"), { group: "", resource: "services" });
  assert.deepEqual(resourceOf("/registry/endpointslices/default/kubernetes"), {
    group: "discovery.k8s.io",
    resource: "endpointslices",
  });
  assert.throws(() => resourceOf("/registry/pods/default/web"), TypeError);
});
