// Server-side apply: a manager says which fields it wants, and owns them from then on.
// https://kubernetes.io/docs/reference/using-api/server-side-apply/

import { formatApiVersion } from "../group-version.ts";
import type { Kind } from "../kind.ts";
import type { ApiObject } from "../object-meta.ts";
import { DecodeError } from "../schema/decode-error.ts";
import { objectSchema } from "../schema/object-schema.ts";
import { StatusError } from "../status-error.ts";
import { conflictError } from "./conflict-error.ts";
import { emptyObject, withoutManagedFields } from "./in-version.ts";
import { conflictsBeyondKubectl, withLastApplied } from "./last-applied.ts";
import { decodeOwners, encodeOwners, type Owner, ownerKey, withoutSystemFields } from "./managers.ts";
import { mergeValues } from "./merge.ts";
import { Change, conflictsOf, ownersAfter, reconcileOwners } from "./ownership.ts";
import type { PathElement } from "./path-element.ts";
import { prune } from "./prune.ts";
import { deepEqual } from "./shape.ts";
import { take } from "./track-update.ts";
import { typeFaults } from "./type-faults.ts";
import { fieldSetOf } from "./typed-fields.ts";

export interface ApplyObject {
  readonly kind: Kind;
  /** The version that both objects are in. */
  readonly version: string;
  /** Undefined where there is none yet. */
  readonly live: ApiObject | undefined;
  /** The body as it was sent: the fields that it names are what the manager wants. */
  readonly applied: ApiObject;
  readonly manager: string;
  /** Takes fields from others instead of failing. */
  readonly force: boolean;
  readonly subresource: string;
  /** Fields of the first level that a write of this kind cannot change: whoever applies them does not own them. */
  readonly ignores?: (field: string) => boolean;
  readonly now: string;
}

/** Who is given the fields of an object that was never applied before. */
const beforeFirstApply = "before-first-apply";

/** The live object with the applied fields, its managedFields worked out. Throws the 409 with all conflicts, and 400 for a body that does not fit. */
export function applyObject(options: ApplyObject): ApiObject {
  const { kind, version, applied, manager, subresource, now } = options;
  const { root } = objectSchema(kind, version);
  requireNoManagedFields(applied);
  requireTyped(kind, applied, typeFaults(applied, root));
  const apiVersion = formatApiVersion({ group: kind.group, version });
  const self = { manager: manager === "" ? "unknown" : manager, operation: "Apply", apiVersion, subresource } as const;
  const key = ownerKey(self);
  const live = withoutManagedFields(options.live ?? emptyObject(kind, version));
  const owners = ownersBefore(options, { apiVersion, live });
  const last = owners.get(key);
  // Here with the fields that nobody owns, so that pruning keeps the name.
  const isIgnored = ignoredElements(options);
  const wanted = fieldSetOf(applied, root);
  owners.set(key, { ...self, time: last?.time, fields: isIgnored === undefined ? wanted : wanted.without(isIgnored) });

  const merged = { version, value: mergeValues(live, applied, root) };
  const pruned = prune(kind, merged, { last, owners });
  const change = new Change(kind, version, { before: live, after: pruned, isIgnored });
  const conflicts = options.force ? [] : conflictsBeyondKubectl(options, conflictsOf(owners, change, key));
  if (conflicts.length > 0) throw conflictError(conflicts);

  const after = ownersAfter(owners, change, key);
  // The order of items counts, and so does what is ignored.
  settle(after, key, deepEqual(live, pruned) ? last?.time : now);
  const result = withLastApplied(options, decode(kind, version, pruned));
  const entries = encodeOwners(after);
  if (entries !== undefined) result.metadata.managedFields = entries;
  return result;
}

function ignoredElements({ ignores }: ApplyObject): ((element: PathElement) => boolean) | undefined {
  return ignores === undefined ? undefined : (element) => element.startsWith("f:") && ignores(element.slice(2));
}

/** What the applier owns from now on; it has no entry where that is nothing. */
function settle(owners: Map<string, Owner>, key: string, time: string | undefined): void {
  const owner = owners.get(key);
  const fields = owner === undefined ? undefined : withoutSystemFields(owner.fields);
  if (owner === undefined || fields === undefined || fields.isEmpty) owners.delete(key);
  else owners.set(key, { ...owner, time, fields });
}

function requireNoManagedFields({ metadata }: ApiObject): void {
  if (metadata.managedFields !== undefined && metadata.managedFields !== null)
    throw StatusError.badRequest("metadata.managedFields must be nil");
}

function requireTyped(kind: Kind, { apiVersion, metadata }: ApiObject, faults: readonly string[]): void {
  if (faults.length === 0) return;
  const which = `${metadata.namespace ?? ""}/${metadata.name ?? ""}; ${apiVersion}, Kind=${kind.kind}`;
  const told = faults.length === 1 ? faults[0] : `errors:\n${faults.map((fault) => `  ${fault}`).join("\n")}`;
  throw StatusError.badRequest(`failed to create typed patch object (${which}): ${told}`);
}

interface Before {
  readonly apiVersion: string;
  readonly live: ApiObject;
}

/** The live object's owners; if it has none, everything that is there belongs to whoever came before. */
function ownersBefore(
  { kind, version, now, ...options }: ApplyObject,
  { apiVersion, live }: Before,
): Map<string, Owner> {
  const owners = reconcileOwners(kind, decodeOwners(options.live?.metadata.managedFields ?? []) ?? new Map());
  if (owners.size > 0 || options.live === undefined) return owners;
  const change = new Change(kind, version, { before: emptyObject(kind, version), after: live });
  const { subresource } = options;
  take(owners, change, { manager: beforeFirstApply, operation: "Update", apiVersion, subresource, time: now });
  return owners;
}

/** Numbers may fit the field's type and yet not its size. Throws 400. */
function decode(kind: Kind, version: string, value: unknown): ApiObject {
  try {
    return objectSchema(kind, version).decode(value);
  } catch (error) {
    if (error instanceof DecodeError) throw StatusError.badRequest(`failed to convert new object: ${error.message}`);
    throw error;
  }
}
