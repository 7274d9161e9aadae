// How the other commands reach the control plane of a data directory: by the kubeconfig that it left there.

import { join } from "node:path";
import { Client, httpTransport, loadKubeconfig } from "../client/door.ts";

/** As a member of system:masters. Throws where no control plane was ever started there. */
export function connect(dataDirectory: string): Client {
  const config = loadKubeconfig({ path: join(dataDirectory, "kubeconfig") });
  return new Client({ transport: httpTransport(config), userAgent: "annex" });
}
