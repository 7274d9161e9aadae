// Ownership after an ordinary write: who changed a field owns it.

import { formatApiVersion } from "../group-version.ts";
import type { Kind } from "../kind.ts";
import type { ApiObject } from "../object-meta.ts";
import { objectSchema } from "../schema/object-schema.ts";
import {
  capUpdaters,
  decodeOwners,
  encodeOwners,
  isReset,
  type Owner,
  ownerKey,
  withoutSystemFields,
} from "./managers.ts";
import { Change, ownersAfter } from "./ownership.ts";

export interface TrackUpdate {
  readonly kind: Kind;
  /** The version that both objects are in. */
  readonly version: string;
  /** Undefined for a create. */
  readonly live: ApiObject | undefined;
  /** What the client wants; may bring managedFields of its own. */
  readonly updated: ApiObject;
  readonly manager: string;
  /** Empty for the object itself. */
  readonly subresource: string;
  /** As Kubernetes writes times. */
  readonly now: string;
}

/** The updated object with managedFields as this write leaves them. `updated` is changed in place and returned. */
export function trackUpdate({ kind, version, live, updated, manager, subresource, now }: TrackUpdate): ApiObject {
  const owners = startingOwners(live, updated, subresource);
  const { managedFields: _theirs, ...metadata } = updated.metadata;
  updated.metadata = metadata;
  // An object that nobody owned anything of is not tracked; only creation begins that.
  if (owners.size === 0 && live !== undefined) return updated;
  // A new object is compared with an empty one: what is always there, such as an empty spec, nobody added.
  const before = live ?? objectSchema(kind, version).decode({});
  const change = new Change(kind, version, { before, after: updated });
  const after = ownersAfter(owners, change, undefined);
  take(after, change, {
    manager,
    operation: "Update",
    apiVersion: formatApiVersion({ group: kind.group, version }),
    subresource,
    time: now,
  });
  capUpdaters(after);
  const entries = encodeOwners(after);
  if (entries !== undefined) updated.metadata.managedFields = entries;
  return updated;
}

/** Gives the changed fields to the writer, beside those that it owns already. */
export function take(owners: Map<string, Owner>, change: Change, self: Omit<Owner, "fields">): void {
  const { added, modified } = change.own;
  const taken = withoutSystemFields(modified.union(added));
  if (taken.isEmpty) return;
  const key = ownerKey(self);
  const before = owners.get(key);
  owners.set(key, { ...self, fields: before === undefined ? taken : taken.union(before.fields) });
}

/** The owners that the client sent, if it sent any that can be read, else those of the live object. */
function startingOwners(live: ApiObject | undefined, updated: ApiObject, subresource: string): Map<string, Owner> {
  const theirs = subresource === "" ? updated.metadata.managedFields : undefined;
  if (isReset(theirs)) return new Map();
  if (theirs !== undefined && live !== undefined) {
    const read = readOrNothing(theirs);
    if (read.size > 0) return read;
  }
  return readOrNothing(live?.metadata.managedFields ?? []);
}

function readOrNothing(entries: Parameters<typeof decodeOwners>[0]): Map<string, Owner> {
  try {
    return decodeOwners(entries);
  } catch (error) {
    if (error instanceof TypeError || error instanceof SyntaxError) return new Map();
    throw error;
  }
}
