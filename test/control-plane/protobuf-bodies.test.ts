// Bodies in protobuf, as programs in Go send them with `Accept: application/vnd.kubernetes.protobuf,application/json`, written here by
// field numbers: https://github.com/kubernetes/api, generated.proto of each group.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { readAll, type TransportResponse } from "../../src/client/door.ts";
import { type ControlPlane, startControlPlane } from "../../src/control-plane/door.ts";
import { handlerTransport } from "../../src/server/door.ts";

type Value = string | number | boolean | Uint8Array;

/** A message of fields by number; a field may come several times. */
function message(...fields: readonly (readonly [number: number, value: Value])[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const [number, value] of fields) {
    if (typeof value === "string") writer.tag(number, WireType.LengthDelimited).string(value);
    else if (typeof value === "number") writer.tag(number, WireType.Varint).int64(value);
    else if (typeof value === "boolean") writer.tag(number, WireType.Varint).bool(value);
    else writer.tag(number, WireType.LengthDelimited).bytes(value);
  }
  return writer.finish();
}

function body(apiVersion: string, kind: string, raw: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from("k8s\0"), message([1, message([1, apiVersion], [2, kind])], [2, raw])]);
}

const metadata = (name: string) => message([1, name]);

function post(plane: ControlPlane, path: string, bytes: Buffer): Promise<Record<string, unknown>> {
  return send(plane, "POST", path, bytes);
}

async function send(
  plane: ControlPlane,
  method: string,
  path: string,
  bytes?: Buffer,
): Promise<Record<string, unknown>> {
  const { status, headers, body: answer } = await open(plane, method, path, bytes);
  const text = (await readAll(answer)).toString();
  assert.ok(status < 300, `${path}: ${status} ${text}`);
  assert.equal(headers["content-type"], "application/json");
  return JSON.parse(text);
}

function open({ server }: ControlPlane, method: string, path: string, bytes?: Buffer): Promise<TransportResponse> {
  const user = { name: "admin", uid: "", groups: ["system:masters", "system:authenticated"], extra: {} };
  return handlerTransport(server.handle, user).send({
    method,
    path,
    headers: {
      accept: "application/vnd.kubernetes.protobuf,application/json",
      ...(bytes === undefined ? {} : { "content-type": "application/vnd.kubernetes.protobuf" }),
    },
    ...(bytes === undefined ? {} : { body: bytes }),
  });
}

test("an event is read with its times and what it is about", async () => {
  await using plane = await startControlPlane();
  const about = message([1, "Flunder"], [2, "default"], [3, "blue"]);
  const raw = message(
    [1, metadata("blue.1")],
    [2, about],
    [3, "Banned"],
    [6, message([1, 1_700_000_000])],
    [8, 3],
    [10, message([1, 1_700_000_000], [2, 123_456_000])],
  );
  const event = await post(plane, "/api/v1/namespaces/default/events", body("v1", "Event", raw));
  assert.deepEqual(event.involvedObject, { kind: "Flunder", namespace: "default", name: "blue" });
  assert.equal(event.firstTimestamp, "2023-11-14T22:13:20Z");
  assert.equal(event.eventTime, "2023-11-14T22:13:20.123456Z");
  assert.equal(event.count, 3);
});

test("a lease is read", async () => {
  await using plane = await startControlPlane();
  const spec = message([1, "me"], [2, 15], [4, message([1, 1_700_000_000])]);
  const path = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases";
  const lease = await post(
    plane,
    path,
    body("coordination.k8s.io/v1", "Lease", message([1, metadata("l")], [2, spec])),
  );
  assert.deepEqual(lease.spec, {
    holderIdentity: "me",
    leaseDurationSeconds: 15,
    renewTime: "2023-11-14T22:13:20.000000Z",
  });
});

test("a SubjectAccessReview is read with selectors and whatever else is known of the user, and answered", async () => {
  await using plane = await startControlPlane();
  const requirement = message([1, "metadata.name"], [2, "In"], [3, "blue"]);
  const attributes = message(
    [1, "default"],
    [2, "get"],
    [3, "wardle.example.com"],
    [5, "flunders"],
    [8, message([2, requirement])],
  );
  const extra = message([1, "scopes"], [2, message([1, "a"], [1, "b"])]);
  const spec = message([1, attributes], [3, "bob"], [4, "system:masters"], [5, extra]);
  const review = await post(
    plane,
    "/apis/authorization.k8s.io/v1/subjectaccessreviews",
    body("authorization.k8s.io/v1", "SubjectAccessReview", message([2, spec])),
  );
  assert.deepEqual(review.spec, {
    resourceAttributes: {
      namespace: "default",
      verb: "get",
      group: "wardle.example.com",
      resource: "flunders",
      fieldSelector: { requirements: [{ key: "metadata.name", operator: "In", values: ["blue"] }] },
    },
    user: "bob",
    groups: ["system:masters"],
    extra: { scopes: ["a", "b"] },
  });
  assert.deepEqual(review.status, { allowed: true });
});

