// The joined items of a leaf of the cache, made once per form and kept until one of its entries changes.

import type { CacheEntry } from "../cache/cache-entry.ts";
import type { Leaf } from "../cache/tree.ts";
import type { Form } from "./form.ts";
import { KeptBytes } from "./kept-bytes.ts";

/** Forms kept per leaf: with each one about as large as the objects, ten thousand objects of 1.6 KB are at most 64 MB. */
const formsMax = 4;

/** A leaf's items in a form, with commas between them. The form must be lasting. Undefined for a leaf that nobody will ask for again. */
export function leafBytes(leaf: Leaf<CacheEntry>, form: Form): KeptBytes | undefined {
  const known = leaf.derived.get(form.key);
  if (known instanceof KeptBytes) return known;
  if (leaf.isReplaced) return undefined;
  const items = leaf.entries.map((entry) => form.item(entry));
  const joined = joinItems(items);
  if (form.isStored) shareItems(leaf, items, joined);
  const [oldest] = leaf.derived.keys();
  if (leaf.derived.size >= formsMax && oldest !== undefined) leaf.derived.delete(oldest);
  const kept = new KeptBytes(joined);
  leaf.derived.set(form.key, kept);
  return kept;
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

/** The joined bytes become the only copy of the objects. */
function shareItems(leaf: Leaf<CacheEntry>, items: readonly Buffer[], joined: Buffer): void {
  let at = 0;
  for (const [index, item] of items.entries()) {
    leaf.entries[index]?.shareItem(joined.subarray(at, at + item.length));
    at += item.length + 1;
  }
}
