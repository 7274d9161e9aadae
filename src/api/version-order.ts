// Which of two versions is the better one: v2 before v1, stable before beta before alpha, anything else last by name.
// https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definition-versioning/#version-priority

const pattern = /^v(\d+)(?:(alpha|beta)(\d+))?$/;
const stages = { alpha: 0, beta: 1, stable: 2 } as const;

/** Negative where `a` comes first. */
export function compareVersions(a: string, b: string): number {
  const x = rank(a);
  const y = rank(b);
  if (x === undefined || y === undefined) return x === y ? (a < b ? -1 : a > b ? 1 : 0) : x === undefined ? 1 : -1;
  return y.stage - x.stage || y.major - x.major || y.minor - x.minor;
}

function rank(version: string): { readonly stage: number; readonly major: number; readonly minor: number } | undefined {
  const match = pattern.exec(version);
  if (match === null) return undefined;
  const [, major = "0", stage, minor = "0"] = match;
  return {
    stage: stage === "alpha" ? stages.alpha : stage === "beta" ? stages.beta : stages.stable,
    major: Number(major),
    minor: Number(minor),
  };
}
