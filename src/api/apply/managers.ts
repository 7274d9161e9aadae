// Who owns what, as metadata.managedFields tells it.

import { parseApiVersion } from "../group-version.ts";
import type { ManagedFieldsEntry } from "../object-meta.ts";
import { decodeFieldSet, encodeFieldSet, FieldSet } from "./field-set.ts";

/** One owner: a manager by one operation, through one version. */
export interface Owner {
  readonly manager: string;
  readonly operation: "Apply" | "Update";
  readonly apiVersion: string;
  readonly subresource: string;
  readonly time: string | undefined;
  readonly fields: FieldSet;
}

/** Owners by what tells them apart: appliers are the same through all versions, updaters are not. */
export type Owners = ReadonlyMap<string, Owner>;

export function ownerKey({
  manager,
  operation,
  apiVersion,
  subresource,
}: Pick<Owner, "manager" | "operation" | "apiVersion" | "subresource">): string {
  return JSON.stringify([operation, manager, operation === "Apply" ? "" : apiVersion, subresource]);
}

/** Reads managedFields. Throws a TypeError for entries that nobody could have written. */
export function decodeOwners(entries: readonly ManagedFieldsEntry[]): Map<string, Owner> {
  const owners = new Map<string, Owner>();
  for (const entry of entries) {
    const owner = decodeOwner(entry);
    owners.set(ownerKey(owner), owner);
  }
  return owners;
}

/** Sets that were read before, by the object they were read from: stored objects are read over and over. */
const decoded = new WeakMap<object, FieldSet>();

function decodeOwner({
  manager = "",
  operation,
  apiVersion = "",
  subresource = "",
  time,
  fieldsType,
  fieldsV1,
}: ManagedFieldsEntry): Owner {
  if (operation !== "Apply" && operation !== "Update")
    throw new TypeError(`Cannot read managed fields as the operation must be Apply or Update: "${operation}"`);
  if (fieldsType !== undefined && fieldsType !== "" && fieldsType !== "FieldsV1")
    throw new TypeError(`Cannot read managed fields as the type of fields must be FieldsV1: "${fieldsType}"`);
  if (parseApiVersion(apiVersion) === undefined)
    throw new TypeError(`Cannot read managed fields as the version must be group/version: "${apiVersion}"`);
  const known: Owner["operation"] = operation === "Apply" ? "Apply" : "Update";
  return { manager, operation: known, apiVersion, subresource, time, fields: fieldsOf(fieldsV1) };
}

function fieldsOf(fieldsV1: unknown): FieldSet {
  if (fieldsV1 === undefined || fieldsV1 === null) return new FieldSet();
  if (typeof fieldsV1 !== "object") throw new TypeError("Cannot read managed fields as the fields must be an object");
  const known = decoded.get(fieldsV1);
  if (known !== undefined) return known;
  const fields = decodeFieldSet(fieldsV1);
  decoded.set(fieldsV1, fields);
  return fields;
}

/** Whether the client asks to forget all owners: `[]`, or one empty entry. */
export function isReset(entries: readonly ManagedFieldsEntry[] | undefined): boolean {
  if (entries === undefined) return false;
  const [first] = entries;
  return first === undefined || (entries.length === 1 && Object.keys(first).length === 0);
}

/** Writes managedFields in their order: by operation, time, manager and version. Undefined where nobody owns anything. */
export function encodeOwners(owners: Owners): ManagedFieldsEntry[] | undefined {
  if (owners.size === 0) return undefined;
  return [...owners.values()]
    .sort(compareOwners)
    .map(({ manager, operation, apiVersion, time, fields, subresource }) => ({
      ...(manager === "" ? {} : { manager }),
      operation,
      apiVersion,
      ...(time === undefined ? {} : { time }),
      fieldsType: "FieldsV1",
      fieldsV1: encodeFieldSet(fields),
      ...(subresource === "" ? {} : { subresource }),
    }));
}

function compareOwners(a: Owner, b: Owner): number {
  return (
    compareTexts(a.operation, b.operation) ||
    compareTexts(a.time ?? "", b.time ?? "") ||
    compareTexts(a.manager, b.manager) ||
    compareTexts(a.apiVersion, b.apiVersion) ||
    compareTexts(a.subresource, b.subresource)
  );
}

export function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Fields that belong to the system, whoever writes them. */
const systemFields = (() => {
  const set = new FieldSet();
  for (const name of ["apiVersion", "kind", "metadata"]) set.insert([`f:${name}`]);
  const meta = [
    "name",
    "namespace",
    "creationTimestamp",
    "selfLink",
    "uid",
    "clusterName",
    "generation",
    "managedFields",
    "resourceVersion",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
  ];
  for (const name of meta) set.insert(["f:metadata", `f:${name}`]);
  return set;
})();

/** The set without the fields that nobody owns. */
export function withoutSystemFields(fields: FieldSet): FieldSet {
  return fields.difference(systemFields);
}

/** More updaters than this are merged, the oldest first. https://kubernetes.io/docs/reference/using-api/server-side-apply/ */
const updatersMax = 10;
const ancientManager = "ancient-changes";

/** Merges the oldest updaters of each version until there are not too many. */
export function capUpdaters(owners: Map<string, Owner>): void {
  const updaters = [...owners].filter(([, { operation }]) => operation === "Update");
  let count = updaters.length;
  if (count <= updatersMax) return;
  updaters.sort(([a, x], [b, y]) => compareTexts(x.time ?? "", y.time ?? "") || compareTexts(a, b));
  const firstOfVersion = new Map<string, string>();
  for (const [key, owner] of updaters) {
    if (count <= updatersMax) return;
    const first = firstOfVersion.get(owner.apiVersion);
    if (first === undefined) {
      firstOfVersion.set(owner.apiVersion, key);
      continue;
    }
    const bucket = {
      manager: ancientManager,
      operation: "Update",
      apiVersion: owner.apiVersion,
      subresource: "",
    } as const;
    const bucketKey = ownerKey(bucket);
    const before = owners.get(bucketKey) ?? owners.get(first);
    if (!owners.has(bucketKey)) owners.delete(first);
    owners.delete(key);
    owners.set(bucketKey, {
      ...bucket,
      time: owner.time,
      fields: before === undefined ? owner.fields : owner.fields.union(before.fields),
    });
    count--;
  }
}
