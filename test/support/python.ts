// A Python that has the Kubernetes project's client for Python.

import { spawnSync } from "node:child_process";

/** The one on the path may be somebody's own; Debian's packages belong to /usr/bin/python3. */
const candidates = ["python3", "/usr/bin/python3"];

/** The program, undefined where no Python has the client. */
export function findPythonWithKubernetes(): string | undefined {
  return candidates.find((program) => spawnSync(program, ["-c", "import kubernetes"]).status === 0);
}
