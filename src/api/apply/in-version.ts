// An object as one version of its kind has it, and what it is in the others, where owners know it.

import { fromHub, toHub } from "../conversion.ts";
import { formatApiVersion, parseApiVersion } from "../group-version.ts";
import type { Kind } from "../kind.ts";
import type { ApiObject } from "../object-meta.ts";
import { withZeroFields } from "../schema/missing-fields.ts";
import { objectSchema } from "../schema/object-schema.ts";

/** The value may hold more than its schema keeps, such as what a client has applied to a struct without fields. */
export interface InVersion {
  readonly version: string;
  readonly value: unknown;
}

/** The same value where it has the version already: only a conversion prunes. */
export function convertValue(kind: Kind, object: InVersion, version: string): InVersion {
  if (object.version === version) return object;
  const decoded = objectSchema(kind, object.version).decode(object.value);
  // A part of an object may lack what conversions count on.
  const hub = toHub(kind, withZeroFields(kind, object.version, decoded), object.version);
  return { version, value: fromHub(kind, withZeroFields(kind, kind.hub, hub), version) };
}

/** The version that an owner writes through; undefined for one that the kind does not have, or has no more. */
export function versionOf(kind: Kind, { apiVersion }: { readonly apiVersion: string }): string | undefined {
  const parsed = parseApiVersion(apiVersion);
  return parsed?.group === kind.group && Object.hasOwn(kind.versions, parsed.version) ? parsed.version : undefined;
}

/** What a new object begins as: the structs of its kind. Not to be changed. */
export function emptyObject(kind: Kind, version: string): ApiObject {
  const known = emptyObjects.get(kind)?.[version];
  if (known !== undefined) return known;
  const decoded = objectSchema(kind, version).decode({});
  const empty = { ...decoded, kind: kind.kind, apiVersion: formatApiVersion({ group: kind.group, version }) };
  emptyObjects.set(kind, { ...emptyObjects.get(kind), [version]: empty });
  return empty;
}

const emptyObjects = new WeakMap<Kind, Readonly<Record<string, ApiObject>>>();

/** Who owns what is no part of what is owned. */
export function withoutManagedFields(object: ApiObject): ApiObject {
  const { managedFields: _managedFields, ...metadata } = object.metadata;
  return { ...object, metadata };
}
