import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApiObject } from "../api/door.ts";
import { anonymous } from "../server/door.ts";
import { apiServices } from "./api-service.ts";
import { withAvailable } from "./condition.ts";

const context = { user: anonymous, subresource: "" };
const service = { namespace: "ns", name: "api", port: 443 };

function anApiService(spec: object, name = "v1.g.example.com"): ApiObject {
  return {
    apiVersion: "apiregistration.k8s.io/v1",
    kind: "APIService",
    metadata: { name },
    spec: { group: "g.example.com", version: "v1", groupPriorityMinimum: 100, versionPriority: 10, ...spec },
  };
}

function errorsOf(object: ApiObject, subresource = ""): string[] {
  const errors = apiServices.validate?.(object, { ...context, subresource }) ?? [];
  return errors.map(({ field, message }) => `${field}: ${message}`);
}

test("an APIService is valid when it is named after its version and group", () => {
  assert.deepEqual(errorsOf(anApiService({ service })), []);
  assert.deepEqual(errorsOf(anApiService({}, "v2.g.example.com")), [
    'metadata.name: Invalid value: "v2.g.example.com": must be `spec.version+"."+spec.group`: "v1.g.example.com"',
  ]);
});

test("what a name would be made from must be the name already", () => {
  const object = anApiService({});
  object.metadata.generateName = "x";
  assert.deepEqual(errorsOf(object), [
    'metadata.generateName: Invalid value: "x": must be `spec.version+"."+spec.group`: "v1.g.example.com"',
  ]);
});

test("a port that is 0 is no port, one that is missing is 443", () => {
  assert.deepEqual(errorsOf(anApiService({ service: { ...service, port: 0 } })), [
    "spec.service.port: Invalid value: 0: port is not valid: must be between 1 and 65535, inclusive",
  ]);
  assert.deepEqual(errorsOf(anApiService({ service: { namespace: "ns", name: "api" } })), []);
});

test("priorities, ports and trust have their limits", () => {
  assert.deepEqual(errorsOf(anApiService({ groupPriorityMinimum: 0, versionPriority: 1001 })), [
    "spec.groupPriorityMinimum: Invalid value: 0: must be positive and less than 20000",
    "spec.versionPriority: Invalid value: 1001: must be positive and less than 1000",
  ]);
  assert.deepEqual(errorsOf(anApiService({ service: { ...service, port: 70_000 } })), [
    "spec.service.port: Invalid value: 70000: port is not valid: must be between 1 and 65535, inclusive",
  ]);
  assert.deepEqual(errorsOf(anApiService({ service, insecureSkipTLSVerify: true, caBundle: "aGVsbG8=" })), [
    "spec.insecureSkipTLSVerify: Invalid value: true: may not be true if caBundle is present",
  ]);
  assert.deepEqual(errorsOf(anApiService({ insecureSkipTLSVerify: true, caBundle: "aGVsbG8=" })), [
    'spec.caBundle: Invalid value: "5 bytes": local APIServices may not have a caBundle',
    "spec.insecureSkipTLSVerify: Invalid value: true: local APIServices may not have insecureSkipTLSVerify",
  ]);
});

test("the status of a condition is True, False or Unknown", () => {
  const object = { ...anApiService({}), status: { conditions: [{ type: "Available", status: "Maybe" }] } };
  assert.deepEqual(errorsOf(object, "status"), [
    'status.conditions[0].status: Unsupported value: "Maybe": supported values: "False", "True", "Unknown"',
  ]);
});

test("a local APIService is available from the start, a remote one says nothing yet", () => {
  const local = anApiService({});
  apiServices.prepareForCreate?.(local, context);
  const remote: ApiObject = { ...anApiService({ service }), status: { conditions: [{ type: "Mine" }] } };
  apiServices.prepareForCreate?.(remote, context);
  assert.match(JSON.stringify(local.status), /"status":"True",.*"reason":"Local"/);
  assert.deepEqual(remote.status, {});
});

test("the columns show the service and why it is not available", () => {
  const conditions = [{ type: "Available", status: "False", reason: "ServiceNotFound" }];
  const cells = (object: ApiObject) => apiServices.columns?.map(({ cell }) => cell(object, new Date(0)));
  assert.deepEqual(cells({ ...anApiService({ service }), status: { conditions } }), [
    "v1.g.example.com",
    "ns/api",
    "False (ServiceNotFound)",
    "<unknown>",
  ]);
  assert.deepEqual(cells(anApiService({})), ["v1.g.example.com", "Local", "Unknown", "<unknown>"]);
});

test("the time of a condition moves only with its status", () => {
  const verdict = { status: "False", reason: "A", message: "a" } as const;
  const first = withAvailable({ ...anApiService({}), status: {} }, verdict, 0);
  const second = withAvailable(
    { ...anApiService({}), status: { conditions: first } },
    { ...verdict, reason: "B" },
    60_000,
  );
  const third = withAvailable(
    { ...anApiService({}), status: { conditions: second } },
    { ...verdict, status: "True" },
    60_000,
  );
  assert.deepEqual(
    [first, second, third].map(([condition]) => `${condition?.reason} ${condition?.lastTransitionTime}`),
    ["A 1970-01-01T00:00:00Z", "B 1970-01-01T00:00:00Z", "A 1970-01-01T00:01:00Z"],
  );
});
