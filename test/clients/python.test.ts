// The Kubernetes project's client for Python, as Debian packages it.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryDirectory } from "../support/annex.ts";
import { startUp } from "../support/control-plane.ts";
import { findPythonWithKubernetes } from "../support/python.ts";
import { startWardle } from "../support/wardle.ts";
import { writeWardleKubeconfig } from "../support/wardle-kubeconfig.ts";

const script = join(import.meta.dirname, "fixtures/dynamic_client.py");

/** What the dynamic client made of a flunder's life. */
function liveAFlunder(kubeconfig: string): unknown {
  const python = findPythonWithKubernetes();
  assert.ok(python !== undefined, "run npm test once, which provides Kubernetes' client for Python");
  const { status, stdout, stderr } = spawnSync(python, [script, kubeconfig], { encoding: "utf8", timeout: 60_000 });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
}

const expected = {
  verbs: ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
  is_namespaced: true,
  created: { flunderReference: "one", referenceType: "Flunder" },
  "created again": 'flunders.wardle.example.com "a" already exists',
  listed: ["a", "b"],
  "read in the older version": { reference: "one", referenceType: "Flunder" },
  merged: { color: "blue" },
  "merged strategically": { color: "blue", size: "big" },
  patched: { flunderReference: "two", referenceType: "Flunder" },
  selected: ["a"],
  "replaced too late":
    'Operation cannot be fulfilled on flunders.wardle.example.com "a": the object has been modified; please apply your changes to the latest version and try again',
  deleted: "Success",
  "read after it": 'flunders.wardle.example.com "b" not found',
  watched: [
    ["MODIFIED", "a", "blue"],
    ["MODIFIED", "a", "big", "blue"],
    ["MODIFIED", "a", "big", "blue"],
    ["DELETED", "b"],
  ],
  left: 0,
};

test("the dynamic client of a wardle server finds flunders, writes, reads, patches, watches and deletes them", async (t) => {
  const directory = temporaryDirectory(t);
  const storage = () => ["--data-dir", join(directory, "data")];
  await using wardle = await startWardle({ storage, directory });
  assert.deepEqual(liveAFlunder(writeWardleKubeconfig(directory, wardle.port)), expected);
});

test("the dynamic client of a control plane does the same through the aggregator", async () => {
  await using plane = await startUp();
  assert.deepEqual(liveAFlunder(join(plane.dataDirectory, "kubeconfig")), expected);
});
