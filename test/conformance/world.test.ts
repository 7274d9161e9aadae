// The recorded aggregator and delegating server, and Annex in their place: in one file, since the recorded world has ports of its own.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { pki } from "../support/wardle.ts";
import { startStubWorld, startWorld, type World } from "../support/world.ts";
import { deliberateDifferences } from "./deliberate.ts";
import { makeNamespaces } from "./namespaces.ts";
import { type Identity, Player } from "./player.ts";
import type { Answer } from "./scenario.ts";
import { fixturesIn } from "./suite.ts";

function certificate(name: string): Identity {
  return { cert: readFileSync(join(pki, `${name}.crt`), "utf8"), key: readFileSync(join(pki, `${name}.key`), "utf8") };
}

const identities = {
  admin: certificate("admin"),
  "alice-cert": certificate("alice"),
  frontproxy: certificate("frontproxy"),
  badproxy: certificate("badproxy"),
  stranger: certificate("stranger"),
  alice: { token: "alice-token" },
  bob: { token: "bob-token" },
  carol: { token: "carol-token" },
  garbage: { token: "nope" },
  anonymous: {},
};

/** A control plane serves more groups than an aggregator alone: lists of all are compared without them, in their order. */
function withoutOwnGroups(answer: Answer): Answer {
  const { body } = answer;
  if (typeof body !== "object" || body === null) return answer;
  const kept = Object.fromEntries(
    Object.entries(body).map(([field, value]) => [
      field,
      (field === "groups" || field === "items") && Array.isArray(value) ? value.filter((item) => !isOwn(item)) : value,
    ]),
  );
  return { ...answer, body: kept };
}

/** A group, the discovery of one, or an APIService of one. */
function isOwn(item: { readonly name?: string; readonly metadata?: { readonly name?: string } }): boolean {
  const name = (item.name ?? item.metadata?.name ?? "").replace(/^v\d+\w*\./, "");
  return name === "" || (name.endsWith(".k8s.io") && name !== "apiregistration.k8s.io");
}

interface Suite {
  readonly title: string;
  /** Of fixtures, as a pattern. */
  readonly folder: string;
  readonly start: () => Promise<World>;
  readonly port: (world: World) => number;
}

const delegated = "{delegated,further/delegated}";

const suites: readonly Suite[] = [
  {
    title: "annex up as aggregator and core API",
    folder: "{aggregator,further/aggregator}",
    start: startWorld,
    port: ({ port }) => port,
  },
  { title: "wardle that asks annex up", folder: delegated, start: startWorld, port: ({ wardlePort }) => wardlePort },
  {
    title: "wardle that asks the recorded core API",
    folder: delegated,
    start: startStubWorld,
    port: ({ wardlePort }) => wardlePort,
  },
];

for (const { title, folder, start, port } of suites)
  describe(title, () => {
    let world: World;
    let player: Player;
    before(async () => {
      world = await start();
      const { client } = world;
      player = new Player({
        port: port(world),
        identities,
        settle: withoutOwnGroups,
        ...(client === undefined
          ? {}
          : // The recorded core API took every namespace of such a name as there.
            { prepare: (scenario, variables) => makeNamespaces(client, { scenario, variables, prefix: "c-" }) }),
      });
    });
    after(async () => {
      player[Symbol.dispose]();
      await world[Symbol.asyncDispose]();
    });

    // One after another: scenarios take backends away from each other.
    for (const { file, scenario } of fixturesIn(folder))
      test(`${file}: ${scenario.name}`, async () => {
        const problems = await player.play(scenario);
        if (deliberateDifferences.has(file))
          assert.notDeepEqual(problems, [], "it passes: docs/differences.md names it for nothing");
        else assert.deepEqual(problems, []);
      });
  });
