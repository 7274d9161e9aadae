// How ownership moves when an object changes: who changes a field takes it from the others, and what is removed is nobody's.

import type { Kind } from "../kind.ts";
import { objectSchema } from "../schema/object-schema.ts";
import { StatusError } from "../status-error.ts";
import { type Comparison, compareObjects } from "./compare.ts";
import type { FieldSet } from "./field-set.ts";
import { convertValue, type InVersion, versionOf } from "./in-version.ts";
import type { Owner, Owners } from "./managers.ts";
import { compareTexts, type PathElement } from "./path-element.ts";
import { withoutAtomicParts } from "./reconcile.ts";
import { typeFaults } from "./type-faults.ts";

/** Fields that another owner loses by a change. */
export interface Conflict {
  readonly owner: Owner;
  readonly fields: FieldSet;
}

/** A change of an object, seen in whatever version an owner knows it in. */
export class Change {
  /** In the version of the request. */
  readonly own: Comparison;
  readonly #kind: Kind;
  readonly #before: InVersion;
  readonly #after: InVersion;
  readonly #isIgnored: ((element: PathElement) => boolean) | undefined;
  readonly #comparisons = new Map<string, Comparison>();

  /** Both objects in `version`. Fields that are ignored count as unchanged. */
  constructor(kind: Kind, version: string, { before, after, isIgnored }: ChangedObjects) {
    this.#kind = kind;
    this.#before = { version, value: before };
    this.#after = { version, value: after };
    this.#isIgnored = isIgnored;
    this.own = this.#compare(before, after, version);
    this.#comparisons.set(version, this.own);
  }

  /**
   * What changed, in the version of an owner; undefined for one that the kind does not have. Throws 400 where items of a list stand twice,
   * which no other version than that of the request puts up with.
   */
  seenBy(owner: Owner): Comparison | undefined {
    const version = versionOf(this.#kind, owner);
    if (version === undefined) return undefined;
    const known = this.#comparisons.get(version);
    if (known !== undefined) return known;
    const before = convertValue(this.#kind, this.#before, version);
    const after = convertValue(this.#kind, this.#after, version);
    for (const { value } of [before, after]) requireTyped(this.#kind, version, value);
    const comparison = this.#compare(before.value, after.value, version);
    this.#comparisons.set(version, comparison);
    return comparison;
  }

  #compare(before: unknown, after: unknown, version: string): Comparison {
    const comparison = compareObjects(before, after, objectSchema(this.#kind, version).root);
    const isIgnored = this.#isIgnored;
    if (isIgnored === undefined) return comparison;
    const { added, modified, removed } = comparison;
    return {
      added: added.without(isIgnored),
      modified: modified.without(isIgnored),
      removed: removed.without(isIgnored),
    };
  }
}

function requireTyped(kind: Kind, version: string, value: unknown): void {
  const faults = typeFaults(value, objectSchema(kind, version).root);
  if (faults.length > 0) throw StatusError.badRequest(faults.join(", "));
}

interface ChangedObjects {
  readonly before: unknown;
  readonly after: unknown;
  /** Says it of fields of the first level, such as `f:status`. */
  readonly isIgnored?: ((element: PathElement) => boolean) | undefined;
}

/** The owners as the schema has fields today: lists and maps that have become atomic are owned as a whole. */
export function reconcileOwners(kind: Kind, owners: Owners): Map<string, Owner> {
  const reconciled = new Map<string, Owner>();
  for (const [key, owner] of owners) {
    const version = versionOf(kind, owner);
    if (version === undefined) continue; // Nobody can tell what it owns.
    const fields = withoutAtomicParts(owner.fields, objectSchema(kind, version).root);
    reconciled.set(key, fields === owner.fields ? owner : { ...owner, fields });
  }
  return reconciled;
}

/** What the other owners lose, in the order of their keys. `self` is the key of the one who changes the object. */
export function conflictsOf(owners: Owners, change: Change, self: string): Conflict[] {
  const conflicts: Conflict[] = [];
  for (const [key, owner] of [...owners].sort(([a], [b]) => compareTexts(a, b))) {
    const comparison = key === self ? undefined : change.seenBy(owner);
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
    const comparison = key === self ? undefined : change.seenBy(owner);
    const fields = comparison === undefined ? owner.fields : withoutChanged(owner.fields, comparison);
    if (!fields.isEmpty) after.set(key, fields === owner.fields ? owner : { ...owner, fields });
  }
  return after;
}

function withoutChanged(fields: FieldSet, { added, modified, removed }: Comparison): FieldSet {
  return fields.difference(modified).difference(added).difference(removed);
}
