// How ownership moves when an object changes: who changes a field takes it from the others, and what is removed is nobody's.

import { fromHub, toHub } from "../conversion.ts";
import { parseApiVersion } from "../group-version.ts";
import type { Kind } from "../kind.ts";
import type { ApiObject } from "../object-meta.ts";
import { objectSchema } from "../schema/object-schema.ts";
import { type Comparison, compareObjects } from "./compare.ts";
import type { FieldSet } from "./field-set.ts";
import type { Owner, Owners } from "./managers.ts";

/** Fields that another owner loses by a change. */
export interface Conflict {
  readonly owner: Owner;
  readonly fields: FieldSet;
}

/** A change of an object, seen in whatever version an owner knows it in. */
export class Change {
  readonly #kind: Kind;
  readonly #version: string;
  readonly #before: ApiObject | undefined;
  readonly #after: ApiObject;
  readonly #comparisons = new Map<string, Comparison>();

  /** Both objects in `version`. */
  constructor(
    kind: Kind,
    version: string,
    { before, after }: { readonly before: ApiObject | undefined; readonly after: ApiObject },
  ) {
    this.#kind = kind;
    this.#version = version;
    this.#before = before;
    this.#after = after;
  }

  /** What changed, in the version of an `apiVersion`; undefined for one that the kind does not have. */
  in(apiVersion: string): Comparison | undefined {
    const version = parseApiVersion(apiVersion)?.version ?? "";
    if (!Object.hasOwn(this.#kind.versions, version)) return undefined;
    const known = this.#comparisons.get(version);
    if (known !== undefined) return known;
    // An object that is still to be created is compared as the empty object of its kind, whose structs are there already.
    const before = this.#before === undefined ? objectSchema(this.#kind, version).decode({}) : this.#convert(this.#before, version);
    const comparison = compareObjects(
      before,
      this.#convert(this.#after, version),
      objectSchema(this.#kind, version).root,
    );
    this.#comparisons.set(version, comparison);
    return comparison;
  }

  /** What changed, in the change's own version. */
  get own(): Comparison {
    return (
      this.in(`/${this.#version}`) ?? compareObjects(undefined, undefined, objectSchema(this.#kind, this.#version).root)
    );
  }

  #convert(object: ApiObject, version: string): ApiObject {
    return version === this.#version ? object : convertObject(this.#kind, object, { from: this.#version, to: version });
  }
}

/** An object in another version. */
export function convertObject(
  kind: Kind,
  object: ApiObject,
  { from, to }: { readonly from: string; readonly to: string },
): ApiObject {
  return from === to ? object : fromHub(kind, toHub(kind, object, from), to);
}

/** What the other owners lose, in the order of their keys. `self` is the key of the one who changes the object. */
export function conflictsOf(owners: Owners, change: Change, self: string | undefined): Conflict[] {
  const conflicts: Conflict[] = [];
  for (const [key, owner] of [...owners].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const comparison = key === self ? undefined : change.in(owner.apiVersion);
    if (comparison === undefined) continue;
    const fields = owner.fields.intersection(comparison.modified.union(comparison.added));
    if (!fields.isEmpty) conflicts.push({ owner, fields });
  }
  return conflicts;
}

/** The owners after a change: others have lost what was changed and what was removed; an owner of nothing is gone. */
export function ownersAfter(owners: Owners, change: Change, self: string | undefined): Map<string, Owner> {
  const after = new Map<string, Owner>();
  for (const [key, owner] of owners) {
    if (key === self) {
      after.set(key, owner);
      continue;
    }
    const comparison = change.in(owner.apiVersion);
    if (comparison === undefined) continue; // Its version is not served any more.
    const fields = owner.fields.difference(comparison.modified.union(comparison.added)).difference(comparison.removed);
    if (!fields.isEmpty) after.set(key, fields === owner.fields ? owner : { ...owner, fields });
  }
  return after;
}
