// Clients of two wardle servers on one etcd read, create, change and delete the same few objects, while servers and etcd are killed: what
// they saw must be the history of one register for each object.

import assert from "node:assert/strict";
import { test } from "node:test";
import { StatusError } from "annex/api";
import { startEtcdCluster } from "../support/etcd.ts";
import { chances, rounds, sleep } from "../support/faults.ts";
import { aFlunder, type Flunders, flundersOf, isWithoutAnswer, namespace, surely } from "../support/flunder-traffic.ts";
import { KilledWardle } from "../support/killed-wardle.ts";
import { isLinearizable, type Operation } from "../support/linearizability.ts";

const clientsCount = 6;
const callsCount = 10;

test("two servers on one etcd show one history of each object, also while they and etcd are killed", async (t) => {
  const random = chances(t);
  const [etcd] = await startEtcdCluster(t, {
    size: 1,
    arguments: ["--heartbeat-interval=50", "--election-timeout=500"],
  });
  assert.ok(etcd !== undefined);
  const storage = () => ["--etcd-servers", etcd.endpoint];
  await using first = await KilledWardle.start(storage);
  await using second = await KilledWardle.start(storage);
  const servers = [first, second];
  let calls = 0;

  for (let round = 0; round < rounds(6); round++) {
    const recorder = new Recorder();
    // Objects of this round alone, so that each history is short enough to be searched.
    const names = ["a", "b", "c"].map((name) => `${name}-${round}`);
    const clients = Array.from({ length: clientsCount }, async (_, client) => {
      for (let i = 0; i < callsCount; i++) {
        const flunders = flundersOf((servers[random.below(2)] ?? first).client);
        const name = names[random.below(names.length)] ?? "a";
        await recorder.call(flunders, name, { choice: random.below(8), reference: `${client}-${i}` });
      }
    });
    await sleep(random.below(60));
    const choice = random.below(4);
    if (choice === 1) await first.killAndStart(0);
    if (choice === 2) await second.killAndStart(0);
    if (choice === 3) {
      await etcd.kill();
      await etcd.start();
    }
    await Promise.all(clients);
    for (const server of servers) await surely(() => flundersOf(server.client).list({ namespace }));
    for (const name of names) {
      const operations = recorder.operationsOf(name);
      calls += operations.length;
      assert.ok(isLinearizable(operations), `the history of ${name}: ${JSON.stringify(operations)}`);
    }
  }
  t.diagnostic(`${calls} calls were held against one history`);
});

interface Chosen {
  /** From 0 to 7. */
  readonly choice: number;
  readonly reference: string;
}

type Call = Operation["call"];

/** Calls and their answers, as the clients saw them. */
class Recorder {
  readonly #operations = new Map<string, Operation[]>();
  /** What any client last saw of an object, which is what the next write expects. */
  readonly #seen = new Map<string, { readonly reference: string | undefined; readonly revision: string | undefined }>();
  #moment = 0;

  operationsOf(name: string): readonly Operation[] {
    return this.#operations.get(name) ?? [];
  }

  async call(flunders: Flunders, name: string, { choice, reference }: Chosen): Promise<void> {
    const called = this.#moment++;
    const call = await this.#call(flunders, name, { choice, reference });
    if (call === undefined) return; // A read that failed says nothing.
    const isAnswered = call.kind === "read" || call.found !== undefined;
    const answered = isAnswered ? this.#moment++ : Number.POSITIVE_INFINITY;
    this.#operations.set(name, [...this.operationsOf(name), { called, answered, call }]);
  }

  async #call(flunders: Flunders, name: string, { choice, reference }: Chosen): Promise<Call | undefined> {
    if (choice < 2) return this.#read(name, () => flunders.get(name, { namespace }));
    if (choice < 4) return this.#read(name, () => findInList(flunders, name));
    const expected = this.#seen.get(name)?.reference;
    if (choice === 7 && expected !== undefined) return this.#write(flunders, name, undefined);
    return this.#write(flunders, name, reference);
  }

  async #read(name: string, read: () => ReturnType<typeof findInList>): Promise<Call | undefined> {
    try {
      const found = await read();
      return this.#saw(name, found?.spec.reference, found?.metadata.resourceVersion);
    } catch (error) {
      if (error instanceof StatusError && error.code === 404) return this.#saw(name, undefined, undefined);
      if (!isWithoutAnswer(error)) throw error;
      await sleep(2);
      return undefined;
    }
  }

  #saw(name: string, reference: string | undefined, revision: string | undefined): Call {
    this.#seen.set(name, { reference, revision });
    return { kind: "read", saw: reference };
  }

  async #write(flunders: Flunders, name: string, value: string | undefined): Promise<Call> {
    const { reference: expected, revision } = this.#seen.get(name) ?? { reference: undefined, revision: undefined };
    const call = { kind: "write", expected, value } as const;
    try {
      const written = await write(flunders, name, { value, revision });
      this.#seen.set(name, { reference: value, revision: written });
      return { ...call, found: { value: expected } };
    } catch (error) {
      if (error instanceof StatusError && error.code === 404) return { ...call, found: { value: undefined } };
      if (error instanceof StatusError && error.code === 409) return { ...call, found: "another" };
      if (!isWithoutAnswer(error)) throw error;
      await sleep(2);
      return { ...call, found: undefined };
    }
  }
}

/** Creates, changes or deletes on the condition that the object is as it was seen. */
async function write(
  flunders: Flunders,
  name: string,
  { value, revision }: { readonly value: string | undefined; readonly revision: string | undefined },
): Promise<string | undefined> {
  if (value === undefined) {
    await flunders.delete(name, { namespace, preconditions: { resourceVersion: revision ?? "" } });
    return undefined;
  }
  const object = aFlunder(name, value, revision);
  const written = await (revision === undefined ? flunders.create(object) : flunders.update(object));
  return written.metadata.resourceVersion;
}

async function findInList(flunders: Flunders, name: string) {
  return (await flunders.list({ namespace })).items.find(({ metadata }) => metadata.name === name);
}
