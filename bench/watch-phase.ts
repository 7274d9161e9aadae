// Many watchers of one collection, and updates that each of them must hear of.

import type { Load } from "./load.ts";
import type { Work } from "./measure.ts";

interface WatchPhase {
  readonly collection: string;
  readonly item: (i: number) => string;
  readonly watchers: number;
  readonly updates: number;
}

/** At a time: more than one, so that events may travel together as they do under load. */
const writers = 4;
const mark = Buffer.from('"heard":"');

/** An operation is one event that one watcher got; its latency runs from before its update was sent. */
export async function watchPhase(load: Load, { collection, item, watchers, updates }: WatchPhase): Promise<Work> {
  const { body } = await load.send(0, { path: `${collection}?limit=1` });
  const list: { metadata: { resourceVersion: string } } = JSON.parse(body.toString());
  const expected = updates * watchers;
  const sentMs: number[] = [];
  const latenciesMs: number[] = [];
  let sizeBytes = 0;
  const { promise: allHeard, resolve } = Promise.withResolvers<void>();
  const onData = (chunk: Buffer) => {
    sizeBytes += chunk.length;
    for (let at = chunk.indexOf(mark); at >= 0; at = chunk.indexOf(mark, at + 1)) {
      const number = Number.parseInt(chunk.toString("latin1", at + mark.length, at + mark.length + 8), 10);
      latenciesMs.push(performance.now() - (sentMs[number] ?? Number.NaN));
    }
    if (latenciesMs.length >= expected) resolve();
  };
  const path = `${collection}?watch=true&resourceVersion=${list.metadata.resourceVersion}`;
  const ends = await Promise.all(Array.from({ length: watchers }, (_, i) => load.follow(i, path, onData)));
  let next = 0;
  let fault: string | undefined;
  const writer = async (client: number) => {
    while (next < updates) {
      const number = next++;
      sentMs[number] = performance.now();
      const answer = await load.send(client, {
        method: "PATCH",
        path: item(number),
        headers: { "content-type": "application/merge-patch+json" },
        body: `{"metadata":{"labels":{"heard":"${String(number).padStart(8, "0")}"}}}`,
      });
      if (answer.status !== 200) fault = `${answer.status} ${answer.body.toString("utf8", 0, 200)}`;
    }
  };
  await Promise.all(Array.from({ length: writers }, (_, i) => writer(i)));
  await Promise.race([allHeard, new Promise((wake) => setTimeout(wake, hearTimeoutMs).unref())]);
  for (const end of ends) end();
  return { operations: expected, latenciesMs, errors: expected - latenciesMs.length, sizeBytes, fault };
}

/** Events that were not heard by then count as lost. */
const hearTimeoutMs = 30_000;
