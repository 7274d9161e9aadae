// What people type to delete, and to wait for that and other things: delete in its forms, wait, get -w.

import assert from "node:assert/strict";
import { test } from "node:test";
import { describeKubectl } from "../support/describe-kubectl.ts";

const aFlunder = (name: string, labels = "{}") =>
  `---\napiVersion: wardle.example.com/v1beta1\nkind: Flunder\nmetadata: {name: ${name}, labels: ${labels}}\n`;
const deleted = (...names: string[]) => names.map((name) => `flunder.wardle.example.com "${name}" deleted\n`).join("");

describeKubectl("deletes", ({ type, run, refused, start, isNew, isAggregated }) => {
  const create = (...names: string[]) => run("create -f -", { input: names.map((name) => aFlunder(name)).join("") });
  const names = () => run("get flunders -o jsonpath={.items[*].metadata.name}");
  // A slow machine may run out of time before kubectl begins to wait.
  const timedOut = /timed out waiting for the condition|deadline exceeded/;

  test("delete takes names, manifests, selectors and everything", () => {
    run("create -f -", {
      input:
        ["a", "b", "c", "d"].map((name) => aFlunder(name, "{tier: front}")).join("") + aFlunder("e") + aFlunder("f"),
    });
    assert.equal(run("delete flunder a"), deleted("a"));
    assert.equal(
      refused("delete flunder a"),
      'Error from server (NotFound): flunders.wardle.example.com "a" not found\n',
    );
    assert.equal(run("delete flunder a --ignore-not-found"), "");
    assert.equal(run("delete -f -", { input: aFlunder("b") }), deleted("b"));
    assert.equal(
      refused("delete -f -", { input: aFlunder("b") }),
      'Error from server (NotFound): error when deleting "STDIN": flunders.wardle.example.com "b" not found\n',
    );
    assert.equal(run("delete flunders -l tier=front"), deleted("c", "d"));
    assert.equal(type("delete flunders -l tier=front").stdout, "No resources found\n");
    assert.equal(run("delete flunder e --dry-run=server"), 'flunder.wardle.example.com "e" deleted (server dry run)\n');
    assert.equal(names(), "e f");
    assert.equal(run("delete flunders --all"), deleted("e", "f"));
    assert.equal(names(), "");
  });

  test("delete takes what it may do with dependents and time", () => {
    create("background", "now", "forced", "graceful", "unwaited");
    assert.equal(run("delete flunder background --cascade=background"), deleted("background"));
    assert.equal(run("delete flunder now --now"), deleted("now"));
    assert.equal(
      run("delete flunder forced --grace-period=0 --force"),
      'flunder.wardle.example.com "forced" force deleted\n',
    );
    assert.equal(run("delete flunder graceful --grace-period=30"), deleted("graceful"));
    assert.equal(run("delete flunder unwaited --wait=false"), deleted("unwaited"));
    assert.equal(names(), "");
  });

  test("delete takes dependents into account, where somebody looks after them", () => {
    create("parent", "sibling");
    if (isAggregated) {
      assert.equal(run("delete flunder parent --cascade=orphan"), deleted("parent"));
      assert.equal(run("delete flunder sibling --cascade=foreground"), deleted("sibling"));
    } else {
      run("delete flunder parent --cascade=orphan --wait=false");
      run("delete flunder sibling --cascade=foreground --wait=false");
      assert.equal(run("get flunder parent -o jsonpath={.metadata.finalizers[*]}"), "orphan");
      assert.equal(run("get flunder sibling -o jsonpath={.metadata.finalizers[*]}"), "foregroundDeletion");
      for (const name of ["parent", "sibling"])
        run(`patch flunder ${name} --type=merge -p '{"metadata":{"finalizers":null}}'`);
    }
    assert.equal(names(), "");
  });

  test("a finalizer keeps an object, takes no new ones beside it, and gives it up", () => {
    create("held");
    run(`patch flunder held --type=merge -p '{"metadata":{"finalizers":["example.com/hold"]}}'`);
    assert.equal(run("delete flunder held --wait=false"), deleted("held"));
    assert.equal(run("get flunder held -o jsonpath={.metadata.deletionGracePeriodSeconds}"), "0");
    assert.equal(
      refused("create -f -", { input: aFlunder("held") }),
      'Error from server (AlreadyExists): error when creating "STDIN": object is being deleted: flunders.wardle.example.com "held" already exists\n',
    );
    assert.equal(
      refused(
        `patch flunder held --type=merge -p '{"metadata":{"finalizers":["example.com/hold","example.com/more"]}}'`,
      ),
      'The Flunder "held" is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"example.com/more"}\n',
    );
    assert.match(refused("delete flunder held --timeout=1s"), timedOut);
    run(`patch flunder held --type=json -p '[{"op":"remove","path":"/metadata/finalizers"}]'`);
    // The older one takes it for an error that nothing is left to wait for.
    if (isNew) run("wait --for=delete flunder/held --timeout=10s");
    assert.equal(names(), "");
  });

  test("wait --for=delete ends when the object goes", async () => {
    create("going");
    run(`patch flunder going --type=merge -p '{"metadata":{"finalizers":["example.com/hold"]}}'`);
    run("delete flunder going --wait=false");
    using waiting = start("wait --for=delete flunder/going --timeout=30s -v=6");
    await waiting.says(/watch=true/);
    run(`patch flunder going --type=merge -p '{"metadata":{"finalizers":null}}'`);
    await waiting.says(/^flunder\.wardle\.example\.com\/going condition met$/m);
  });

  test("wait looks for values, and for conditions that nobody sets", () => {
    create("waited");
    run("label flunder waited tier=front");
    assert.match(refused("wait --for=condition=Ready flunder/waited --timeout=1s"), timedOut);
    if (isNew) {
      const value = "wait --for=jsonpath={.metadata.labels.tier}";
      assert.equal(run(`${value}=front flunder/waited`), "flunder.wardle.example.com/waited condition met\n");
      assert.equal(run("wait --for=create flunder/waited"), "flunder.wardle.example.com/waited condition met\n");
    }
    run("delete flunder waited");
  });

  test("get -w shows what is there, and then every change as a row", async () => {
    create("seen");
    using watching = start("get flunders -w --no-headers --show-labels");
    await watching.says(/^seen +\S+ +<none>\n$/);
    run("label flunder seen color=blue");
    await watching.says(/\nseen +\S+ +color=blue\n$/);
    create("late");
    await watching.says(/\nlate +\S+ +<none>\n$/);
    run("delete flunder seen");
    await watching.says(/\nlate .*\nseen +\S+ +color=blue\n$/);
    run("delete flunder late");
  });

  test("get -w tells of events to those who ask", async () => {
    create("seen");
    using watching = start("get flunder seen -w --output-watch-events -o jsonpath={.type}={.object.metadata.labels}:");
    await watching.says(/^ADDED=:$/);
    run("label flunder seen color=blue");
    await watching.says(/^ADDED=:MODIFIED=\{"color":"blue"\}:$/);
    run("delete flunder seen");
    await watching.says(/DELETED=\{"color":"blue"\}:$/);
  });
});
