// The fleet behind the aggregation layer, as kubectl sees it.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startUp, type UpProcess } from "../support/control-plane.ts";

const manifest = `apiVersion: fleet.example.com/v1
kind: Ship
metadata:
  name: argo
spec:
  replicas: 2
  captain: Jason
  decks:
  - name: main
    crew: 50
`;

describe("kubectl and a kind of one's own", () => {
  let plane: UpProcess;
  before(async () => {
    plane = await startUp({ extensions: ["test/own-kind/ship/server.ts"] });
  });
  after(async () => {
    await plane[Symbol.asyncDispose]();
  });
  const run = (args: readonly string[], input?: string): string => {
    const { status, stdout, stderr } = plane.kubectl(args, input);
    assert.equal(status, 0, `kubectl ${args.join(" ")}: ${stderr}`);
    return stdout;
  };

  test("knows it by its short name and its category, with its columns", () => {
    run(["create", "-f", "-"], manifest);
    assert.equal(run(["get", "sh"]), "NAME   MODE   REPLICAS\nargo   Sail   2\n");
    assert.match(run(["get", "fleet", "-o", "wide"]), /^NAME +MODE +REPLICAS +CAPTAIN\nargo +Sail +2 +Jason\n$/);
    assert.equal(run(["get", "ships", "--field-selector", "spec.mode=Steam", "-o", "name"]), "");
    assert.match(
      run(["explain", "ship.spec", "--recursive"]),
      /decks\s+<\[\]Object>\n\s+crew\s+<integer>\n\s+hatches\s+<\[\]Object>/,
    );
    assert.match(run(["explain", "ship.spec.mode"]), /FIELD: mode <string>\s+ENUM:\s+Sail\s+Steam/);
  });

  test("scales it, and waits for what it says", () => {
    assert.equal(run(["scale", "ship", "argo", "--replicas=4"]), "ship.fleet.example.com/argo scaled\n");
    assert.equal(
      run(["wait", "ship/argo", "--for=jsonpath={.spec.replicas}=4", "--timeout=5s"]),
      "ship.fleet.example.com/argo condition met\n",
    );
    const patch = ["patch", "ship", "argo", "--subresource=status", "--type=merge", "-p"];
    run([...patch, '{"status":{"conditions":[{"type":"Afloat","status":"True"}]}}']);
    run(["wait", "ship/argo", "--for=condition=Afloat", "--timeout=5s"]);
    assert.match(run(["get", "ship", "argo", "--subresource=scale", "-o", "jsonpath={.spec.replicas}"]), /^4$/);
  });

  test("applies from the server's side for two managers of one list", () => {
    const applyAs = (manager: string, decks: string) =>
      run(
        ["apply", "--server-side", `--field-manager=${manager}`, "-f", "-"],
        `apiVersion: fleet.example.com/v1\nkind: Ship\nmetadata: {name: twin}\nspec: {decks: ${decks}}\n`,
      );
    applyAs("one", "[{name: main, crew: 1}]");
    applyAs("two", "[{name: lower, crew: 2}]");
    assert.equal(run(["get", "ship", "twin", "-o", "jsonpath={.spec.decks[*].name}"]), "main lower");
    applyAs("one", "[]");
    assert.equal(run(["get", "ship", "twin", "-o", "jsonpath={.spec.decks[*].name}"]), "lower");
  });

  test("is refused with every fault", () => {
    const { stderr } = plane.kubectl(
      ["create", "-f", "-"],
      manifest.replace("argo", "Argo_2").replace("replicas: 2", "replicas: 12\n  mode: Row"),
    );
    assert.match(stderr, /The Ship "Argo_2" is invalid: \n\* metadata\.name: Invalid value: "Argo_2": /);
    assert.match(stderr, /\* spec\.mode: Unsupported value: "Row": supported values: "Sail", "Steam"\n/);
  });
});
