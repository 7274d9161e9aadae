// GET /version. https://kubernetes.io/docs/reference/using-api/deprecation-guide/

import { arch, version as nodeVersion, platform } from "node:process";
import { encodePrettyJson, isAcceptable, routerNotAcceptable, StatusError } from "../api/door.ts";
import { type ApiRequest, type ApiResponse, header } from "./exchange.ts";
import { uncached } from "./render/document.ts";

/** The Kubernetes whose behaviour this server has; clients compare with it. */
const kubernetesVersion = { major: "1", minor: "36", gitVersion: "v1.36.2+annex" } as const;

/** Answers /version, which is JSON alone; undefined for other paths. Throws 405, and 406 to clients that read no JSON. */
export function answerVersion({ path, method, headers }: ApiRequest): ApiResponse | undefined {
  if (path === "/version/") throw StatusError.resourceNotFound();
  if (path !== "/version") return undefined;
  if (method !== "GET") throw StatusError.methodNotAllowed();
  if (!isAcceptable(header(headers, "accept"), "json")) throw routerNotAcceptable("json");
  const build = { emulationMajor: "1", emulationMinor: "36", minCompatibilityMajor: "1", minCompatibilityMinor: "35" };
  const info = {
    ...kubernetesVersion,
    ...build,
    gitCommit: "",
    gitTreeState: "clean",
    buildDate: "1970-01-01T00:00:00Z",
    goVersion: nodeVersion,
    compiler: "node",
    platform: `${platform}/${arch === "x64" ? "amd64" : arch}`,
  };
  return {
    status: 200,
    headers: { ...uncached, "content-type": "application/json" },
    body: Buffer.from(encodePrettyJson(info)),
  };
}
