// Which objects of the cache a request's selectors leave.

import {
  type FieldSelector,
  type LabelRequirement,
  type LabelSelector,
  matchesFields,
  matchesLabels,
} from "../../api/door.ts";
import type { CacheEntry } from "./cache-entry.ts";
import { labelColumn } from "./label-column.ts";
import type { Slice } from "./tree.ts";

interface Selectors {
  readonly labels: LabelSelector;
  readonly fields: FieldSelector;
}

/** A label that must have one of some values: the requirement that leaves the fewest. */
type WantedLabel = Extract<LabelRequirement, { readonly operator: "in" | "notin" }>;

export class EntrySelector {
  readonly #selectors: Selectors;
  readonly #wanted: WantedLabel | undefined;

  constructor(selectors: Selectors) {
    this.#selectors = selectors;
    this.#wanted = selectors.labels.find(isWanted);
  }

  /** Undefined where everything matches. */
  static of(selectors: Selectors): EntrySelector | undefined {
    const { labels, fields } = selectors;
    return labels.length === 0 && fields.length === 0 ? undefined : new EntrySelector(selectors);
  }

  matches({ selectable }: CacheEntry): boolean {
    const { labels, fields } = this.#selectors;
    return matchesLabels(labels, selectable.labels) && matchesFields(fields, selectable.fields);
  }

  /** What matches of a part of a leaf, in its order. */
  select({ leaf, from, to }: Slice<CacheEntry>): CacheEntry[] {
    const found: CacheEntry[] = [];
    const wanted = this.#wanted;
    const column = wanted && labelColumn(leaf, wanted.key);
    for (let at = from; at < to; at++) {
      const label = column?.[at];
      if (wanted !== undefined && (label === undefined || !wanted.values.has(label))) continue;
      const entry = leaf.entries[at];
      if (entry !== undefined && this.matches(entry)) found.push(entry);
    }
    return found;
  }
}

function isWanted(requirement: LabelRequirement): requirement is WantedLabel {
  return requirement.operator === "in";
}
