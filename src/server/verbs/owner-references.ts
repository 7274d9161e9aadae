// Owner references that stand twice are dropped, and the client is told.

import { isDeepStrictEqual } from "node:util";
import type { ApiObject, OwnerReference } from "../../api/door.ts";
import type { ApiRequest } from "../exchange.ts";

/** Creates and updates are looked through twice, patches only after admission. */
export function dropDuplicateOwners(
  { metadata }: ApiObject,
  { warnings }: ApiRequest,
  { isAdmitted }: { readonly isAdmitted: boolean },
): void {
  const { ownerReferences = [] } = metadata;
  if (ownerReferences.length < 2) return;
  const kept: OwnerReference[] = [];
  const dropped: string[] = [];
  for (const owner of ownerReferences) {
    // Only entries that are equal in everything are duplicates: what else shares a uid is left to validation and apply.
    const isDuplicate = kept.some((known) => known.uid === owner.uid && isDeepStrictEqual(known, owner));
    if (isDuplicate) dropped.push(owner.uid);
    else kept.push(owner);
  }
  if (dropped.length === 0) return;
  metadata.ownerReferences = kept;
  const when = isAdmitted ? " after mutating admission happens" : "";
  warnings.push(
    `.metadata.ownerReferences contains duplicate entries${when}; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${dropped.join(", ")}`,
  );
}
