// What a manager owned and does not want any more goes away, unless somebody else has it.

import { isRecord } from "../../base/record.ts";
import type { Kind } from "../kind.ts";
import { objectSchema } from "../schema/object-schema.ts";
import type { SchemaNode } from "../schema/schema-node.ts";
import { FieldSet } from "./field-set.ts";
import { convertValue, type InVersion, versionOf } from "./in-version.ts";
import type { Owner, Owners } from "./managers.ts";
import { childNode, itemElement } from "./shape.ts";
import { fieldSetOf, withStructFields } from "./typed-fields.ts";

interface Prune {
  /** What the manager owned before. */
  readonly last: Owner | undefined;
  /** All owners, the manager with what it wants now. */
  readonly owners: Owners;
}

/** Owners know the object in versions of their own: an item stays where it is owned in any of them. */
export function prune(kind: Kind, merged: InVersion, { last, owners }: Prune): unknown {
  if (last === undefined || last.fields.isEmpty) return merged.value;
  const lastVersion = versionOf(kind, last);
  if (lastVersion === undefined) return merged.value;
  const owned = fieldsByVersion(kind, owners, lastVersion);
  // What the manager wants is all that it wanted before, or others have the rest: the way of most applies. Another version may lose
  // more than what went, where it cannot say what is left without a field that nobody owns.
  if (owned.size === 1 && last.fields.difference(owned.get(lastVersion) ?? FieldSet.empty).isEmpty) return merged.value;
  const rootOf = (version: string) => objectSchema(kind, version).root;
  const convert = (object: InVersion, version: string) => convertValue(kind, object, version);
  const fieldsOf = ({ version, value }: InVersion) =>
    withStructFields(fieldSetOf(value, rootOf(version)), rootOf(version));
  const without = ({ version, value }: InVersion, fields: FieldSet): InVersion => ({
    version,
    value: removeFields(value, fields, rootOf(version)) ?? {},
  });

  const mergedThen = convert(merged, lastVersion);
  const lastFields = withStructFields(last.fields, rootOf(lastVersion));
  let pruned = without(mergedThen, lastFields);
  for (const [version, fields] of owned) {
    const mergedNow = convert(merged, version);
    const lost = fieldsOf(mergedNow)
      .difference(fieldsOf(convert(pruned, version)))
      .difference(withStructFields(fields, rootOf(version)));
    pruned = without(mergedNow, lost);
  }
  const lost = fieldsOf(mergedThen)
    .difference(fieldsOf(convert(pruned, lastVersion)))
    .intersection(lastFields);
  return convert(without(mergedThen, lost), merged.version).value;
}

/** What all owners together own, version by version, `first` first: conversion may need what that version has. */
function fieldsByVersion(kind: Kind, owners: Owners, first: string): Map<string, FieldSet> {
  const byVersion = new Map([[first, FieldSet.empty]]);
  for (const owner of owners.values()) {
    const version = versionOf(kind, owner);
    if (version !== undefined) byVersion.set(version, (byVersion.get(version) ?? FieldSet.empty).union(owner.fields));
  }
  return byVersion;
}

/** The value without the fields and items of a set. A map or list that loses all it has becomes null. */
function removeFields(value: unknown, toRemove: FieldSet, node: SchemaNode): unknown {
  if (toRemove.isEmpty) return value;
  if (Array.isArray(value)) {
    if (node.type !== "list" || node.listType === "atomic") return value;
    const kept = value.flatMap((item) => {
      const below = toRemove.children.get(itemElement(node, item));
      if (below?.isMember === true) return [];
      return [below === undefined ? item : removeFields(item, below, node.items)];
    });
    return kept.length === 0 ? null : kept;
  }
  if (!isRecord(value)) return value;
  const kept: [string, unknown][] = [];
  for (const [key, member] of Object.entries(value)) {
    const below = toRemove.children.get(`f:${key}`);
    if (below?.isMember === true) continue;
    const child = childNode(node, key);
    kept.push([key, below === undefined || child === undefined ? member : removeFields(member, below, child)]);
  }
  return kept.length === 0 ? null : Object.fromEntries(kept);
}
