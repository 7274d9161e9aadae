// annex up --extension examples/machine/server.ts, then: kubectl get gauges -w

import { runServer } from "annex/server";
import { gauges } from "./gauge.ts";

await runServer({ name: "machine", resources: [gauges] });
