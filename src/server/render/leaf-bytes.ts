// The joined items of a leaf of the cache, made once per form and kept until one of its entries changes.

import type { CacheEntry } from "../cache/cache-entry.ts";
import type { Leaf } from "../cache/tree.ts";
import type { Form } from "./form.ts";

/** A leaf's items in a form, with commas between them. The form must be lasting. */
export function leafBytes(leaf: Leaf<CacheEntry>, form: Form): Buffer {
  const known = leaf.derived.get(form.key);
  if (known instanceof Buffer) return known;
  const joined = joinItems(leaf.entries.map((entry) => form.item(entry)));
  leaf.derived.set(form.key, joined);
  return joined;
}

const comma = 0x2c;

/** One allocation, no intermediate texts. */
function joinItems(items: readonly Buffer[]): Buffer {
  let sizeBytes = items.length - 1;
  for (const item of items) sizeBytes += item.length;
  const joined = Buffer.allocUnsafeSlow(Math.max(0, sizeBytes));
  let at = 0;
  for (const item of items) {
    if (at > 0) joined[at++] = comma;
    at += item.copy(joined, at);
  }
  return joined;
}
