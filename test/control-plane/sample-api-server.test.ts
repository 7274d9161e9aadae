// What Kubernetes' conformance suite asks of an aggregator, "Should be able to support the 1.17 Sample API Server using the current Aggregator", step by step.
// https://github.com/kubernetes/kubernetes/blob/master/test/e2e/apimachinery/aggregator.go
// Two of its steps need pods and are left out: it creates a Deployment with the server and an etcd, and it waits for the Deployment. Here a process takes the pod's
// place. It has what a pod would have: the certificate of the secret, the token of the service account, and an address in an EndpointSlice, which a controller would write.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  ApiregistrationV1Api,
  CoreV1Api,
  DiscoveryV1Api,
  KubeConfig,
  KubernetesObjectApi,
  PatchStrategy,
  RbacAuthorizationV1Api,
  setHeaderOptions,
  type V1APIServiceCondition,
} from "@kubernetes/client-node";
import { type KeyPair, makeAuthority, makeCertificate } from "../../src/base/certificates.ts";
import { eventually, startUp, type UpProcess } from "../support/control-plane.ts";
import { runWardle, type WardleProcess } from "../support/wardle.ts";

const namespace = "sample-system";
const group = "wardle.example.com";
const name = `v1alpha1.${group}`;
const flunders = `/apis/${group}/v1alpha1/namespaces/default/flunders`;
const rbac = "rbac.authorization.k8s.io";
const mergePatch = setHeaderOptions("Content-Type", PatchStrategy.MergePatch);

