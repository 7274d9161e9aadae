// How clients that read a kubeconfig reach a wardle server that stands alone.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pki } from "./wardle.ts";

/** Writes a member of system:masters' kubeconfig into the directory of a wardle server. Returns its path. */
export function writeWardleKubeconfig(directory: string, port: number): string {
  const path = join(directory, "kubeconfig");
  const server = `https://127.0.0.1:${port}`;
  const cluster = { server, "certificate-authority": join(directory, "cert/apiserver.crt") };
  const user = { "client-certificate": join(pki, "admin.crt"), "client-key": join(pki, "admin.key") };
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "wardle",
    clusters: [{ name: "wardle", cluster }],
    users: [{ name: "wardle", user }],
    contexts: [{ name: "wardle", context: { cluster: "wardle", user: "wardle", namespace: "default" } }],
  };
  writeFileSync(path, JSON.stringify(config));
  return path;
}
