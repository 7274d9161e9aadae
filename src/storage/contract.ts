// What each sentence of `storage.ts` means, as a suite that every engine passes, a user's own too (`annex/storage/contract`):
//
//     describeStorage("etcd", async (t) => openEtcdStorage({ endpoints: [await startEtcd(t)] }));

import { describe, type TestContext } from "node:test";
import { describeCommit } from "./contract/commit.ts";
import { describeCompaction } from "./contract/compaction.ts";
import { describeHistory } from "./contract/history.ts";
import { describeLifecycle } from "./contract/lifecycle.ts";
import { describeRange } from "./contract/range.ts";
import { describeWatch } from "./contract/watch.ts";
import type { Storage } from "./storage.ts";

/**
 * Opens the engine for one test, which closes it. The storage may hold other keys and earlier revisions: each test writes under a
 * prefix of its own. What has to end after the test is registered with `t.after`.
 */
export type OpenStorage = (t: TestContext) => Storage | Promise<Storage>;

/** Declares the suite for one engine, with node:test. */
export function describeStorage(name: string, open: OpenStorage): void {
  describe(`${name} storage`, () => {
    describeCommit(open);
    describeRange(open);
    describeWatch(open);
    describeCompaction(open);
    describeLifecycle(open);
    describeHistory(open);
  });
}
