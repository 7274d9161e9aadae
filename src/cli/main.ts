#!/usr/bin/env node
// The command `annex`. It does nothing but remember compiled code between runs, which has to be asked for before the code is loaded.

import { enableCompileCache } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";

// In the user's own folder, since whoever can write there decides what runs. Extension servers, being children, share it.
process.env.NODE_COMPILE_CACHE ??= join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "annex");
enableCompileCache(process.env.NODE_COMPILE_CACHE);

const { annex } = await import("./annex.ts");
process.exit(await annex(process.argv.slice(2)));
