// Where a main API server keeps the objects of each resource: without the group, but for a few that are older than that rule or younger.

import { registrationGroup } from "../aggregator/door.ts";
import type { GroupResource } from "../api/door.ts";
import type { Resource } from "../server/door.ts";

const exceptions: Readonly<Record<string, string>> = {
  "/services": "services/specs",
  "/endpoints": "services/endpoints",
  [`${registrationGroup}/apiservices`]: `${registrationGroup}/apiservices`,
  // The reference keeps both groups' events in one place; here each is stored as it was written.
  "events.k8s.io/events": "events.k8s.io/events",
};

/** The part of a resource's keys that follows the prefix, such as `services/specs`. */
export function keyPathOf({ kind: { group, plural } }: Resource): string {
  return exceptions[`${group}/${plural}`] ?? plural;
}

/** Finds the resource whose object lies under a key. Throws a TypeError for a key of no resource that is served here. */
export function resourcesByKey(resources: readonly Resource[], prefix: string): (key: string) => GroupResource {
  const known = resources.map((resource) => ({
    start: `${prefix}/${keyPathOf(resource)}/`,
    groupResource: { group: resource.kind.group, resource: resource.kind.plural },
  }));
  return (key) => {
    const found = known.find(({ start }) => key.startsWith(start));
    if (found === undefined)
      throw new TypeError(`Cannot tell whose key it is as a resource must be served there: ${key}`);
    return found.groupResource;
  };
}
