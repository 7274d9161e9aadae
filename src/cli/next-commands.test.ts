import assert from "node:assert/strict";
import { test } from "node:test";
import { nextCommands } from "./next-commands.ts";

test("nextCommands() names a manifest that is there", () => {
  const third = (...extensions: string[]) => nextCommands(".annex/kubeconfig", extensions)[2];
  assert.equal(third("examples/wardle/server.ts"), "kubectl create -f examples/wardle/flunder.yaml");
  assert.equal(third("test/own-kind/ship/server.ts"), "kubectl api-resources");
  assert.equal(third(), "kubectl get namespaces");
});
