import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApiObject } from "annex/api";
import { type AdmissionRequest, anonymous } from "annex/server";
import { banFlunder } from "./ban-flunder.ts";
import { fischer } from "./fischer.ts";
import { flunder } from "./flunder.ts";

/** A plug-in over these fischers; more of them may be added. */
function pluginOver(fischers: ApiObject[]) {
  const plugin = banFlunder();
  plugin.initialize?.({ objects: () => Object.assign([...fischers], { revision: fischers.length }) });
  return plugin;
}

function aFischer(...disallowedFlunders: string[]): ApiObject {
  return {
    kind: fischer.kind,
    apiVersion: "wardle.example.com/v1alpha1",
    metadata: { name: "f" },
    disallowedFlunders,
  };
}

function creating(name: string): AdmissionRequest {
  const object = { kind: flunder.kind, apiVersion: "wardle.example.com/v1beta1", metadata: { name } };
  return {
    operation: "CREATE",
    kind: flunder,
    resource: "flunders",
    subresource: "",
    namespace: "ns",
    name,
    user: anonymous,
    dryRun: false,
    object,
    oldObject: undefined,
    signal: new AbortController().signal,
    warn() {},
  };
}

test("banFlunder() refuses names that any fischer disallows", () => {
  const plugin = pluginOver([aFischer("one"), aFischer("two")]);
  assert.throws(() => plugin.mutate?.(creating("two")), {
    message:
      'flunders.wardle.example.com "two" is forbidden: this name may not be used, please change the resource name',
  });
  assert.doesNotThrow(() => plugin.mutate?.(creating("three")));
});

test("banFlunder() hears of new fischers", () => {
  const fischers = [aFischer("one")];
  const plugin = pluginOver(fischers);
  assert.doesNotThrow(() => plugin.mutate?.(creating("two")));
  fischers.push(aFischer("two"));
  assert.throws(() => plugin.mutate?.(creating("two")));
});

test("banFlunder() looks at creates of flunders alone", () => {
  const plugin = pluginOver([aFischer("one")]);
  assert.equal(plugin.handles(creating("one")), true);
  assert.equal(plugin.handles({ ...creating("one"), operation: "UPDATE" }), false);
  assert.equal(plugin.handles({ ...creating("one"), kind: fischer }), false);
});
