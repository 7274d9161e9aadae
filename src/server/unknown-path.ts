// Paths that nobody serves, and the root, which lists those that somebody does.

import { encodePrettyJson } from "../api/door.ts";
import { groupsOf } from "./discovery/documents.ts";
import type { ApiRequest, ApiResponse } from "./exchange.ts";
import type { HealthCheck } from "./health.ts";
import { uncached } from "./render/document.ts";
import type { Resource } from "./resource.ts";

interface UnknownOptions {
  readonly style: "paths" | "plain";
  readonly resources: readonly Resource[];
  readonly checks: readonly HealthCheck[];
}

/** 200 with all paths for the root, 404 for anything else. */
export function answerUnknown({ path }: ApiRequest, { style, resources, checks }: UnknownOptions): ApiResponse {
  const isRoot = path === "/" || path === "/index.html";
  if (!isRoot && style === "plain")
    return {
      status: 404,
      headers: { ...uncached, "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" },
      body: Buffer.from("404 page not found\n"),
    };
  const body = Buffer.from(encodePrettyJson({ paths: pathsOf(resources, checks) }));
  return { status: isRoot ? 200 : 404, headers: { ...uncached, "content-type": "application/json" }, body };
}

function pathsOf(resources: readonly Resource[], checks: readonly HealthCheck[]): string[] {
  const paths = new Set(["/apis", "/metrics", "/openapi/v2", "/openapi/v3", "/openapi/v3/", "/version"]);
  for (const [group, versions] of groupsOf(resources)) {
    if (group === "") paths.add("/api");
    else paths.add(`/apis/${group}`);
    for (const version of versions) paths.add(group === "" ? `/api/${version}` : `/apis/${group}/${version}`);
  }
  for (const endpoint of ["healthz", "livez", "readyz"]) {
    paths.add(`/${endpoint}`);
    for (const check of checks)
      if (check.endpoints === undefined || check.endpoints.includes(endpoint)) paths.add(`/${endpoint}/${check.name}`);
  }
  return [...paths].sort();
}
