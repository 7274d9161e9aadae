// Every recorded scenario of the Go reference, played against the stand-alone wardle server.

import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { pki, startWardle, type WardleProcess } from "../support/wardle.ts";
import { deliberateDifferences } from "./deliberate.ts";
import { type Identity, Player } from "./player.ts";
import type { Scenario } from "./scenario.ts";

const fixtures = join(import.meta.dirname, "fixtures");
const files = globSync("flunders/**/*.json", { cwd: fixtures }).sort();

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

describe("flunders on the embedded store", { concurrency: 8 }, () => {
  let wardle: WardleProcess;
  let player: Player;
  before(async () => {
    wardle = await startWardle({ storage: (directory) => ["--data-dir", join(directory, "data")] });
    player = new Player({ port: wardle.port, identities });
  });
  after(async () => {
    player[Symbol.dispose]();
    await wardle[Symbol.asyncDispose]();
  });

  for (const file of files) {
    const scenario: Scenario = JSON.parse(readFileSync(join(fixtures, file), "utf8"));
    test(`${file}: ${scenario.name}`, async () => {
      const problems = await player.play(scenario);
      if (deliberateDifferences.has(file))
        assert.notDeepEqual(problems, [], "it passes: docs/differences.md names it for nothing");
      else assert.deepEqual(problems, []);
    });
  }
});
