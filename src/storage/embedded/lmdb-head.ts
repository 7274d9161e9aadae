// A look at a file before LMDB has it: LMDB ends the process where a file is not its own, or is shorter than it says.
// The layout is that of the LMDB inside lmdb 3: two pages, of which the one with the higher transaction counts.

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { corrupt } from "./lmdb-error.ts";

/** Two objects of 1.7 KB fill a page; one above 2 KB has pages of its own. Pages of 8 KB made the file no smaller and commits 10 % dearer. */
export const pageSizeBytes = 4_096;

const marks = [
  { offset: 24, value: 0xbeefc0de },
  { offset: 28, value: 2 }, // The version of the layout.
  { offset: 48, value: pageSizeBytes },
];
const rootOffsets = [88, 136];
const lastPageOffset = 144;
const transactionOffset = 152;
/** LMDB's mark for a tree without pages. */
const noPage = 2n ** 64n - 1n;

/** Throws CORRUPT where the file is not a database of this engine's kind, or not whole. */
export function checkHead(path: string): void {
  const pages = Buffer.alloc(2 * pageSizeBytes);
  const descriptor = openSync(path, "r");
  try {
    const read = readSync(descriptor, pages, 0, pages.length, 0);
    const { size } = fstatSync(descriptor); // Later, since the file of another process may grow: never less than its head says.
    if (read < pages.length) throw corrupt(path, `it must have ${pages.length} bytes at least: it has ${size}`);
    const [first, second] = [pages.subarray(0, pageSizeBytes), pages.subarray(pageSizeBytes)];
    if (!isMarked(first) || !isMarked(second))
      throw corrupt(path, "it must be a database of this engine: its head is another");
    const isFirstNewer = first.readBigUInt64LE(transactionOffset) > second.readBigUInt64LE(transactionOffset);
    checkTrees(path, isFirstNewer ? first : second, size);
  } finally {
    closeSync(descriptor);
  }
}

function isMarked(page: Buffer): boolean {
  return marks.every(({ offset, value }) => page.readUInt32LE(offset) === value);
}

function checkTrees(path: string, page: Buffer, sizeBytes: number): void {
  const lastPage = page.readBigUInt64LE(lastPageOffset);
  const wanted = (lastPage + 1n) * BigInt(pageSizeBytes);
  if (BigInt(sizeBytes) < wanted) throw corrupt(path, `it must have ${wanted} bytes: it has ${sizeBytes}`);
  for (const offset of rootOffsets) {
    const root = page.readBigUInt64LE(offset);
    if (root !== noPage && root > lastPage) throw corrupt(path, "its trees must lie within it");
  }
}
