// What people type to see what is there: get in its forms, describe, explain, api-resources.

import assert from "node:assert/strict";
import { test } from "node:test";
import { describeKubectl } from "../support/describe-kubectl.ts";

const flunders = `
apiVersion: wardle.example.com/v1beta1
kind: Flunder
metadata: {name: first, labels: {color: blue, size: big}}
spec: {flunderReference: other, referenceType: Flunder}
---
apiVersion: wardle.example.com/v1beta1
kind: Flunder
metadata: {name: second, labels: {color: red}}
spec: {fischerReference: another, referenceType: Fischer}
---
apiVersion: wardle.example.com/v1beta1
kind: Flunder
metadata: {name: third}
`;
const time = "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ";
const old = "flunders.v1alpha1.wardle.example.com";

/** A table as it should be, where TIME stands for any. */
function table(...lines: string[]): RegExp {
  return new RegExp(`^${lines.join("\n").replaceAll(/[.<>]/g, "\\$&").replaceAll("TIME", time)}\n$`);
}

describeKubectl("reads", ({ type, run, refused, isNew, isAggregated }) => {
  test("what is to be read can be created", () => {
    assert.equal(
      run("create -f -", { input: flunders }),
      ["first", "second", "third"].map((name) => `flunder.wardle.example.com/${name} created\n`).join(""),
    );
  });

  test("get shows a table, with what is asked for beside it", () => {
    assert.match(run("get flunders"), table("NAME     CREATED AT", "first    TIME", "second   TIME", "third    TIME"));
    assert.match(run("get flunder first -o wide"), table("NAME    CREATED AT", "first   TIME"));
    assert.match(run("get flunder second --no-headers"), table("second   TIME"));
    assert.match(
      run("get flunders --show-labels"),
      table(
        "NAME     CREATED AT             LABELS",
        "first    TIME   color=blue,size=big",
        "second   TIME   color=red",
        "third    TIME   <none>",
      ),
    );
    assert.match(
      run("get flunders -L color -l color"),
      table("NAME     CREATED AT             COLOR", "first    TIME   blue", "second   TIME   red"),
    );
    assert.match(
      run("get flunders -A -l size=big"),
      table("NAMESPACE   NAME    CREATED AT", "default     first   TIME"),
    );
    assert.match(
      run("get flunders,fischers -l color=red"),
      table("NAME                                CREATED AT", "flunder.wardle.example.com/second   TIME"),
    );
    assert.match(
      run("get flunders --sort-by=.spec.referenceType"),
      table("NAME     CREATED AT", "third    TIME", "second   TIME", "first    TIME"),
    );
  });

  test("get prints objects in every form", () => {
    assert.equal(
      run("get flunders -o name -l color"),
      "flunder.wardle.example.com/first\nflunder.wardle.example.com/second\n",
    );
    const { apiVersion, kind, metadata, spec, status } = JSON.parse(run("get flunder first -o json"));
    assert.equal(`${apiVersion} ${kind}`, "wardle.example.com/v1beta1 Flunder");
    assert.deepEqual(metadata.labels, { color: "blue", size: "big" });
    assert.deepEqual(spec, { flunderReference: "other", referenceType: "Flunder" });
    assert.deepEqual(status, {});
    assert.match(
      run(`get ${old} second -o yaml`),
      /^apiVersion: wardle\.example\.com\/v1alpha1\nkind: Flunder\nmetadata:\n.*\nspec:\n {2}reference: another\n {2}referenceType: Fischer\nstatus: \{\}\n$/s,
    );
    const list = JSON.parse(run("get flunders -o json --chunk-size=2"));
    assert.deepEqual([list.kind, list.items.length, list.items[2].metadata.name], ["List", 3, "third"]);
    assert.equal(
      run(`get flunders -o 'jsonpath={range .items[*]}{.metadata.name}={.spec.referenceType}{"\\n"}{end}'`),
      "first=Flunder\nsecond=Fischer\nthird=\n",
    );
    assert.equal(
      run("get flunders -o 'go-template={{range .items}}{{.metadata.name}} {{end}}'"),
      "first second third ",
    );
    assert.equal(
      run("get flunders -o custom-columns=NAME:.metadata.name,TYPE:.spec.referenceType"),
      "NAME     TYPE\nfirst    Flunder\nsecond   Fischer\nthird    <none>\n",
    );
  });

  test("get takes selectors, and says which fields it cannot select by", () => {
    assert.equal(run("get flunders -l 'color in (blue, red), !size' -o name"), "flunder.wardle.example.com/second\n");
    assert.equal(
      run("get flunders --field-selector metadata.name=third -o name"),
      "flunder.wardle.example.com/third\n",
    );
    assert.equal(
      refused("get flunders --field-selector spec.x=y"),
      'Error from server (BadRequest): Unable to find "wardle.example.com/v1beta1, Resource=flunders" that match label selector "", field selector "spec.x=y": "spec.x" is not a known field selector: only "metadata.name", "metadata.namespace"\n',
    );
  });

  test("get takes a list page by page", () => {
    const { stdout, stderr } = type("get flunders -o name --chunk-size=1 -v=6");
    assert.equal(stdout.match(/^flunder\.wardle\.example\.com\//gm)?.length, 3);
    assert.equal(stderr.match(/flunders\?(continue=\w+&)?limit=1"? /g)?.length, 3);
  });

  test("get tells of what is not there", () => {
    const notFound = 'Error from server (NotFound): flunders.wardle.example.com "nothing" not found\n';
    assert.equal(refused("get flunder nothing"), notFound);
    const { status, stdout, stderr } = type("get flunder first nothing -o name");
    assert.deepEqual([status, stdout, stderr], [1, "flunder.wardle.example.com/first\n", notFound]);
    assert.equal(run("get flunder nothing --ignore-not-found"), "");
    assert.equal(type("get flunders -n other").stderr, "No resources found in other namespace.\n");
    assert.equal(refused("get nothings"), `error: the server doesn't have a resource type "nothings"\n`);
    if (isNew)
      assert.equal(
        refused("get flunder first --subresource=status"),
        "Error from server (NotFound): the server could not find the requested resource\n",
      );
  });

  test("a version that will go is warned of, and an older version is another view", () => {
    const { stdout, stderr } = type(`get ${old} first -o jsonpath={.spec.reference}`);
    assert.equal(stdout, "other");
    assert.equal(
      stderr,
      "Warning: wardle.example.com/v1alpha1 Flunder is deprecated in v1.3+, unavailable in v1.10+\n",
    );
    assert.equal(type("get flunder first -o name").stderr, "");
  });

  test("managed fields are shown to those who ask", () => {
    run("label flunder second seen=yes");
    assert.equal(
      run("get flunder second -o jsonpath={.metadata.managedFields[*].manager}"),
      "kubectl-create kubectl-label",
    );
    if (!isNew) return; // The older one shows them always.
    assert.match(
      run("get flunder second -o yaml --show-managed-fields"),
      /^ {4}manager: kubectl-label\n {4}operation: Update\n/m,
    );
    assert.doesNotMatch(run("get flunder second -o yaml"), /managedFields/);
  });

  test("describe shows an object's parts and that nothing has happened to it", () => {
    assert.match(
      run("describe flunder first"),
      /^Name: +first\nNamespace: +default\nLabels: +color=blue\n +size=big\nAnnotations: +<none>\nAPI Version: +wardle\.example\.com\/v1beta1\nKind: +Flunder\n.*\nSpec:\n {2}Flunder Reference: +other\n {2}Reference Type: +Flunder\nStatus:\nEvents: +<none>\n$/s,
    );
    assert.equal(run("describe flunders").match(/^Name: /gm)?.length, 3);
  });

  test("explain knows every field, in both versions of the documents", () => {
    assert.match(run("explain flunders"), /\n +Flunder is an example type with a spec and a status\.\n/);
    assert.match(
      run("explain flunders.spec"),
      /\n +flunderReference\s<string>\n +A name of another flunder, mutually exclusive to the\s+FischerReference\.\n/,
    );
    assert.match(run(`explain flunders.spec --api-version=wardle.example.com/v1alpha1`), /\n +reference\s<string>\n/);
    const fields = isNew
      ? /\n {2}spec\s<FlunderSpec>\n {4}fischerReference\s<string>\n {4}flunderReference\s<string>\n {4}referenceType\s<string>\n {2}status\s<FlunderStatus>\n/
      : /\n {3}spec\s<Object>\n {6}fischerReference\s<string>\n {6}flunderReference\s<string>\n {6}referenceType\s<string>\n {3}status\s<Object>\n/;
    assert.match(run("explain flunders --recursive"), fields);
    assert.match(run("explain fischers --recursive"), /\n +disallowedFlunders\s<\[\]string>\n/);
    assert.match(run("explain flunders.metadata.ownerReferences"), /\n +uid\s<string> -required-\n/);
    assert.match(refused("explain flunders.spec.nothing"), /^error: field "nothing" does not exist\n$/m);
    if (isNew)
      assert.match(
        run("explain flunders.spec --output=plaintext-openapiv2"),
        /^KIND: +Flunder\nVERSION: +wardle\.example\.com\/v1beta1\n\nRESOURCE: spec <Object>\n/,
      );
  });

  test("api-resources and api-versions list what is served", () => {
    const verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
    const [header = "", fischers = "", flunders = ""] = run(
      "api-resources -o wide --api-group=wardle.example.com",
    ).split("\n");
    assert.match(header, /^NAME +SHORTNAMES +(APIVERSION|APIGROUP) /);
    assert.ok(fischers.includes(isNew ? verbs.join(",") : `[${verbs.join(" ")}]`), fischers);
    assert.match(flunders, /^flunders +wardle\.example\.com\S* +true +Flunder /);
    assert.match(run("api-resources --namespaced=false -o name"), /^fischers\.wardle\.example\.com$/m);
    assert.match(run("api-versions"), /^wardle\.example\.com\/v1alpha1\nwardle\.example\.com\/v1beta1$/m);
    assert.equal(/^namespaces$/m.test(run("api-resources -o name")), isAggregated);
  });

  test("get --raw gives what the server answers", () => {
    const raw = run("get --raw /apis/wardle.example.com/v1alpha1/namespaces/default/flunders/second");
    assert.deepEqual(JSON.parse(raw).spec, { reference: "another", referenceType: "Fischer" });
    assert.equal(run("get --raw /healthz"), "ok");
    assert.match(run("get --raw '/readyz?verbose'"), /^\[\+\]ping ok\n.*\nreadyz check passed\n$/s);
    assert.equal(
      refused("get --raw /apis/wardle.example.com/v1beta1/nothings"),
      "Error from server (NotFound): the server could not find the requested resource\n",
    );
  });
});
