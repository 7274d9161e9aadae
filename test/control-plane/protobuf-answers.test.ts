// Whole objects in protobuf, for clients that read nothing else: Kubernetes' own benchmarks, and those written without client-go.

import assert from "node:assert/strict";
import { test } from "node:test";
import { readAll, type TransportResponse } from "../../src/client/door.ts";
import { type ControlPlane, startControlPlane } from "../../src/control-plane/door.ts";
import { handlerTransport } from "../../src/server/door.ts";

const protobuf = "application/vnd.kubernetes.protobuf";

interface Sent {
  readonly method?: string;
  readonly path: string;
  readonly accept?: string;
  readonly contentType?: string;
  readonly body?: Buffer;
}

async function send({ server }: ControlPlane, sent: Sent): Promise<TransportResponse> {
  const { method = "GET", path, accept = protobuf, contentType = "application/json", body } = sent;
  const user = { name: "admin", uid: "", groups: ["system:masters", "system:authenticated"], extra: {} };
  const headers = { accept, ...(body === undefined ? {} : { "content-type": contentType }) };
  return handlerTransport(server.handle, user).send({ method, path, headers, ...(body === undefined ? {} : { body }) });
}

/** The bytes of an answer in protobuf. */
async function inProtobuf(plane: ControlPlane, sent: Sent): Promise<Buffer> {
  const { status, headers, body } = await send(plane, sent);
  const bytes = await readAll(body);
  assert.ok(status < 300, `${sent.path}: ${status} ${bytes}`);
  assert.equal(headers["content-type"], protobuf, sent.path);
  assert.equal(bytes.toString("latin1", 0, 4), "k8s\0", sent.path);
  return bytes;
}

const admission = "/apis/admissionregistration.k8s.io/v1";
const rule = {
  apiGroups: ["example.com"],
  apiVersions: ["*"],
  operations: ["CREATE"],
  resources: ["things"],
  scope: "Cluster",
};
const webhook = {
  name: "a.example.com",
  clientConfig: { service: { name: "hook", namespace: "default", path: "/x", port: 8443 } },
  rules: [rule],
  sideEffects: "None",
  timeoutSeconds: 5,
  objectSelector: { matchExpressions: [{ key: "a", operator: "In", values: ["x", "z"] }] },
  matchConditions: [{ name: "m", expression: "true" }],
  admissionReviewVersions: ["v1"],
};
const binding = { policyName: "p", paramRef: { selector: {}, parameterNotFoundAction: "Deny" } };
const rbacGroup = "rbac.authorization.k8s.io";
const pod = { kind: "Pod", namespace: "default", name: "x", uid: "abc" };

/** Objects of kinds that an empty control plane has none of, or none that says much. */
const objects: readonly (readonly [path: string, object: object])[] = [
  ["/api/v1/namespaces/default/secrets", { immutable: true, data: { a: "AAEC/w==", b: "" } }],
  ["/api/v1/namespaces/default/configmaps", { data: { a: "ü", b: "" }, binaryData: { c: "AAEC/w==" } }],
  [
    "/api/v1/namespaces/default/services",
    {
      spec: {
        type: "NodePort",
        sessionAffinity: "ClientIP",
        ports: [
          { name: "a", port: 80, targetPort: "web" },
          { name: "b", port: 81, targetPort: 8081 },
        ],
      },
    },
  ],
  [
    "/api/v1/namespaces/default/endpoints",
    { subsets: [{ addresses: [{ ip: "10.0.0.1", targetRef: pod }], ports: [{ port: 80 }] }] },
  ],
  [
    "/api/v1/namespaces/default/events",
    { involvedObject: pod, reason: "R", count: 3, firstTimestamp: "2026-01-01T00:00:00Z", source: { component: "c" } },
  ],
  [
    "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices",
    {
      addressType: "IPv4",
      ports: [{ name: "" }],
      endpoints: [{ addresses: ["10.0.0.3"], conditions: { ready: false } }],
    },
  ],
  [
    "/apis/coordination.k8s.io/v1/namespaces/default/leases",
    {
      spec: {
        holderIdentity: "",
        leaseDurationSeconds: 15,
        renewTime: "2026-01-01T00:00:00.123456Z",
        leaseTransitions: 0,
      },
    },
  ],
  [
    "/apis/events.k8s.io/v1/namespaces/default/events",
    {
      ...{ regarding: pod, reason: "R", action: "A", type: "Normal", note: "ü" },
      ...{ eventTime: "2026-01-01T00:00:01.000001Z", reportingController: "example.com/c", reportingInstance: "i" },
      series: { count: 2, lastObservedTime: "2026-01-01T00:00:02.000000Z" },
    },
  ],
  [
    `/apis/${rbacGroup}/v1/namespaces/default/rolebindings`,
    {
      roleRef: { apiGroup: rbacGroup, kind: "ClusterRole", name: "view" },
      subjects: [{ apiGroup: rbacGroup, kind: "User", name: "alice" }],
    },
  ],
  [`${admission}/validatingwebhookconfigurations`, { webhooks: [webhook] }],
  [`${admission}/mutatingwebhookconfigurations`, { webhooks: [{ ...webhook, reinvocationPolicy: "IfNeeded" }] }],
  [
    `${admission}/validatingadmissionpolicies`,
    { spec: { matchConstraints: { resourceRules: [rule] }, validations: [{ expression: "true", message: "m" }] } },
  ],
  [`${admission}/validatingadmissionpolicybindings`, { spec: { ...binding, validationActions: ["Deny"] } }],
  [
    `${admission}/mutatingadmissionpolicies`,
    {
      spec: {
        matchConstraints: { resourceRules: [rule] },
        mutations: [{ patchType: "ApplyConfiguration", applyConfiguration: { expression: "Object{}" } }],
        reinvocationPolicy: "Never",
      },
    },
  ],
  [`${admission}/mutatingadmissionpolicybindings`, { spec: binding }],
];

