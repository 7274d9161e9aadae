// Where Node keeps what it has compiled, so that the many processes of a run do not each compile the same files.

import { join } from "node:path";

export const compileCacheDirectory = join(import.meta.dirname, "../../node_modules/.cache/compiled");
