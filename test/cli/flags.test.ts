// `annex up` with the flags of a main API server, as the world of the recorded scenarios is set up.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Client, type ConnectionConfig, httpTransport, loadKubeconfig } from "../../src/client/door.ts";
import { openEtcdStorage } from "../../src/storage/door.ts";
import { annex, temporaryDirectory } from "../support/annex.ts";
import { startEtcd } from "../support/etcd.ts";
import { pki } from "../support/wardle.ts";

const file = (name: string) => join(pki, name);
const read = (name: string) => readFileSync(file(name), "utf8");
const whoAmI = { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" };

describe("annex up as a main API server", () => {
  const directory = mkdtempSync(join(tmpdir(), "annex-flags-"));
  const ends: (() => void | Promise<void>)[] = [() => rmSync(directory, { recursive: true, force: true })];
  const owner = { after: (end: () => void | Promise<void>) => ends.unshift(end) };
  let etcd = "";
  let server = "";
  let kubeconfig: ConnectionConfig;

  before(async () => {
    etcd = await startEtcd(owner);
    writeFileSync(join(directory, "tokens.csv"), 'secret,carol,uid-carol,"dev,ops","scopes=read"\n');
    writeFileSync(
      join(directory, "audit.yaml"),
      "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata}]\n",
    );
    const up = annex(owner, [
      "up",
      "--secure-port=0",
      `--data-dir=${join(directory, "data")}`,
      `--etcd-servers=${etcd}`,
      "--service-cluster-ip-range=127.0.0.0/24",
      "--service-account-issuer=https://annex.example.com",
      `--client-ca-file=${file("client-ca.crt")}`,
      `--tls-cert-file=${file("core.crt")}`,
      `--tls-private-key-file=${file("core.key")}`,
      `--proxy-client-cert-file=${file("frontproxy.crt")}`,
      `--proxy-client-key-file=${file("frontproxy.key")}`,
      `--requestheader-client-ca-file=${file("front-proxy-ca.crt")}`,
      "--requestheader-allowed-names=front-proxy",
      `--token-auth-file=${join(directory, "tokens.csv")}`,
      `--audit-policy-file=${join(directory, "audit.yaml")}`,
      `--audit-log-path=${join(directory, "audit.log")}`,
    ]);
    [, server = ""] = await up.says(/available at (\S+)/);
    await up.says(/ready in/);
    kubeconfig = loadKubeconfig({ path: join(directory, "data/kubeconfig") });
  });
  after(async () => {
    for (const end of ends) await end();
  });

  function connect(identity: Partial<ConnectionConfig>): Client {
    return new Client({
      transport: httpTransport({
        server,
        namespace: "default",
        certificateAuthority: read("serving-ca.crt"),
        ...identity,
      }),
    });
  }

  const certificate = (name: string) => ({
    clientCertificate: { cert: read(`${name}.crt`), key: read(`${name}.key`) },
  });

  async function userOf(identity: Partial<ConnectionConfig>, headers: Record<string, string> = {}): Promise<unknown> {
    const transport = httpTransport({
      server,
      namespace: "",
      certificateAuthority: read("serving-ca.crt"),
      ...identity,
    });
    using client = new Client({
      transport: {
        send: (request) => transport.send({ ...request, headers: { ...request.headers, ...headers } }),
        close: () => transport.close(),
      },
    });
    const review = await client.json({
      method: "POST",
      path: "/apis/authentication.k8s.io/v1/selfsubjectreviews",
      body: whoAmI,
    });
    assert.ok(typeof review === "object" && review !== null && "status" in review);
    return review.status;
  }

  test("the kubeconfig that it writes works beside a certificate of somebody else's", async () => {
    assert.partialDeepStrictEqual(await userOf(kubeconfig), { userInfo: { username: "annex-admin" } });
  });

  test("client certificates of --client-ca-file name their users", async () => {
    assert.partialDeepStrictEqual(await userOf(certificate("alice")), {
      userInfo: { username: "alice", groups: ["dev", "system:authenticated"] },
    });
    await assert.rejects(userOf(certificate("stranger")), { code: 401 });
  });

  test("tokens of --token-auth-file name theirs", async () => {
    assert.partialDeepStrictEqual(await userOf({ token: "secret" }), {
      userInfo: {
        username: "carol",
        uid: "uid-carol",
        groups: ["dev", "ops", "system:authenticated"],
        extra: { scopes: ["read"] },
      },
    });
    await assert.rejects(userOf({ token: "nope" }), { code: 401 });
  });

  test("front proxies of --requestheader-* say who asks, others may not", async () => {
    const headers = { "x-remote-user": "dora", "x-remote-group": "art" };
    assert.partialDeepStrictEqual(await userOf(certificate("frontproxy"), headers), {
      userInfo: { username: "dora", groups: ["art", "system:authenticated"] },
    });
    await assert.rejects(userOf(certificate("badproxy"), headers), { code: 401 });
  });

  test("extension servers are told whom to believe", async () => {
    using client = connect(certificate("admin"));
    const path = "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication";
    const config = await client.json({ path });
    assert.ok(typeof config === "object" && config !== null && "data" in config);
    assert.partialDeepStrictEqual(config.data, {
      "requestheader-allowed-names": '["front-proxy"]',
      "requestheader-client-ca-file": read("front-proxy-ca.crt"),
      "requestheader-username-headers": '["X-Remote-User"]',
    });
    assert.ok(JSON.stringify(config.data).includes(JSON.stringify(read("client-ca.crt")).slice(1, -1)));
  });

  test("services get addresses of --service-cluster-ip-range", async () => {
    using client = connect(certificate("admin"));
    const service = await client.json({ path: "/api/v1/namespaces/default/services/kubernetes" });
    assert.match(JSON.stringify(service), /"clusterIP":"127\.0\.0\.\d+"/);
  });

  test("tokens of service accounts are signed as --service-account-issuer says", async () => {
    using client = connect(certificate("admin"));
    const path = "/api/v1/namespaces/default/serviceaccounts/default/token";
    const body = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} };
    const answer = await client.json({ method: "POST", path, body });
    const [, claims = ""] = /"token":"[^".]+\.([^".]+)\./.exec(JSON.stringify(answer)) ?? [];
    assert.partialDeepStrictEqual(JSON.parse(Buffer.from(claims, "base64url").toString()), {
      iss: "https://annex.example.com",
    });
  });

  test("objects are in etcd under kube-apiserver's keys", async () => {
    await using storage = await openEtcdStorage({ endpoints: [etcd] });
    const { entries } = await storage.range({ start: "/registry/", end: "/registry0" });
    const keys = new Set(entries.map(({ key }) => key));
    for (const key of [
      "/registry/namespaces/default",
      "/registry/services/specs/default/kubernetes",
      "/registry/endpointslices/default/kubernetes",
      "/registry/configmaps/kube-system/extension-apiserver-authentication",
      "/registry/clusterroles/cluster-admin",
      "/registry/apiregistration.k8s.io/apiservices/v1.",
    ])
      assert.ok(keys.has(key), key);
  });

  test("requests are recorded as --audit-policy-file says", () => {
    const [line = ""] = readFileSync(join(directory, "audit.log"), "utf8").split("\n");
    assert.partialDeepStrictEqual(JSON.parse(line), { kind: "Event", level: "Metadata" });
  });
});

