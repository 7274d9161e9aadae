// Those who may do everything, and the paths that everybody may read.

import type { Authorizer } from "./authorizer.ts";

const allowed = { verdict: "allow", reason: "" } as const;
const noOpinion = { verdict: "no opinion", reason: "" } as const;

/** Members of system:masters may do everything, without anybody being asked. */
export const systemMasters: Authorizer = {
  authorize: ({ user }) => (user.groups.includes("system:masters") ? allowed : noOpinion),
};

/** `--authorization-always-allow-paths`: exact paths, or beginnings that end in a star. */
export function alwaysAllowPaths(paths: readonly string[]): Authorizer {
  const matches = (path: string) =>
    paths.some((pattern) => (pattern.endsWith("*") ? path.startsWith(pattern.slice(0, -1)) : path === pattern));
  return { authorize: ({ isResource, path }) => (!isResource && matches(path) ? allowed : noOpinion) };
}
