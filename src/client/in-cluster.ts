// The service account that a pod is given. https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ConnectionConfig } from "./connection.ts";

const accountDirectory = "/var/run/secrets/kubernetes.io/serviceaccount";
/** The kubelet renews tokens long before they end; reading them once a minute is soon enough, as client-go has it. */
const tokenLifetimeMs = 60_000;

/** Undefined where this process runs in no pod. */
export function inClusterConfig(directory: string = accountDirectory): ConnectionConfig | undefined {
  const host = process.env.KUBERNETES_SERVICE_HOST;
  const port = process.env.KUBERNETES_SERVICE_PORT;
  const tokenFile = join(directory, "token");
  if (host === undefined || port === undefined || !existsSync(tokenFile)) return undefined;
  return {
    server: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
    certificateAuthority: readFileSync(join(directory, "ca.crt"), "utf8"),
    token: renewedToken(tokenFile),
    namespace: readFileSync(join(directory, "namespace"), "utf8").trim(),
  };
}

function renewedToken(file: string): () => string {
  let token = "";
  let readAtMs = Number.NEGATIVE_INFINITY;
  return () => {
    const nowMs = performance.now();
    if (nowMs - readAtMs > tokenLifetimeMs) {
      token = readFileSync(file, "utf8").trim();
      readAtMs = nowMs;
    }
    return token;
  };
}
