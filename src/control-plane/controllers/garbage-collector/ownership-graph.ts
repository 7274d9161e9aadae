// Who depends on whom, by UID: what the garbage collector has seen in objects' ownerReferences.
// https://kubernetes.io/docs/concepts/overview/working-with-objects/owners-dependents/

import type { ObjectMeta } from "../../../api/door.ts";

export type OwnerReference = NonNullable<ObjectMeta["ownerReferences"]>[number];

/** An object with owners. */
export interface Dependent<Identity> {
  readonly uid: string;
  readonly identity: Identity;
  readonly owners: readonly OwnerReference[];
  /** Whether it is being deleted, and waits for its own dependents first. */
  readonly awaitsDependents: boolean;
}

/** `Identity` is whatever finds the object again. Objects without owners are not kept. */
export class OwnershipGraph<Identity> {
  readonly #dependents = new Map<string, Dependent<Identity>>();
  readonly #byOwner = new Map<string, Set<string>>();

  get(uid: string): Dependent<Identity> | undefined {
    return this.#dependents.get(uid);
  }

  /** Takes note of an object as it is now. */
  set(dependent: Dependent<Identity>): void {
    this.delete(dependent.uid);
    if (dependent.owners.length === 0) return;
    this.#dependents.set(dependent.uid, dependent);
    for (const { uid } of dependent.owners) {
      const known = this.#byOwner.get(uid);
      if (known === undefined) this.#byOwner.set(uid, new Set([dependent.uid]));
      else known.add(dependent.uid);
    }
  }

  /** The object is gone. Those that depend on it stay known as such. */
  delete(uid: string): void {
    const known = this.#dependents.get(uid);
    if (known === undefined) return;
    this.#dependents.delete(uid);
    for (const owner of known.owners) {
      const dependents = this.#byOwner.get(owner.uid);
      dependents?.delete(uid);
      if (dependents?.size === 0) this.#byOwner.delete(owner.uid);
    }
  }

  *dependentsOf(uid: string): Iterable<Dependent<Identity>> {
    for (const dependent of this.#byOwner.get(uid) ?? []) {
      const found = this.#dependents.get(dependent);
      if (found !== undefined) yield found;
    }
  }

  hasDependents(uid: string): boolean {
    return this.#byOwner.has(uid);
  }

  /** Dependents without whose end the owner's foreground deletion does not end. */
  *blockersOf(uid: string): Iterable<Dependent<Identity>> {
    for (const dependent of this.dependentsOf(uid))
      if (dependent.owners.some((owner) => owner.uid === uid && owner.blockOwnerDeletion === true)) yield dependent;
  }
}
