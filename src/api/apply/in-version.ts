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

/** What a new object begins as: the structs of its kind. */
export function emptyObject(kind: Kind, version: string): ApiObject {
  const empty = objectSchema(kind, version).decode({});
  return { ...empty, kind: kind.kind, apiVersion: formatApiVersion({ group: kind.group, version }) };
}