test("a TokenRequest and a TokenReview of its token are read", async () => {
  await using plane = await startControlPlane();
  await post(
    plane,
    "/api/v1/namespaces/default/serviceaccounts",
    body("v1", "ServiceAccount", message([1, metadata("robot")])),
  );
  const request = await post(
    plane,
    "/api/v1/namespaces/default/serviceaccounts/robot/token",
    body("authentication.k8s.io/v1", "TokenRequest", message([2, message([1, "vault"], [4, 900])])),
  );
  const { token } = Object(request.status);
  const review = await post(
    plane,
    "/apis/authentication.k8s.io/v1/tokenreviews",
    body("authentication.k8s.io/v1", "TokenReview", message([2, message([1, token], [2, "vault"])])),
  );
  const { authenticated, audiences } = Object(review.status);
  assert.equal(authenticated, true);
  assert.deepEqual(audiences, ["vault"]);
});

test("a webhook is read with its rules, whose fields stand in a message of their own", async () => {
  await using plane = await startControlPlane();
  const rule = message([1, "CREATE"], [2, message([1, ""], [2, "v1"], [3, "pods"])]);
  const webhook = message(
    [1, "a.example.com"],
    [2, message([3, "https://example.com/a"])],
    [3, rule],
    [6, "None"],
    [8, "v1"],
  );
  const made = await post(
    plane,
    "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
    body(
      "admissionregistration.k8s.io/v1",
      "ValidatingWebhookConfiguration",
      message([1, metadata("a")], [2, webhook]),
    ),
  );
  assert.deepEqual(made.webhooks, [
    {
      name: "a.example.com",
      clientConfig: { url: "https://example.com/a" },
      rules: [{ operations: ["CREATE"], apiGroups: [""], apiVersions: ["v1"], resources: ["pods"], scope: "*" }],
      failurePolicy: "Fail",
      matchPolicy: "Equivalent",
      namespaceSelector: {},
      objectSelector: {},
      sideEffects: "None",
      timeoutSeconds: 10,
      admissionReviewVersions: ["v1"],
    },
  ]);
});

test("a namespace is finalized by a body in protobuf", async () => {
  await using plane = await startControlPlane();
  const { client } = plane;
  const namespaces = client.resource({ group: "", version: "v1", resource: "namespaces", isNamespaced: false });
  const object = {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: "n" },
    spec: { finalizers: ["example.com/hold"] },
  };
  await namespaces.create(object);
  const kept = message([1, metadata("n")], [2, message([1, "kubernetes"])]);
  const { spec } = await send(plane, "PUT", "/api/v1/namespaces/n/finalize", body("v1", "Namespace", kept));
  assert.deepEqual(spec, { finalizers: ["kubernetes"] });
});

test("whoever asks for protobuf first gets lists and watch lists of every kind as JSON", async () => {
  await using plane = await startControlPlane();
  const kinds = [
    ...["namespaces", "configmaps", "services", "endpoints", "secrets"].map((name) => `/api/v1/${name}`),
    ...["validatingwebhookconfigurations", "mutatingwebhookconfigurations", "validatingadmissionpolicies"].map(
      admission,
    ),
    ...["validatingadmissionpolicybindings", "mutatingadmissionpolicies", "mutatingadmissionpolicybindings"].map(
      admission,
    ),
    "/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas",
    "/apis/flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations",
    "/apis/discovery.k8s.io/v1/endpointslices",
    "/apis/apiregistration.k8s.io/v1/apiservices",
    "/apis/coordination.k8s.io/v1/leases",
  ];
  for (const path of kinds) {
    const list = await send(plane, "GET", path);
    assert.match(String(list.kind), /List$/, path);
    const query =
      "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=60";
    const events = await open(plane, "GET", `${path}?${query}`);
    assert.equal(events.headers["content-type"], "application/json", path);
    let read = "";
    for await (const chunk of events.body) {
      read += chunk.toString();
      if (read.includes("k8s.io/initial-events-end")) break;
    }
    assert.match(read, /"type":"BOOKMARK".*"k8s.io\/initial-events-end":"true"/, path);
  }
});

function admission(resource: string): string {
  return `/apis/admissionregistration.k8s.io/v1/${resource}`;
}
