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
const numberDigits = 8;
const markedBytes = mark.length + numberDigits;

/** An operation is one event that one watcher got; its latency runs from before its update was sent. */
export async function watchPhase(load: Load, { collection, item, watchers, updates }: WatchPhase): Promise<Work> {
  const { body } = await load.send(0, { path: `${collection}?limit=1` });
  const list: { metadata: { resourceVersion: string } } = JSON.parse(body.toString());
  const expected = updates * watchers;
  const sentMs: number[] = [];
  const latenciesMs: number[] = [];
  let sizeBytes = 0;
  const { promise: allHeard, resolve } = Promise.withResolvers<void>();
  const hear = (number: number) => {
    latenciesMs.push(performance.now() - (sentMs[number] ?? Number.NaN));
    if (latenciesMs.length === expected) resolve();
  };
  const listener = () => {
    let rest: Buffer = Buffer.alloc(0);
    return (chunk: Buffer) => {
      sizeBytes += chunk.length;
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let end = 0;
      for (let at = bytes.indexOf(mark); at >= 0 && at + markedBytes <= bytes.length; at = bytes.indexOf(mark, end)) {
        end = at + markedBytes;
        hear(Number.parseInt(bytes.toString("latin1", at + mark.length, end), 10));
      }
      // A mark may be cut in two.
      rest = bytes.subarray(Math.max(end, bytes.length - markedBytes + 1));
    };
  };
  const path = `${collection}?watch=true&resourceVersion=${list.metadata.resourceVersion}`;
  const ends = await Promise.all(Array.from({ length: watchers }, (_, i) => load.follow(i, path, listener())));
  // Another value than in any run before, or nothing would change.
  const run = Math.floor(performance.now());
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
        body: `{"metadata":{"labels":{"heard":"${String(number).padStart(numberDigits, "0")}-${run}"}}}`,
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
