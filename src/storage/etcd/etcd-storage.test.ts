import { after } from "node:test";
import { startEtcd } from "../../../test/support/etcd.ts";
import { describeStorage } from "../contract.ts";
import { openEtcdStorage } from "./etcd-storage.ts";

const endpoint = startEtcd({ after });

describeStorage("etcd", async () => openEtcdStorage({ endpoints: [await endpoint] }));
