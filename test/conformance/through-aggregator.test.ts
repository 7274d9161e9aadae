// The recorded scenarios of a stand-alone server, played through the aggregation layer of a control plane, where their meaning is the same.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { parseKubeconfig } from "../../src/client/door.ts";
import { type ControlPlane, startControlPlane } from "../../src/control-plane/door.ts";
import { makeNamespaces, namespacesOf } from "./namespaces.ts";
import { Player } from "./player.ts";
import type { Answer, Scenario } from "./scenario.ts";
import { concurrency, flunderFixtures } from "./suite.ts";

/** What the aggregator passes on. Every other path is answered by the control plane itself, which serves more than a wardle. */
const proxied = /^\S+ \/apis\/wardle\.example\.com\/(v1alpha1|v1beta1)(\/|\?|$)/;
/** A step with one of these says who it is, or was; between two servers it is the aggregator that says so. */
const identityHeader = /^(authorization|x-remote-|impersonate-)/i;
/** What the control plane's garbage collector takes up: owners that are not there, and deletes that leave dependents to it. */
const garbage = /ownerReferences|foregroundDeletion|orphan|propagationPolicy/i;

/** Why a scenario says something else through the aggregator; undefined where it says the same. */
function otherMeaning({ steps }: Scenario): string | undefined {
  for (const step of steps) {
    if (step.do === undefined) continue;
    if (!proxied.test(step.do)) return "a path that the aggregator answers itself";
    if (step.as !== undefined && step.as !== "admin") return "an identity that only the stand-alone server knows";
    if (Object.keys(step.headers ?? {}).some((name) => identityHeader.test(name)))
      return "identity headers, which the aggregator replaces";
    if (garbage.test(JSON.stringify([step.do, step.body, step.text])))
      return "owners and finalizers that the garbage collector looks after";
    if (namespacesOf(step).some((name) => !isLabel(name.replace(/\$\{\w+\}/g, "x"))))
      return "a namespace that cannot exist, which the namespace's own check refuses before";
  }
  return undefined;
}

function isLabel(name: string): boolean {
  return /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name);
}

/** The aggregator adds headers of its own to the extension server's, as the reference does. */
function withoutRepeatedCaching(answer: Answer): Answer {
  const { headers = {} } = answer;
  if (headers["cache-control"] !== "no-cache, private, no-cache, private") return answer;
  return { ...answer, headers: { ...headers, "cache-control": "no-cache, private" } };
}

describe("flunders through the aggregator", { concurrency }, () => {
  const dataDirectory = mkdtempSync(join(tmpdir(), "annex-through-"));
  let controlPlane: ControlPlane;
  let player: Player;
  before(async () => {
    const extensions = [join(import.meta.dirname, "../../examples/wardle/server.ts")];
    controlPlane = await startControlPlane({ dataDirectory, extensions });
    const { client, port, kubeconfig } = controlPlane;
    player = new Player({
      port,
      identities: { admin: parseKubeconfig(kubeconfig).clientCertificate ?? {} },
      prepare: (scenario, variables) => makeNamespaces(client, { scenario, variables }),
      settle: withoutRepeatedCaching,
    });
  });
  after(async () => {
    player[Symbol.dispose]();
    await controlPlane[Symbol.asyncDispose]();
    rmSync(dataDirectory, { recursive: true, force: true });
  });

  const played = flunderFixtures.filter(({ scenario }) => otherMeaning(scenario) === undefined);
  for (const { file, scenario } of played)
    test(`${file}: ${scenario.name}`, async () => {
      const problems = await player.play(scenario);
      assert.deepEqual(problems, []);
    });

  test("most scenarios mean the same through the aggregator; the others are left out for a reason", (t) => {
    const left = new Map<string, number>();
    for (const { scenario } of flunderFixtures) {
      const reason = otherMeaning(scenario);
      if (reason !== undefined) left.set(reason, (left.get(reason) ?? 0) + 1);
    }
    for (const [reason, count] of left) t.diagnostic(`${count} left out: ${reason}`);
    assert.ok(played.length > 250, `${played.length} of ${flunderFixtures.length}`);
  });
});
