// What to try once a control plane is ready.

import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";

/** Three commands: the last of the manifests that lie beside the first extension is the one to create. */
export function nextCommands(kubeconfig: string, [extension]: readonly string[]): string[] {
  const first = [`export KUBECONFIG=${kubeconfig}`, "kubectl get apiservices"];
  if (extension === undefined) return [...first, "kubectl get namespaces"];
  const manifest = manifestsIn(dirname(extension)).at(-1);
  return [...first, manifest === undefined ? "kubectl api-resources" : `kubectl create -f ${manifest}`];
}

function manifestsIn(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith(".yaml"))
    .sort()
    .map((name) => join(directory, name));
}