/** Kinds of which a control plane has objects of its own. */
const own = [
  ...["namespaces", "services", "serviceaccounts", "configmaps"].map((resource) => `/api/v1/${resource}`),
  ...["roles", "clusterroles", "clusterrolebindings"].map(
    (resource) => `/apis/rbac.authorization.k8s.io/v1/${resource}`,
  ),
  ...["flowschemas", "prioritylevelconfigurations"].map((name) => `/apis/flowcontrol.apiserver.k8s.io/v1/${name}`),
  "/apis/apiregistration.k8s.io/v1/apiservices",
];

interface Found {
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly resourceVersion: string };
}

test("what is read in protobuf and written back as it came changes nothing, of every kind", async () => {
  await using plane = await startControlPlane();
  const { client } = plane;
  for (const [path, object] of objects) {
    const body = Buffer.from(JSON.stringify({ ...object, metadata: { name: "a", annotations: { empty: "" } } }));
    await inProtobuf(plane, { method: "POST", path, body });
  }
  const lists = new Set([...objects.map(([path]) => path), ...own]);
  for (const list of lists) {
    const { items }: { items: readonly Found[] } = Object(await client.json({ path: list }));
    assert.ok(items.length > 0, list);
    const listed = await inProtobuf(plane, { path: list });
    for (const { metadata } of items) {
      const path = pathOf(list, metadata);
      const bytes = await inProtobuf(plane, { path });
      assert.ok(listed.includes(metadata.name), path);
      const answer = await send(plane, {
        ...{ method: "PUT", path, body: bytes },
        ...{ contentType: protobuf, accept: "application/json" },
      });
      const written: Found = JSON.parse((await readAll(answer.body)).toString());
      assert.equal(answer.status, 200, `${path}: ${JSON.stringify(written)}`);
      assert.equal(written.metadata.resourceVersion, metadata.resourceVersion, path);
    }
  }
});

function pathOf(list: string, { name, namespace }: Found["metadata"]): string {
  if (namespace === undefined || list.includes("/namespaces/")) return `${list}/${name}`;
  return `${list.replace(/\/([^/]+)$/, `/namespaces/${namespace}/$1`)}/${name}`;
}

test("reviews, errors and what a write leaves behind come in protobuf to who reads nothing else", async () => {
  await using plane = await startControlPlane();
  const review = Buffer.from(
    JSON.stringify({ spec: { user: "nobody", nonResourceAttributes: { path: "/x", verb: "get" } } }),
  );
  const path = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
  const answered = await inProtobuf(plane, { method: "POST", path, body: review });
  assert.ok(answered.includes("SubjectAccessReview") && answered.includes("nobody"));

  const missing = await send(plane, { path: "/api/v1/namespaces/nope" });
  assert.deepEqual([missing.status, missing.headers["content-type"]], [404, protobuf]);
  assert.ok((await readAll(missing.body)).includes("NotFound"));

  const dryRun = Buffer.from(JSON.stringify({ metadata: { name: "dry" }, data: { a: "b" } }));
  const configMaps = "/api/v1/namespaces/default/configmaps";
  const shown = await inProtobuf(plane, { method: "POST", path: `${configMaps}?dryRun=All`, body: dryRun });
  assert.ok(shown.includes("dry"));
});