test("the sample API server of Kubernetes' conformance suite is supported by the aggregator", async (t) => {
  await using ended = new AsyncDisposableStack();
  const up = ended.use(await startUp({ extensions: [] }));
  const config = new KubeConfig();
  config.loadFromFile(join(up.dataDirectory, "kubeconfig"));
  const core = config.makeApiClient(CoreV1Api);
  const roles = config.makeApiClient(RbacAuthorizationV1Api);
  const apiServices = config.makeApiClient(ApiregistrationV1Api);
  const conditionsOf = async () => (await apiServices.readAPIServiceStatus({ name })).status?.conditions ?? [];
  const authority = await makeAuthority({ commonName: "e2e-server-cert-ca", nowMs: Date.now() });

  await t.test("the namespace, the secret with certificates, the service account", async () => {
    await core.createNamespace({ body: { metadata: { name: namespace } } });
    const data = secretOf(await servingCertificate(authority));
    const secret = await core.createNamespacedSecret({
      namespace,
      body: { metadata: { name: "sample-apiserver-secret" }, type: "Opaque", data },
    });
    assert.deepEqual(secret.data, data);
    await core.createNamespacedServiceAccount({ namespace, body: { metadata: { name: "sample-apiserver" } } });
  });

  await t.test("the roles that an extension server needs, and their bindings", async () => {
    const all = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
    await roles.createClusterRole({
      body: {
        metadata: { name: "wardler", labels: { "kubernetes.io/bootstrapping": "wardle-default" } },
        rules: [
          { verbs: all, apiGroups: [group], resources: ["flunders"] },
          { verbs: ["get", "list", "watch"], apiGroups: [""], resources: ["namespaces"] },
          { verbs: ["get", "list", "watch"], apiGroups: ["admissionregistration.k8s.io"], resources: ["*"] },
          { verbs: ["get"], nonResourceURLs: ["*"] },
        ],
      },
    });
    const server = { kind: "ServiceAccount", name: "sample-apiserver", namespace };
    const clusterRole = (role: string) => ({ apiGroup: rbac, kind: "ClusterRole", name: role });
    await roles.createClusterRoleBinding({
      body: {
        metadata: { name: `wardler:${namespace}:sample-apiserver` },
        roleRef: clusterRole("wardler"),
        subjects: [{ apiGroup: rbac, kind: "User", name: `${namespace}:anonymous` }, server],
      },
    });
    await roles.createClusterRoleBinding({
      body: {
        metadata: { name: `wardler:${namespace}:auth-delegator` },
        roleRef: clusterRole("system:auth-delegator"),
        subjects: [server],
      },
    });
    const reader = await roles.createNamespacedRoleBinding({
      namespace: "kube-system",
      body: {
        metadata: {
          name: "wardler-auth-reader",
          annotations: { "rbac.authorization.kubernetes.io/autoupdate": "true" },
        },
        // No group, as the suite has it: it is defaulted.
        roleRef: { apiGroup: "", kind: "Role", name: "extension-apiserver-authentication-reader" },
        subjects: [server],
      },
    });
    assert.equal(reader.roleRef.apiGroup, rbac);
  });

  const wardle = ended.use(await runInsteadOfPod(up));

  await t.test("the service, the API service, and a list once it is available", async () => {
    await core.createNamespacedService({
      namespace,
      body: {
        metadata: { name: "sample-api", labels: { test: "aggregator" } },
        spec: { selector: { apiserver: "true" }, ports: [{ protocol: "TCP", port: 7443, targetPort: wardle.port }] },
      },
    });
    await config.makeApiClient(DiscoveryV1Api).createNamespacedEndpointSlice({
      namespace,
      body: {
        metadata: { name: "sample-api-1", labels: { "kubernetes.io/service-name": "sample-api" } },
        addressType: "IPv4",
        endpoints: [{ addresses: ["127.0.0.1"], conditions: { ready: true } }],
        ports: [{ name: "", port: wardle.port, protocol: "TCP" }],
      },
    });
    await apiServices.createAPIService({
      body: {
        metadata: { name },
        spec: {
          service: { namespace, name: "sample-api", port: 7443 },
          group,
          version: "v1alpha1",
          caBundle: Buffer.from(authority.certificate).toString("base64"),
          groupPriorityMinimum: 2000,
          versionPriority: 200,
        },
      },
    });
    kubectl(up, `wait apiservice/${name} --for=condition=Available --timeout=30s`);
    assert.deepEqual(namesOf(kubectl(up, `get --raw ${flunders}`)), []);
    assert.equal((await conditionsOf()).find(({ type }) => type === "Available")?.reason, "Passed");
  });

  await t.test("a flunder by raw requests: created, listed, deleted", () => {
    const flunder = {
      apiVersion: `${group}/v1alpha1`,
      kind: "Flunder",
      metadata: { labels: { "sample-label": "true" }, name: "rest-flunder", namespace: "default" },
    };
    const created = JSON.parse(kubectl(up, `create --raw ${flunders} -f -`, JSON.stringify(flunder)));
    assert.deepEqual(created.metadata.labels, { "sample-label": "true" });
    assert.deepEqual(namesOf(kubectl(up, `get --raw ${flunders}`)), ["rest-flunder"]);
    kubectl(up, `delete --raw ${flunders}/rest-flunder`);
    assert.deepEqual(namesOf(kubectl(up, `get --raw ${flunders}`)), []);
  });

  await t.test("discovery has the group in every document", () => {
    const document = (path: string) => JSON.parse(kubectl(up, `get --raw ${path}`));
    const version = { groupVersion: `${group}/v1alpha1`, version: "v1alpha1" };
    const described = { name: group, versions: [version], preferredVersion: version };
    const listed = document("/apis").groups.find((found: { name: string }) => found.name === group);
    assert.deepEqual(listed, described);
    assert.deepEqual(document(`/apis/${group}`), { kind: "APIGroup", apiVersion: "v1", ...described });
    const resources: { name: string; namespaced: boolean }[] = document(`/apis/${group}/v1alpha1`).resources;
    assert.equal(resources.find((resource) => resource.name === "flunders")?.namespaced, true);
    // kubectl reads the aggregated document.
    assert.equal(
      kubectl(up, `api-resources --api-group=${group} --namespaced -o name --cached=false`),
      `flunders.${group}\n`,
    );
  });

  await t.test("a flunder by a client that knows no kinds: created, listed, deleted", async () => {
    const dynamic = KubernetesObjectApi.makeApiClient(config);
    const flunder = {
      apiVersion: `${group}/v1alpha1`,
      kind: "Flunder",
      metadata: { name: "dynamic-flunder", namespace },
      spec: {},
    };
    const listed = async () =>
      (await dynamic.list(flunder.apiVersion, "Flunder", namespace)).items.map(({ metadata }) => metadata?.name);
    await dynamic.create(flunder);
    assert.deepEqual(await listed(), ["dynamic-flunder"]);
    await dynamic.delete(flunder);
    assert.deepEqual(await listed(), []);
  });

  await t.test("the API service is patched and read in a list", async () => {
    const patched = await apiServices.patchAPIService({ name, body: { spec: { versionPriority: 400 } } }, mergePatch);
    assert.equal(patched.spec?.versionPriority, 400);
    const { items } = await apiServices.listAPIService();
    assert.equal(items.find(({ metadata }) => metadata?.name === name)?.spec?.versionPriority, 400);
  });

  await t.test("the status is read, replaced and patched; what others say in it stays", async () => {
    const ours = (type: string): V1APIServiceCondition => ({ type, status: "True", reason: "E2E", message: "Set" });
    // The availability controller may write in between, as it may in the suite, which tries again on a conflict.
    await eventually("the status is replaced", async () => {
      const read = await apiServices.readAPIServiceStatus({ name });
      const conditions = [...(read.status?.conditions ?? []), ours("StatusUpdated")];
      try {
        const body = { ...read, status: { conditions } };
        const replaced = await apiServices.replaceAPIServiceStatus({ name, body });
        return (replaced.status?.conditions ?? []).some(({ type }) => type === "StatusUpdated");
      } catch (error) {
        if (Reflect.get(Object(error), "code") !== 409) throw error;
        return false;
      }
    });
    assert.deepEqual((await conditionsOf()).map(({ type }) => type).sort(), ["Available", "StatusUpdated"]);

    const conditions = [...(await conditionsOf()), ours("StatusPatched")];
    const patched = await apiServices.patchAPIServiceStatus(
      { name, body: { spec: { versionPriority: 1 }, status: { conditions } } },
      mergePatch,
    );
    assert.equal(patched.spec?.versionPriority, 400);
    assert.deepEqual((await conditionsOf()).map(({ type }) => type).sort(), [
      "Available",
      "StatusPatched",
      "StatusUpdated",
    ]);
    assert.deepEqual(namesOf(kubectl(up, `get --raw ${flunders}`)), []);
  });

  await t.test("it is found by a label, replaced, and deleted in a collection by it", async () => {
    const labelSelector = "e2e=aggregator";
    await apiServices.patchAPIService({ name, body: { metadata: { labels: { e2e: "aggregator" } } } }, mergePatch);
    const found = async () =>
      (await apiServices.listAPIService({ labelSelector })).items.map(({ metadata }) => metadata?.name);
    assert.deepEqual(await found(), [name]);

    const read = await apiServices.readAPIService({ name });
    const labels = { ...read.metadata?.labels, replaced: "true" };
    const replaced = await apiServices.replaceAPIService({
      name,
      body: { ...read, metadata: { ...read.metadata, labels } },
    });
    assert.deepEqual(replaced.metadata?.labels, labels);

    await apiServices.deleteCollectionAPIService({ labelSelector });
    assert.deepEqual(await found(), []);
    await assert.rejects(apiServices.readAPIService({ name }), { code: 404 });
    assert.equal((await apiServices.readAPIService({ name: "v1." })).metadata?.name, "v1.");
    await eventually("the group is gone", () => !kubectl(up, "get --raw /apis").includes(group));
  });

  await t.test("everything is cleaned up", async () => {
    for (const binding of ["sample-apiserver", "auth-delegator"])
      await roles.deleteClusterRoleBinding({ name: `wardler:${namespace}:${binding}` });
    await roles.deleteClusterRole({ name: "wardler" });
    await roles.deleteNamespacedRoleBinding({ name: "wardler-auth-reader", namespace: "kube-system" });
    kubectl(up, `delete namespace ${namespace} --timeout=30s`);
    assert.equal(kubectl(up, "get namespaces -o name").includes(namespace), false);
  });
});

