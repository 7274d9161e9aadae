// What people type to keep objects as their manifests say: apply from either side, diff, and the way from one side to the other.

import assert from "node:assert/strict";
import { test } from "node:test";
import { describeKubectl } from "../support/describe-kubectl.ts";

const aFlunder = (reference: string, labels = "") =>
  `apiVersion: wardle.example.com/v1beta1
kind: Flunder
metadata:
  name: sample
${labels && `  labels: ${labels}\n`}spec:
  flunderReference: ${reference}
  referenceType: Flunder
`;
const told = (what: string) => `flunder.wardle.example.com/sample ${what}\n`;

describeKubectl("applies", ({ type, run, refused, isNew }) => {
  const field = (path: string) => run(`get flunder sample -o jsonpath={${path}}`);
  const managers = () =>
    run(`get flunder sample -o 'jsonpath={range .metadata.managedFields[*]}{.manager} {.operation}{"\\n"}{end}'`)
      .trimEnd()
      .split("\n")
      .sort();
  const startAnew = () => run("delete flunder sample --ignore-not-found");

  test("the client's side creates, changes and leaves alone", () => {
    assert.equal(run("apply -f -", { input: aFlunder("one", "{a: one}") }), told("created"));
    assert.equal(run("apply -f -", { input: aFlunder("one", "{a: one}") }), told("unchanged"));
    assert.equal(run("apply --dry-run=server -f -", { input: aFlunder("two") }), told("configured (server dry run)"));
    assert.equal(field(".spec.flunderReference"), "one");
    assert.equal(run("apply -f -", { input: aFlunder("two") }), told("configured"));
    assert.equal(field(".spec.flunderReference"), "two");
    assert.equal(field(".metadata.labels"), "", "what the manifest no longer says is taken away");
    assert.match(run("apply view-last-applied flunder sample"), /\nspec:\n {2}flunderReference: two\n/);
  });

  test("prune deletes what was applied with the label and is no longer in the manifests", () => {
    const labelled = aFlunder("one", "{set: pruned}");
    run("apply -f -", { input: `${labelled}---\n${labelled.replace("sample", "gone")}` });
    const allowed = `${isNew ? "--prune-allowlist" : "--prune-whitelist"}=wardle.example.com/v1beta1/Flunder`;
    assert.equal(
      run(`apply --prune -l set=pruned ${allowed} -f -`, { input: labelled }),
      `${told("unchanged")}flunder.wardle.example.com/gone pruned\n`,
    );
    startAnew();
    run("apply -f -", { input: aFlunder("two") });
  });

  test("diff shows what apply would change", () => {
    assert.equal(run("diff -f -", { input: aFlunder("two") }), "");
    const { status, stdout } = type("diff -f -", { input: aFlunder("three") });
    assert.equal(status, 1);
    assert.match(
      stdout,
      /\n spec:\n- {2}flunderReference: two\n\+ {2}flunderReference: three\n {3}referenceType: Flunder\n/,
    );
    assert.doesNotMatch(stdout, /^[-+] .*(resourceVersion|generation):/m);
    const missing = type("diff -f -", { input: aFlunder("three").replace("sample", "missing") });
    assert.match(missing.stdout, /^\+ {2}name: missing$/m);
    const served = type("diff --server-side -f -", { input: aFlunder("three") });
    assert.match(served.stdout, /^\+ {2}flunderReference: three$/m);
    assert.equal(field(".spec.flunderReference"), "two");
  });

  test("the server's side names who else manages a field, and yields to force", () => {
    startAnew();
    const apply = (reference: string, flags = "") =>
      [`apply --server-side ${flags} -f -`, { input: aFlunder(reference) }] as const;
    assert.equal(run(...apply("one")), told("serverside-applied"));
    assert.equal(run(...apply("one")), told("serverside-applied"));
    assert.equal(run(...apply("one", "--field-manager=other")), told("serverside-applied"));
    assert.match(
      refused(...apply("two", "--field-manager=other")),
      /^error: Apply failed with 1 conflict: conflict with "kubectl": \.spec\.flunderReference\nPlease review the fields above--they currently have other managers\./,
    );
    assert.equal(run(...apply("two", "--field-manager=other --force-conflicts")), told("serverside-applied"));
    assert.equal(field(".spec.flunderReference"), "two");
    assert.match(
      refused(...apply("three")),
      /^error: Apply failed with 1 conflict: conflict with "other": \.spec\.flunderReference\n/,
    );
    assert.deepEqual(managers(), ["kubectl Apply", "other Apply"]);
  });

  test("the server's side meets those who change without applying", () => {
    startAnew();
    const input = aFlunder("one");
    run("apply --server-side -f -", { input });
    run(`patch flunder sample --type=merge -p '{"spec":{"flunderReference":"patched"}}'`);
    assert.match(
      refused("apply --server-side -f -", { input }),
      /^error: Apply failed with 1 conflict: conflict with "kubectl-patch" using wardle\.example\.com\/v1beta1: \.spec\.flunderReference\n/,
    );
    run("apply --server-side --force-conflicts -f -", { input });
    assert.deepEqual(managers(), ["kubectl Apply"]);
  });

  test("the server's side refuses fields that the schema does not have", () => {
    const input = aFlunder("one").replace("flunderReference", "flunderReferenc");
    const unvalidated = isNew ? "" : "--validate=false";
    assert.match(
      refused(`apply --server-side ${unvalidated} -f -`, { input }),
      /^Error from server( \(\w+\))?: failed to create typed patch object \(default\/sample; wardle\.example\.com\/v1beta1, Kind=Flunder\): \.spec\.flunderReferenc: field not declared in schema\n$/,
    );
  });

  test("what was applied from the client's side moves to the server's", () => {
    startAnew();
    run("apply -f -", { input: aFlunder("one", "{a: one, b: two}") });
    assert.deepEqual(managers(), ["kubectl-client-side-apply Update"]);
    assert.equal(run("apply --server-side -f -", { input: aFlunder("one", "{a: one}") }), told("serverside-applied"));
    assert.equal(run("apply --server-side -f -", { input: aFlunder("two", "{a: one}") }), told("serverside-applied"));
    assert.equal(field(".spec.flunderReference"), "two");
    if (!isNew) return; // The older one does not move what the client's side managed.
    assert.equal(field(".metadata.labels"), '{"a":"one"}');
    assert.deepEqual(managers(), ["kubectl Apply", "kubectl-last-applied Apply"]);
    // And back, since the annotation was kept up to date.
    assert.equal(run("apply -f -", { input: aFlunder("two") }), told("configured"));
    assert.equal(field(".metadata.labels"), "");
  });
});
