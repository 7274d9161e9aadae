// Libraries that most servers never call: each would cost some 10 ms and 10 MB at every start.

import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/** A library, loaded by the first call. The caller names its type: `lazily<typeof import("yaml")>("yaml")`. */
export function lazily<Library>(name: string): () => Library {
  let library: Library | undefined;
  return () => {
    library ??= require(name);
    return library as Library;
  };
}
