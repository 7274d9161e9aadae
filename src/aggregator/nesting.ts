// How deep a document of somebody else's nests: walks over it call themselves, and calls do not go as deep as JSON may.

/** OpenAPI nests some 20 deep, where schemas stand within each other perhaps 100. */
export const documentDepthMax = 500;

/** Whether objects and lists nest deeper than `documentDepthMax`. */
export function nestsTooDeep(document: unknown): boolean {
  let level: readonly unknown[] = [document];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > documentDepthMax) return true;
    level = level.flatMap((value) => (typeof value === "object" && value !== null ? Object.values(value) : []));
  }
  return false;
}
