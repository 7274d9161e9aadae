// The wardle server: a drop-in for Kubernetes' own sample-apiserver, with its flags.
// node examples/wardle/server.ts --secure-port 8443 --etcd-servers https://… (or --data-dir for the embedded store)

import { runServer } from "annex/server";
import { banFlunder } from "./ban-flunder.ts";
import { fischers } from "./fischer.ts";
import { flunders } from "./flunder.ts";

await runServer({
  name: "wardle",
  resources: [flunders, fischers],
  admission: [banFlunder()],
  defaults: { etcdPrefix: "/registry/wardle.example.com", title: "Wardle", version: "0.1" },
});
