// Server-side apply: a manager says which fields it wants, and owns them from then on.
// https://kubernetes.io/docs/reference/using-api/server-side-apply/

import { formatApiVersion, parseApiVersion } from "../group-version.ts";
import type { Kind } from "../kind.ts";
import type { ApiObject } from "../object-meta.ts";
import { objectSchema } from "../schema/object-schema.ts";
import { StatusError } from "../status-error.ts";
import { isSame } from "./compare.ts";
import { conflictError } from "./conflict-error.ts";
import { FieldSet } from "./field-set.ts";
import { kubectlMayForce, withLastApplied } from "./last-applied.ts";
import { decodeOwners, encodeOwners, type Owner, ownerKey, withoutSystemFields } from "./managers.ts";
import { mergeValues } from "./merge.ts";
import { Change, conflictsOf, convertObject, ownersAfter } from "./ownership.ts";
import { take } from "./track-update.ts";
import { fieldSetOf, removeFields, typeFaults, withStructFields } from "./typed.ts";

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
  readonly now: string;
}

/** Who is given the fields of an object that was never applied before. */
const beforeFirstApply = "before-first-apply";

/** The live object with the applied fields, its managedFields worked out. Throws the 409 with all conflicts, and 400 for a body that does not fit. */
export function applyObject(options: ApplyObject): ApiObject {
  const { kind, version, live, applied, manager, subresource, now } = options;
  const { root } = objectSchema(kind, version);
  requireNoManagedFields(applied);
  requireTyped(kind, applied, typeFaults(applied, root));
  const apiVersion = formatApiVersion({ group: kind.group, version });
  const self = { manager, operation: "Apply", apiVersion, subresource } as const;
  const key = ownerKey(self);
  const owners = ownersBefore(options, apiVersion);
  const last = owners.get(key);
  const before = live === undefined ? undefined : withoutManagedFields(live);
  const wanted = { ...self, time: last?.time, fields: withoutSystemFields(fieldSetOf(applied, root)) };
  owners.set(key, wanted);
  const merged = decode(kind, version, mergeValues(before, applied, root));
  const pruned = prune(kind, version, { merged, last, owners });
  const change = new Change(kind, version, { before, after: pruned });
  const conflicts = conflictsOf(owners, change, key);
  if (conflicts.length > 0 && !options.force && !kubectlMayForce(options, conflicts)) throw conflictError(conflicts);
  const after = ownersAfter(owners, change, key);
  if (wanted.fields.isEmpty) after.delete(key);
  else if (!isSame(change.own)) after.set(key, { ...wanted, time: now });
  const result = withLastApplied(options, pruned);
  const entries = encodeOwners(after);
  if (entries !== undefined) result.metadata.managedFields = entries;
  return result;
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

function withoutManagedFields(object: ApiObject): ApiObject {
  const { managedFields: _managedFields, ...metadata } = object.metadata;
  return { ...object, metadata };
}

function decode(kind: Kind, version: string, value: unknown): ApiObject {
  return objectSchema(kind, version).decode(value);
}

/** The live object's owners; if it has none, everything that is there belongs to whoever came before. */
function ownersBefore({ kind, version, live, now }: ApplyObject, apiVersion: string): Map<string, Owner> {
  if (live === undefined) return new Map();
  const owners = readOwners(live);
  if (owners.size > 0) return owners;
  const change = new Change(kind, version, { before: undefined, after: withoutManagedFields(live) });
  take(owners, change, { manager: beforeFirstApply, operation: "Update", apiVersion, subresource: "", time: now });
  return owners;
}

function readOwners(live: ApiObject): Map<string, Owner> {
  try {
    return decodeOwners(live.metadata.managedFields ?? []);
  } catch (error) {
    if (error instanceof TypeError || error instanceof SyntaxError) return new Map();
    throw error;
  }
}

interface Prune {
  readonly merged: ApiObject;
  /** What the manager owned before. */
  readonly last: Owner | undefined;
  /** All owners, the manager with what it wants now. */
  readonly owners: ReadonlyMap<string, Owner>;
}

/**
 * Takes away what the manager owned and does not want any more, unless another owner has it. Owners know the object in versions of
 * their own: an item stays where it is owned in any of them.
 */
function prune(kind: Kind, version: string, { merged, last, owners }: Prune): ApiObject {
  if (last === undefined || last.fields.isEmpty) return merged;
  const lastVersion = parseApiVersion(last.apiVersion)?.version ?? version;
  if (!Object.hasOwn(kind.versions, lastVersion)) return merged;
  const inVersion = (object: ApiObject, from: string, to: string) => convertObject(kind, object, { from, to });
  const mergedThen = inVersion(merged, version, lastVersion);
  const lastFields = withStructFields(last.fields, objectSchema(kind, lastVersion).root);
  let current = lastVersion;
  let pruned = without(kind, current, mergedThen, lastFields);
  for (const [owned, fields] of fieldsByVersion(owners, lastVersion)) {
    if (!Object.hasOwn(kind.versions, owned)) continue;
    const { root } = objectSchema(kind, owned);
    const mergedNow = inVersion(merged, version, owned);
    const kept = withStructFields(fieldSetOf(inVersion(pruned, current, owned), root), root);
    const all = withStructFields(fieldSetOf(mergedNow, root), root);
    pruned = without(kind, owned, mergedNow, all.difference(kept).difference(withStructFields(fields, root)));
    current = owned;
  }
  const { root } = objectSchema(kind, lastVersion);
  const all = withStructFields(fieldSetOf(mergedThen, root), root);
  const kept = withStructFields(fieldSetOf(inVersion(pruned, current, lastVersion), root), root);
  return inVersion(
    without(kind, lastVersion, mergedThen, all.difference(kept).intersection(lastFields)),
    lastVersion,
    version,
  );
}

/** What all owners together own, version by version, `first` first. */
function fieldsByVersion(owners: ReadonlyMap<string, Owner>, first: string): Map<string, FieldSet> {
  const byVersion = new Map<string, FieldSet>([[first, new FieldSet()]]);
  for (const { apiVersion, fields } of owners.values()) {
    const version = parseApiVersion(apiVersion)?.version ?? "";
    byVersion.set(version, (byVersion.get(version) ?? new FieldSet()).union(fields));
  }
  return byVersion;
}

function without(kind: Kind, version: string, object: ApiObject, fields: FieldSet): ApiObject {
  const { root } = objectSchema(kind, version);
  return decode(kind, version, removeFields(object, fields, root) ?? {});
}
