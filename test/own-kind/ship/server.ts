// The fleet's server, as its author starts it.

import { runServer } from "annex/server";
import { ships } from "./ship.ts";

await runServer({ name: "fleet", resources: [ships] });
