import assert from "node:assert/strict";
import { test } from "node:test";
import { parseKubeconfig } from "./kubeconfig.ts";

const base64 = (text: string) => Buffer.from(text).toString("base64");

const text = `
apiVersion: v1
kind: Config
current-context: here
clusters:
- {name: local, cluster: {server: "https://127.0.0.1:6443/", certificate-authority-data: ${base64("CA")}, tls-server-name: kubernetes}}
- {name: bare, cluster: {server: "https://bare:443", insecure-skip-tls-verify: true}}
- {name: nowhere, cluster: {}}
users:
- {name: admin, user: {client-certificate-data: ${base64("CERT")}, client-key-data: ${base64("KEY")}}}
- {name: robot, user: {token: secret}}
- {name: plugin, user: {exec: {command: aws}}}
contexts:
- {name: here, context: {cluster: local, user: admin, namespace: team-a}}
- {name: there, context: {cluster: bare, user: robot}}
- {name: lost, context: {cluster: nowhere, user: robot}}
- {name: dynamic, context: {cluster: bare, user: plugin}}
`;

test("parseKubeconfig() reads the current context, data in base64 and the namespace", () => {
  assert.deepEqual(parseKubeconfig(text), {
    server: "https://127.0.0.1:6443",
    certificateAuthority: "CA",
    serverName: "kubernetes",
    clientCertificate: { cert: "CERT", key: "KEY" },
    namespace: "team-a",
  });
});

test("parseKubeconfig() reads another context, a token, and no verification", () => {
  assert.deepEqual(parseKubeconfig(text, { context: "there" }), {
    server: "https://bare:443",
    insecureSkipTlsVerify: true,
    token: "secret",
    namespace: "default",
  });
});

test("parseKubeconfig() says what is missing", () => {
  assert.throws(() => parseKubeconfig(text, { context: "elsewhere" }), /Cannot use context "elsewhere"/);
  assert.throws(() => parseKubeconfig(text, { context: "lost" }), /cluster "nowhere" as it must name a server/);
  assert.throws(
    () => parseKubeconfig(text, { context: "dynamic" }),
    /user "plugin" as its credentials must be in the file/,
  );
  assert.throws(() => parseKubeconfig(""), /Cannot use context ""/);
});