/** By the names that a service has in a cluster. */
function servingCertificate(authority: KeyPair): Promise<KeyPair> {
  const host = `sample-api.${namespace}.svc`;
  return makeCertificate(authority, { commonName: host, hosts: [host], nowMs: Date.now() });
}

function secretOf({ certificate, key }: KeyPair): Record<string, string> {
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  return { "tls.crt": base64(certificate), "tls.key": base64(key) };
}

/** Starts the server with what would be mounted into its pod: the files of its secret, and the service account's token. */
async function runInsteadOfPod(up: UpProcess): Promise<WardleProcess> {
  const mounted = (file: string, content: string) => {
    const path = join(up.dataDirectory, file);
    writeFileSync(path, content);
    return path;
  };
  const secret = JSON.parse(kubectl(up, `get secret sample-apiserver-secret -n ${namespace} -o json`));
  const fileOf = (key: string) => mounted(key, Buffer.from(secret.data[key], "base64").toString());
  const token = kubectl(up, `create token sample-apiserver -n ${namespace}`).trim();
  const inCluster = mounted("in-cluster.json", JSON.stringify(kubeconfigOf(up, token)));
  return runWardle({
    flags: [
      ...["--tls-cert-file", fileOf("tls.crt"), "--tls-private-key-file", fileOf("tls.key")],
      ...["--kubeconfig", inCluster, "--authentication-kubeconfig", inCluster, "--authorization-kubeconfig", inCluster],
      ...["--data-dir", join(up.dataDirectory, "sample-apiserver")],
    ],
  });
}

function kubeconfigOf(up: UpProcess, token: string): object {
  const config = new KubeConfig();
  config.loadFromFile(join(up.dataDirectory, "kubeconfig"));
  const { server = "", caData } = config.getCurrentCluster() ?? {};
  return {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "pod",
    clusters: [{ name: "pod", cluster: { server, "certificate-authority-data": caData } }],
    users: [{ name: "pod", user: { token } }],
    contexts: [{ name: "pod", context: { cluster: "pod", user: "pod" } }],
  };
}

/** Runs it, expects success, and hands over what it prints. */
function kubectl(up: UpProcess, line: string, input?: string): string {
  const { status, stdout, stderr } = up.kubectl(line.split(" "), input);
  assert.equal(status, 0, `kubectl ${line}: ${stderr}`);
  return stdout;
}

function namesOf(list: string): string[] {
  const { items }: { items: { metadata: { name: string } }[] } = JSON.parse(list);
  return items.map(({ metadata }) => metadata.name);
}
