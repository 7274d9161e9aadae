// From one version of a kind to another, by way of the hub.

import { setOwn } from "../base/own.ts";
import { formatApiVersion } from "./group-version.ts";
import type { Kind } from "./kind.ts";
import type { ApiObject, ObjectMeta } from "./object-meta.ts";
import { missingFields } from "./schema/missing-fields.ts";
import { objectSchema } from "./schema/object-schema.ts";

/** The object in the hub's shape. The result shares nothing that may be changed with `object`. */
export function toHub(kind: Kind, object: ApiObject, version: string): ApiObject {
  const convert = kind.versions[version]?.toHub;
  const body = convert === undefined || version === kind.hub ? bodyOf(object) : convert(object);
  return dress(kind, kind.hub, object.metadata, body);
}

/** The object, given in the hub's shape, in a version's. The result shares nothing that may be changed with `object`. */
export function fromHub(kind: Kind, object: ApiObject, version: string): ApiObject {
  const convert = kind.versions[version]?.fromHub;
  const body = convert === undefined || version === kind.hub ? bodyOf(object) : convert(object);
  return objectSchema(kind, version).decode(dress(kind, version, object.metadata, body));
}

/** The object, given in the hub's shape, in a version's, to be looked at and not to be changed: it may be the same one. */
export function viewIn(kind: Kind, object: ApiObject, version: string): ApiObject {
  // What came from another version may hold empty values, which only decoding leaves out.
  return Object.keys(kind.versions).length === 1 ? object : fromHub(kind, object, version);
}

/** Reads untyped JSON as an object of a version, with all defaults filled in. Throws a DecodeError. */
export function decodeVersioned(kind: Kind, version: string, value: unknown): ApiObject {
  const object = objectSchema(kind, version).decode(value);
  const { default: fillIn } = kind.versions[version] ?? {};
  if (fillIn !== undefined && missingFields(kind, version, object).length === 0) fillIn(object);
  return object;
}

function dress(kind: Kind, version: string, metadata: ObjectMeta, body: Readonly<Record<string, unknown>>): ApiObject {
  return {
    ...body,
    kind: kind.kind,
    apiVersion: formatApiVersion({ group: kind.group, version }),
    metadata: copyMeta(metadata),
  };
}

function bodyOf({
  kind: _kind,
  apiVersion: _apiVersion,
  metadata: _metadata,
  ...body
}: ApiObject): Record<string, unknown> {
  return copyObject(body);
}

/** A copy of plain JSON, several times as fast as structuredClone. The schema bounds how deep it goes. */
function copyObject(source: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const target: Record<string, unknown> = {};
  for (const key in source) setOwn(target, key, copyValue(source[key]));
  return target;
}

function copyValue(value: unknown): unknown {
  if (typeof value !== "object" || value === null || value instanceof Number) return value;
  return Array.isArray(value) ? value.map(copyValue) : copyObject(value as Record<string, unknown>); // What is left in JSON.
}

/** A copy as deep as metadata is changed in place; field sets are shared, since nobody changes them. */
export function copyMeta(metadata: ObjectMeta): ObjectMeta {
  const copy = { ...metadata };
  if (copy.labels !== undefined) copy.labels = { ...copy.labels };
  if (copy.annotations !== undefined) copy.annotations = { ...copy.annotations };
  if (copy.ownerReferences !== undefined)
    copy.ownerReferences = copy.ownerReferences.map((reference) => ({ ...reference }));
  if (copy.finalizers !== undefined) copy.finalizers = [...copy.finalizers];
  if (copy.managedFields !== undefined) copy.managedFields = copy.managedFields.map((entry) => ({ ...entry }));
  return copy;
}
