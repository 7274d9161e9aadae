// What every replay of the flunders scenarios needs: the scenarios, who asks in them, and what is expected of each.

import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Owner } from "../support/etcd.ts";
import { pki, startWardle, type WardleProcess } from "../support/wardle.ts";
import { deliberateDifferences } from "./deliberate.ts";
import { type Identity, Player } from "./player.ts";
import type { Scenario } from "./scenario.ts";

const fixtures = join(import.meta.dirname, "fixtures");

export interface Fixture {
  /** Such as `flunders/http/gzip-large.json`. */
  readonly file: string;
  readonly scenario: Scenario;
}

/** The scenarios of a folder, in their order. */
export function fixturesIn(folder: string): Fixture[] {
  return globSync(`${folder}/**/*.json`, { cwd: fixtures })
    .sort()
    .map((file) => ({ file, scenario: JSON.parse(readFileSync(join(fixtures, file), "utf8")) }));
}

/**
 * `further/` is what differed, or nearly did, when thousands of requests were sent to the reference and to wardle alike; its scenarios of
 * delegation and of the aggregator are played where there is somebody to delegate to, and an aggregator.
 */
export const flunderFixtures: readonly Fixture[] = [
  ...fixturesIn("flunders"),
  ...fixturesIn("further").filter(({ file }) => !/^further\/(?:aggregator|delegated)\//.test(file)),
];

function identity(name: string): Identity {
  return { cert: readFileSync(join(pki, `${name}.crt`), "utf8"), key: readFileSync(join(pki, `${name}.key`), "utf8") };
}

const identities = {
  admin: identity("admin"),
  alice: identity("alice"),
  frontproxy: identity("frontproxy"),
  badproxy: identity("badproxy"),
  anonymous: {},
};

/** So many scenarios are played at once: most of their time they wait for watches to stay silent. */
export const concurrency = 8;

/** Plays every scenario against a stand-alone wardle. `storage` answers its flags for where objects live. */
export function describeFlunders(
  title: string,
  storage: (owner: Owner) => Promise<(directory: string) => readonly string[]>,
): void {
  describe(title, { concurrency }, () => {
    const ends: (() => void | Promise<void>)[] = [];
    let wardle: WardleProcess;
    let player: Player;
    before(async () => {
      const flags = await storage({ after: (end) => ends.push(end) });
      wardle = await startWardle({ storage: flags });
      player = new Player({ port: wardle.port, identities });
    });
    after(async () => {
      player[Symbol.dispose]();
      await wardle[Symbol.asyncDispose]();
      for (const end of ends) await end();
    });

    for (const { file, scenario } of flunderFixtures)
      test(`${file}: ${scenario.name}`, async () => {
        const problems = await player.play(scenario);
        if (deliberateDifferences.has(file))
          assert.notDeepEqual(problems, [], "it passes: docs/differences.md names it for nothing");
        else assert.deepEqual(problems, []);
      });
  });
}
