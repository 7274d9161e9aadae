// What people type to change one object: create, label, annotate, patch, edit, replace, and what is refused.

import assert from "node:assert/strict";
import { test } from "node:test";
import { describeKubectl } from "../support/describe-kubectl.ts";

const aFlunder = (name: string, spec: string) =>
  `apiVersion: wardle.example.com/v1beta1\nkind: Flunder\nmetadata: {name: ${name}}\nspec: ${spec}\n`;
const sample = aFlunder("sample", "{flunderReference: one, referenceType: Flunder}");
const told = (what: string) => `flunder.wardle.example.com/sample ${what}\n`;

describeKubectl("writes", ({ type, run, refused, isNew, isAggregated }) => {
  const field = (path: string) => run(`get flunder sample -o jsonpath={${path}}`);

  test("create makes an object once", () => {
    assert.equal(run("create --dry-run=server -f -", { input: sample }), told("created (server dry run)"));
    assert.equal(run("create -f -", { input: sample }), told("created"));
    assert.equal(
      refused("create -f -", { input: sample }),
      'Error from server (AlreadyExists): error when creating "STDIN": flunders.wardle.example.com "sample" already exists\n',
    );
    const named = sample.replace("name: sample", "generateName: sample-");
    assert.match(run("create -f -", { input: named }), /^flunder\.wardle\.example\.com\/sample-[a-z0-9]{5} created\n$/);
  });

  test("create says what is wrong with an object", () => {
    const both = aFlunder("both", "{flunderReference: one, fischerReference: two}");
    assert.equal(
      refused("create -f -", { input: both }),
      'The Flunder "both" is invalid: spec.fischerReference: Invalid value: "two": cannot be set with flunderReference at the same time\n',
    );
    run("create -f -", {
      input:
        "apiVersion: wardle.example.com/v1alpha1\nkind: Fischer\nmetadata: {name: ban}\ndisallowedFlunders: [bad]\n",
    });
    assert.equal(
      refused("create -f -", { input: aFlunder("bad", "{}") }),
      'Error from server (Forbidden): error when creating "STDIN": flunders.wardle.example.com "bad" is forbidden: this name may not be used, please change the resource name\n',
    );
    if (isAggregated)
      assert.equal(
        refused("create -n nowhere -f -", { input: aFlunder("lost", "{}") }),
        'Error from server (NotFound): error when creating "STDIN": namespaces "nowhere" not found\n',
      );
  });

  test("create looks for fields that nobody knows", () => {
    const typo = aFlunder("typo", "{flunderReferenc: one}");
    if (isNew) {
      const unknown =
        'Error from server (BadRequest): error when creating "STDIN": Flunder in version "v1beta1" cannot be handled as a Flunder: strict decoding error: unknown field "spec.flunderReferenc"\n';
      assert.equal(refused("create -f -", { input: typo }), unknown);
      assert.equal(refused("create --validate=strict -f -", { input: typo }), unknown);
      const { stdout, stderr } = type("create --validate=warn -f -", { input: typo });
      assert.equal(stdout, "flunder.wardle.example.com/typo created\n");
      assert.equal(stderr, 'Warning: unknown field "spec.flunderReferenc"\n');
    } else {
      assert.match(
        refused("create -f -", { input: typo }),
        /^error: error validating "STDIN": error validating data: ValidationError\(Flunder\.spec\): unknown field "flunderReferenc" in io\.k8s\.sample-apiserver\.pkg\.apis\.wardle\.v1beta1\.FlunderSpec;/,
      );
      run("create --validate=false -f -", { input: typo });
    }
    assert.equal(run("get flunder typo -o jsonpath={.spec}"), "{}");
  });

  test("label and annotate set, change and take away", () => {
    assert.equal(run("label flunder sample color=blue"), told("labeled"));
    assert.match(
      refused("label flunder sample color=red"),
      /^error: 'color' already has a value \(blue\), and --overwrite is false\n$/,
    );
    run("label flunder sample color=red --overwrite");
    assert.equal(field(".metadata.labels"), '{"color":"red"}');
    assert.match(
      refused("label flunder sample 'bad key=x'"),
      /^The Flunder "sample" is invalid: metadata\.labels: Invalid value: "bad key": name part must consist of alphanumeric characters/,
    );
    run("label flunder sample color-");
    assert.equal(field(".metadata.labels"), "");
    assert.equal(run("annotate flunder sample note=one"), told("annotated"));
    assert.equal(field(".metadata.annotations.note"), "one");
    run("annotate flunder sample note-");
    assert.equal(field(".metadata.annotations"), "");
    assert.equal(
      refused("label flunder nothing color=red"),
      'Error from server (NotFound): flunders.wardle.example.com "nothing" not found\n',
    );
  });

  test("patch takes every type", () => {
    assert.equal(run(`patch flunder sample --type=merge -p '{"metadata":{"labels":{"a":"1"}}}'`), told("patched"));
    assert.equal(run(`patch flunder sample -p '{"metadata":{"labels":{"b":"2"}}}'`), told("patched"));
    assert.equal(field(".metadata.labels"), '{"a":"1","b":"2"}');
    const replace = `patch flunder sample --type=json -p '[{"op":"replace","path":"/spec/flunderReference","value":"two"}]'`;
    assert.equal(run(replace), told("patched"));
    assert.equal(run(replace), told("patched (no change)"));
    run(`patch flunder sample --type=merge -p '{"spec":{"flunderReference":"three"}}' --dry-run=server`);
    assert.equal(field(".spec.flunderReference"), "two");
  });

  test("patch says why it was refused", () => {
    const failed = isNew
      ? "The request is invalid: the server rejected our request due to an error in our request\n"
      : "The request is invalid\n";
    assert.equal(refused(`patch flunder sample --type=json -p '[{"op":"remove","path":"/spec/none"}]'`), failed);
    assert.equal(
      refused(`patch flunder sample --type=json -p '[{"op":"test","path":"/metadata/name","value":"x"}]'`),
      failed,
    );
    assert.equal(
      refused(`patch flunder sample --type=merge -p '{"metadata":{"name":"other"}}'`),
      "Error from server (BadRequest): the name of the object (other) does not match the name on the URL (sample)\n",
    );
    assert.equal(
      refused(`patch flunder sample --type=merge -p '{"metadata":{"resourceVersion":"1"}}'`),
      'Error from server (Conflict): Operation cannot be fulfilled on flunders.wardle.example.com "sample": the object has been modified; please apply your changes to the latest version and try again\n',
    );
    assert.match(
      refused(`patch flunder sample --type=merge -p '{"spec":{"flunderReference":3}}'`),
      /^The request is invalid: patch: Invalid value: .*: json: cannot unmarshal number into .*spec\.flunderReference of type string\n$|^The request is invalid: patch: Invalid value: .*field "spec\.flunderReference" of type string\n$/,
    );
    if (isNew)
      assert.equal(
        refused("patch flunder sample --type=merge --subresource=status -p '{}'"),
        "Error from server (NotFound): the server could not find the requested resource\n",
      );
  });

  test("edit sends what the editor changed, in either version", () => {
    assert.equal(run("edit flunder sample", { editor: "sed -i s/two/four/" }), told("edited"));
    assert.equal(
      run("edit flunders.v1alpha1.wardle.example.com sample", { editor: "sed -i s/four/five/" }),
      told("edited"),
    );
    assert.equal(field(".spec.flunderReference"), "five");
    assert.equal(type("edit flunder sample", { editor: "true" }).stderr, "Edit cancelled, no changes made.\n");
    // The editor comes again with what was refused. As it changes nothing then, kubectl gives up.
    assert.match(
      refused("edit flunder sample", { editor: "sed -i s/referenceType:.Flunder/referenceType:\\ 1/" }),
      /^error: flunders\.wardle\.example\.com "sample" is invalid\nA copy of your changes has been stored to ".*"\nerror: Edit cancelled, no valid changes were saved\.\n$/,
    );
    assert.equal(field(".spec.referenceType"), "Flunder");
  });

  test("replace needs the object, and the newest of it", () => {
    assert.equal(run("replace -f -", { input: sample }), told("replaced"));
    assert.equal(field(".spec.flunderReference"), "one");
    const read = run("get flunder sample -o yaml");
    run("label flunder sample moved=on");
    assert.equal(
      refused("replace -f -", { input: read }),
      'Error from server (Conflict): error when replacing "STDIN": Operation cannot be fulfilled on flunders.wardle.example.com "sample": the object has been modified; please apply your changes to the latest version and try again\n',
    );
    assert.equal(
      refused("replace -f -", { input: aFlunder("nothing", "{}") }),
      'Error from server (NotFound): error when replacing "STDIN": flunders.wardle.example.com "nothing" not found\n',
    );
    const uid = field(".metadata.uid");
    assert.equal(
      run("replace --force -f -", { input: sample }),
      `flunder.wardle.example.com "sample" deleted\n${told("replaced")}`,
    );
    assert.notEqual(field(".metadata.uid"), uid);
  });

  test("scale is refused where nothing scales", () => {
    assert.match(
      refused("scale flunder sample --replicas=2"),
      /^Error from server \(NotFound\): the server could not find the requested resource\n$/,
    );
  });
});
