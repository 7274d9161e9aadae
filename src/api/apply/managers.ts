// Who owns what, as metadata.managedFields tells it.

import type { ManagedFieldsEntry } from "../object-meta.ts";
import { decodeFieldSet, FieldSet } from "./field-set.ts";
import { compareTexts } from "./path-element.ts";

/** One owner: a manager by one operation, through one version. */
export interface Owner {
  readonly manager: string;
  readonly operation: "Apply" | "Update";
  readonly apiVersion: string;
  readonly subresource: string;
  readonly time: string | undefined;
  readonly fields: FieldSet;
}

/** Owners by what tells them apart, which also orders them: appliers are the same through all versions, updaters are not. */
export type Owners = ReadonlyMap<string, Owner>;

export function ownerKey({
  manager,
  operation,
  apiVersion,
  subresource,
}: Pick<Owner, "manager" | "operation" | "apiVersion" | "subresource">): string {
  return JSON.stringify([manager, operation, operation === "Apply" ? "" : apiVersion, subresource]);
}

/** Reads managedFields; undefined where there are entries that nobody could have written. */
export function decodeOwners(entries: readonly ManagedFieldsEntry[]): Map<string, Owner> | undefined {
  try {
    const owners = entries.map(decodeOwner);
    return new Map(owners.map((owner) => [ownerKey(owner), owner]));
  } catch (error) {
    if (error instanceof TypeError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function decodeOwner({
  manager = "",
  operation,
  apiVersion = "",
  subresource = "",
  ...entry
}: ManagedFieldsEntry): Owner {
  if (operation !== "Apply" && operation !== "Update")
    throw new TypeError(`Cannot read managed fields as the operation must be Apply or Update: "${operation}"`);
  if (apiVersion === "") throw new TypeError("Cannot read managed fields as the version must not be empty");
  if (entry.fieldsType !== "FieldsV1")
    throw new TypeError(`Cannot read managed fields as the type of fields must be FieldsV1: "${entry.fieldsType}"`);
  // The comparison above does not narrow a type that is open to all texts.
  const known: Owner["operation"] = operation === "Apply" ? "Apply" : "Update";
  return { manager, operation: known, apiVersion, subresource, time: entry.time, fields: fieldsOf(entry.fieldsV1) };
}

/** Sets that were read before, by their text: objects of one origin have the same, and what was worked out for one holds for all. */
const decoded = new Map<string, FieldSet>();
/** With texts of at most 2,000 characters, some 10 MB at worst. */
const decodedMax = 1_000;
const decodedTextMax = 2_000;

function fieldsOf(fieldsV1: unknown): FieldSet {
  if (fieldsV1 === undefined || fieldsV1 === null) return FieldSet.empty;
  // A number that is no integer literal comes boxed.
  if (typeof fieldsV1 !== "object" || fieldsV1 instanceof Number)
    throw new TypeError("Cannot read managed fields as the fields must be an object");
  const text = JSON.stringify(fieldsV1);
  const known = decoded.get(text);
  if (known !== undefined) return known;
  const fields = decodeFieldSet(fieldsV1);
  if (text.length > decodedTextMax) return fields;
  const [oldest] = decoded.keys();
  if (decoded.size >= decodedMax && oldest !== undefined) decoded.delete(oldest);
  decoded.set(text, fields);
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
      fieldsV1: fields.encode(),
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

/** Fields that belong to the system, whoever writes them. */
const systemFields = FieldSet.of(
  ...["apiVersion", "kind", "metadata"].map((name) => [`f:${name}`]),
  ...[
    "name",
    "namespace",
    "creationTimestamp",
    "selfLink",
    "uid",
    "clusterName",
    "generation",
    "managedFields",
    "resourceVersion",
  ].map((name) => ["f:metadata", `f:${name}`]),
);

/** The set without the fields that nobody owns. */
export function withoutSystemFields(fields: FieldSet): FieldSet {
  const known = ownable.get(fields);
  if (known !== undefined) return known;
  const rest = fields.difference(systemFields);
  ownable.set(fields, rest);
  return rest;
}

const ownable = new WeakMap<FieldSet, FieldSet>();
