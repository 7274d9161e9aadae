// Every recorded scenario of the Go reference, played against the stand-alone wardle server on etcd, where the answers must be the same.

import { startEtcd } from "../support/etcd.ts";
import { describeFlunders } from "./suite.ts";

describeFlunders("flunders on etcd", async (owner) => {
  const endpoint = await startEtcd(owner);
  return () => ["--etcd-servers", endpoint];
});
