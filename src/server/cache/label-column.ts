// One label of a leaf's entries side by side, so that a selector looks through one list of values in place of every object.

import type { CacheEntry } from "./cache-entry.ts";
import type { Leaf } from "./tree.ts";

/** The values in the order of the entries; undefined where an entry has no such label. */
export type LabelColumn = readonly (string | undefined)[];

/** Labels kept per leaf: a selector that names others takes the place of the oldest. */
const columnsMax = 2;

const derivedKey = "label columns";

class Columns extends Map<string, LabelColumn> {}

/** Worked out once for each leaf, which never changes. */
export function labelColumn(leaf: Leaf<CacheEntry>, label: string): LabelColumn {
  const kept = leaf.derived.get(derivedKey);
  const columns = kept instanceof Columns ? kept : new Columns();
  const known = columns.get(label);
  if (known !== undefined) return known;
  const column = leaf.entries.map((entry) => labelOf(entry, label));
  if (leaf.isReplaced) return column;
  const [oldest] = columns.keys();
  if (columns.size >= columnsMax && oldest !== undefined) columns.delete(oldest);
  leaf.derived.set(derivedKey, columns.set(label, column));
  return column;
}

function labelOf({ selectable }: CacheEntry, label: string): string | undefined {
  // Nothing that a plain object inherits is a string.
  const value: unknown = selectable.labels[label];
  return typeof value === "string" ? value : undefined;
}