test("--authorization-mode says who may do what", async (t) => {
  const start = async (mode: string) => {
    const data = temporaryDirectory(t);
    writeFileSync(join(data, "tokens.csv"), "secret,bob,uid-bob\n");
    const up = annex(t, [
      "up",
      "--secure-port=0",
      `--data-dir=${data}`,
      `--token-auth-file=${join(data, "tokens.csv")}`,
      `--authorization-mode=${mode}`,
    ]);
    await up.says(/ready in/);
    const { server, certificateAuthority = "" } = loadKubeconfig({ path: join(data, "kubeconfig") });
    const ask = async (identity: Partial<ConnectionConfig>): Promise<unknown> => {
      using client = new Client({
        transport: httpTransport({ server, certificateAuthority, namespace: "", ...identity }),
      });
      return await client.json({ path: "/api/v1/namespaces/default" });
    };
    return { bob: () => ask({ token: "secret" }), anybody: () => ask({}) };
  };
  const open = await start("AlwaysAllow");
  assert.partialDeepStrictEqual(await open.bob(), { kind: "Namespace" });
  await assert.rejects(open.anybody(), { code: 401 });
  const closed = await start("AlwaysDeny");
  await assert.rejects(closed.bob(), { code: 403, message: /Everything is forbidden\.$/ });
});
