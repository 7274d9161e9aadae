// What clients of a version that will go away are told. https://kubernetes.io/docs/reference/using-api/deprecation-policy/

import { formatApiVersion, type Kind } from "../api/door.ts";

/** A version that does not say since when it is deprecated is so three minor versions after its introduction. */
const deprecatedAfterMinors = 3;

const known = new WeakMap<Kind, Map<string, readonly string[]>>();

/** The warning of a version, in a list; undefined for one that stays. */
export function lifecycleWarning(kind: Kind, version: string): readonly string[] | undefined {
  const versions = known.get(kind) ?? new Map<string, readonly string[]>();
  known.set(kind, versions);
  const made = versions.get(version) ?? make(kind, version);
  versions.set(version, made);
  return made.length === 0 ? undefined : made;
}

function make(kind: Kind, version: string): readonly string[] {
  const lifecycle = kind.versions[version]?.lifecycle;
  if (lifecycle?.removed === undefined && lifecycle?.deprecated === undefined) return [];
  const { introduced, removed, replacement } = lifecycle;
  const deprecated = lifecycle.deprecated ?? laterMinor(introduced);
  const what = `${formatApiVersion({ group: kind.group, version })} ${kind.kind}`;
  const until = removed === undefined ? "" : `, unavailable in v${removed}+`;
  const instead = replacement === undefined ? "" : `; use ${formatApiVersion(replacement)} ${replacement.kind}`;
  return [`${what} is deprecated in v${deprecated}+${until}${instead}`];
}

function laterMinor(introduced: string): string {
  const [major = "1", minor = "0"] = introduced.split(".");
  return `${major}.${Number(minor) + deprecatedAfterMinors}`;
}
