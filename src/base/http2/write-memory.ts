// Memory for what is written, used again and again: fresh memory costs more than what is copied into it, and makes V8 collect.

interface Shelf {
  readonly sizeBytes: number;
  readonly spares: Buffer[];
  readonly sparesMax: number;
}

/** 4 MiB of each size are kept at most. */
const shelves: readonly Shelf[] = [
  { sizeBytes: 64 * 1024, spares: [], sparesMax: 64 },
  { sizeBytes: 512 * 1024, spares: [], sparesMax: 8 },
];

/** At least so many bytes. Whoever is done with them gives them back. */
export function takeMemory(sizeBytes: number): Buffer {
  const shelf = sizeBytes <= Buffer.poolSize ? undefined : shelves.find((shelf) => sizeBytes <= shelf.sizeBytes);
  if (shelf === undefined) return Buffer.allocUnsafe(sizeBytes);
  return shelf.spares.pop() ?? Buffer.allocUnsafeSlow(shelf.sizeBytes);
}

export function giveMemory(memory: Buffer): void {
  const shelf = shelves.find(({ sizeBytes }) => sizeBytes === memory.length);
  if (shelf !== undefined && shelf.spares.length < shelf.sparesMax) shelf.spares.push(memory);
}
