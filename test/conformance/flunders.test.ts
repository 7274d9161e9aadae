// Every recorded scenario of the Go reference, played against the stand-alone wardle server on the embedded store.

import { join } from "node:path";
import { describeFlunders } from "./suite.ts";

describeFlunders("flunders on the embedded store", async () => (directory) => ["--data-dir", join(directory, "data")]);
