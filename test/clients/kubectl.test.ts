// What people type: the real kubectl, of two ages, against flunders behind the aggregation layer.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { eventually, startUp, type UpProcess } from "../support/control-plane.ts";
import { type KubectlOptions, olderKubectl, runKubectl } from "../support/kubectl.ts";

const root = join(import.meta.dirname, "../..");
const manifest = readFileSync(join(root, "examples/wardle/flunder.yaml"), "utf8");
const changed = manifest.replace("another-flunder", "other");
const deprecated = "Warning: wardle.example.com/v1alpha1 Flunder is deprecated in v1.3+, unavailable in v1.10+\n";

let plane: UpProcess;
before(async () => {
  plane = await startUp();
});
after(async () => {
  await plane[Symbol.asyncDispose]();
});

for (const { age, program, isNew } of [
  { age: "the machine's", program: "kubectl", isNew: true },
  { age: "an older", program: olderKubectl, isNew: false },
]) {
  describe(`${age} kubectl`, () => {
    const kubectl = (args: readonly string[], more: Partial<KubectlOptions> = {}) =>
      runKubectl(args, { kubeconfig: join(plane.dataDirectory, "kubeconfig"), program, ...more });
    /** Runs it, and it must succeed. */
    const run = (args: readonly string[], more?: Partial<KubectlOptions>): string => {
      const { status, stdout, stderr } = kubectl(args, more);
      assert.equal(status, 0, `kubectl ${args.join(" ")}: ${stderr}`);
      return stdout;
    };
    /** Runs it, and it must fail. Returns its last words. */
    const fail = (args: readonly string[], more?: Partial<KubectlOptions>): string => {
      const { status, stderr } = kubectl(args, more);
      assert.notEqual(status, 0, `kubectl ${args.join(" ")} succeeded`);
      return stderr.replaceAll(deprecated, "");
    };
    const field = (path: string) => run(["get", "flunder", "sample", "-o", `jsonpath={${path}}`]);
    const reset = () => run(["delete", "flunders", "--all"]);
    const create = () => run(["create", "-f", "-"], { input: manifest });

    before(reset);

    test("creates once, and tells when it is there already", () => {
      const { stdout, stderr } = kubectl(["create", "-f", "-"], { input: manifest });
      assert.equal(stdout, "flunder.wardle.example.com/sample created\n");
      assert.equal(stderr, deprecated);
      assert.match(
        fail(["create", "-f", "-"], { input: manifest }),
        /^Error from server \(AlreadyExists\): .*flunders\.wardle\.example\.com "sample" already exists\n$/,
      );
    });

    test("gets in every form", () => {
      assert.match(run(["get", "flunders"]), /^NAME {5}CREATED AT\nsample {3}\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\n$/);
      assert.match(run(["get", "flunders", "-o", "wide", "--show-labels"]), /LABELS\nsample .* sample-label=true\n$/);
      assert.match(run(["get", "flunders", "-A"]), /^NAMESPACE +NAME +CREATED AT\ndefault +sample +/);
      assert.equal(run(["get", "flunder", "-o", "name"]), "flunder.wardle.example.com/sample\n");
      assert.equal(field(".spec.flunderReference"), "another-flunder");
      assert.equal(run(["get", "flunder/sample", "-o", "go-template={{.kind}} {{.metadata.name}}"]), "Flunder sample");
      const columns = "custom-columns=NAME:.metadata.name,TYPE:.spec.referenceType";
      assert.equal(run(["get", "flunders", "-o", columns]), "NAME     TYPE\nsample   Flunder\n");
      assert.match(
        run(["get", "flunder", "sample", "-o", "yaml"]),
        /^apiVersion: wardle.example.com\/v1beta1\nkind: Flunder\n/,
      );
      assert.equal(JSON.parse(run(["get", "flunders", "-o", "json"])).items.length, 1);
      assert.match(run(["get", "flunders", "--sort-by=.metadata.name", "--chunk-size=1"]), /\nsample /);
      assert.match(run(["get", "flunder", "--field-selector", "metadata.name=sample"]), /\nsample /);
      assert.match(
        fail(["get", "flunder", "--field-selector", "spec.x=y"]),
        /"spec\.x" is not a known field selector: only "metadata\.name", "metadata\.namespace"/,
      );
      assert.equal(
        fail(["get", "flunder", "nothing"]),
        'Error from server (NotFound): flunders.wardle.example.com "nothing" not found\n',
      );
      const raw = run(["get", "--raw", "/apis/wardle.example.com/v1alpha1/namespaces/default/flunders/sample"]);
      assert.equal(JSON.parse(raw).spec.reference, "another-flunder");
      assert.match(
        run(["describe", "flunder", "sample"]),
        /Flunder Reference: +another-flunder\n.*\nStatus:\nEvents: +<none>\n$/s,
      );
    });

    test("labels, annotates and edits", () => {
      assert.equal(run(["label", "flunder", "sample", "colour=blue"]), "flunder.wardle.example.com/sample labeled\n");
      assert.match(
        fail(["label", "flunder", "sample", "colour=red"]),
        /already has a value \(blue\), and --overwrite is false/,
      );
      assert.equal(
        run(["get", "flunder", "-l", "colour in (blue, green)", "-o", "name"]),
        "flunder.wardle.example.com/sample\n",
      );
      run(["annotate", "flunder", "sample", "note=one"]);
      assert.equal(field(".metadata.annotations.note"), "one");
      const edited = run(["edit", "flunder", "sample"], { editor: "sed -i s/blue/pink/" });
      assert.equal(edited, "flunder.wardle.example.com/sample edited\n");
      assert.equal(field(".metadata.labels.colour"), "pink");
    });

    test("patches in every type", () => {
      const patch = (type: string, body: object) => [
        "patch",
        "flunder",
        "sample",
        `--type=${type}`,
        "-p",
        JSON.stringify(body),
      ];
      assert.equal(
        run(patch("merge", { metadata: { labels: { colour: "red" } } })),
        "flunder.wardle.example.com/sample patched\n",
      );
      assert.equal(
        run(patch("strategic", { metadata: { labels: { colour: "green" } } })),
        "flunder.wardle.example.com/sample patched\n",
      );
      assert.equal(field(".metadata.labels.colour"), "green");
      run(patch("json", [{ op: "remove", path: "/metadata/labels/colour" }]));
      assert.equal(field(".metadata.labels.colour"), "");
      assert.match(run(patch("merge", {})), /patched \(no change\)\n$/);
      assert.match(
        fail(patch("json", [{ op: "test", path: "/metadata/name", value: "x" }])),
        /^The request is invalid/,
      );
      assert.match(
        fail(patch("merge", { metadata: { name: "other" } })),
        /the name of the object .* does not match the name on the URL|field is immutable/,
      );
    });

    test("replaces, and does so by force", () => {
      assert.equal(run(["replace", "-f", "-"], { input: manifest }), "flunder.wardle.example.com/sample replaced\n");
      const uid = field(".metadata.uid");
      assert.match(run(["replace", "--force", "-f", "-"], { input: manifest }), /deleted.*\n.*replaced\n$/);
      assert.notEqual(field(".metadata.uid"), uid);
      const stale = run(["get", "flunder", "sample", "-o", "yaml"]);
      run(["label", "flunder", "sample", "moved=on"]);
      assert.match(
        fail(["replace", "-f", "-"], { input: stale }),
        /\(Conflict\): .*the object has been modified; please apply your changes to the latest version and try again\n$/,
      );
    });

    test("applies from the client's side, and shows the difference before", () => {
      reset();
      assert.equal(run(["apply", "-f", "-"], { input: manifest }), "flunder.wardle.example.com/sample created\n");
      assert.equal(run(["apply", "-f", "-"], { input: manifest }), "flunder.wardle.example.com/sample unchanged\n");
      const file = join(plane.dataDirectory, "changed.yaml");
      writeFileSync(file, changed);
      const difference = kubectl(["diff", "-f", file]);
      assert.equal(difference.status, 1);
      assert.match(difference.stdout, /^- {2}reference: another-flunder\n\+ {2}reference: other\n/m);
      assert.equal(
        run(["apply", "--dry-run=server", "-f", file]),
        "flunder.wardle.example.com/sample configured (server dry run)\n",
      );
      assert.equal(field(".spec.flunderReference"), "another-flunder");
      assert.equal(run(["apply", "-f", file]), "flunder.wardle.example.com/sample configured\n");
      assert.equal(field(".spec.flunderReference"), "other");
      assert.equal(kubectl(["diff", "-f", file]).status, 0);
    });

    test("applies from the server's side, with conflicts", () => {
      reset();
      const apply = (...more: string[]) => ["apply", "--server-side", ...more, "-f", "-"];
      assert.equal(run(apply(), { input: manifest }), "flunder.wardle.example.com/sample serverside-applied\n");
      const refused = fail(apply("--field-manager=other"), { input: changed });
      assert.match(refused, /^error: Apply failed with 1 conflict: conflict with "kubectl": \.spec\.reference\n/);
      run(apply("--field-manager=other", "--force-conflicts"), { input: changed });
      const managers = JSON.parse(
        run(["get", "flunder", "sample", "-o", "json", ...(isNew ? ["--show-managed-fields"] : [])]),
      );
      assert.deepEqual(
        managers.metadata.managedFields
          .map(({ manager, operation }: { manager: string; operation: string }) => `${manager} ${operation}`)
          .sort(),
        ["kubectl Apply", "other Apply"],
      );
    });

    // Which came with 1.26.
    if (isNew)
      test("moves what was applied from the client's side to the server's", {
        skip: isNew ? false : "it came with 1.22",
      }, () => {
        reset();
        run(["apply", "-f", "-"], { input: manifest });
        run(["apply", "--server-side", "-f", "-"], { input: manifest });
        // The annotation is the server's now; what the manifest no longer says goes.
        run(["apply", "--server-side", "-f", "-"], { input: manifest.replace(/ {2}labels:\n.*\n/, "") });
        assert.equal(field(".metadata.labels"), "");
      });

    test("deletes in every way", () => {
      reset();
      create();
      assert.equal(run(["delete", "flunder", "sample"]), 'flunder.wardle.example.com "sample" deleted\n');
      create();
      assert.equal(
        run(["delete", "-f", "-", "--grace-period=0", "--force"], { input: manifest }),
        'flunder.wardle.example.com "sample" force deleted\n',
      );
      create();
      run(["delete", "flunder", "-l", "sample-label=true", "--wait=false"]);
      assert.equal(run(["get", "flunders", "-o", "name"]), "");
      assert.equal(run(["delete", "flunder", "sample", "--ignore-not-found"]), "");
      create();
      run(["patch", "flunder", "sample", "--type=merge", "-p", '{"metadata":{"finalizers":["example.com/hold"]}}']);
      run(["delete", "flunder", "sample", "--wait=false"]);
      assert.notEqual(field(".metadata.deletionTimestamp"), "");
      run(["patch", "flunder", "sample", "--type=merge", "-p", '{"metadata":{"finalizers":null}}']);
      // An older one takes what is gone already for an error.
      if (isNew) run(["wait", "--for=delete", "flunder/sample", "--timeout=10s"]);
      assert.match(fail(["get", "flunder", "sample"]), /not found/);
    });

    test("waits and watches", async () => {
      reset();
      const watching = spawn(program, ["get", "flunders", "-w", "--no-headers"], {
        cwd: root,
        env: {
          ...process.env,
          KUBECONFIG: join(plane.dataDirectory, "kubeconfig"),
          HOME: dirname(plane.dataDirectory),
        },
      });
      let heard = "";
      watching.stdout.on("data", (chunk) => {
        heard += chunk;
      });
      create();
      await eventually("the object was seen", () => heard.startsWith("sample "));
      run(["label", "flunder", "sample", "watched=yes"]);
      await eventually("the change was seen", () => heard.split("\n").length > 2);
      watching.kill();
      assert.match(
        fail(["wait", "--for=condition=Ready", "flunder/sample", "--timeout=1s"]),
        /timed out waiting for the condition on flunders\/sample/,
      );
      if (isNew)
        assert.match(
          run(["wait", "--for=jsonpath={.spec.referenceType}=Flunder", "flunder/sample", "--timeout=5s"]),
          /condition met/,
        );
    });

    test("explains, and refuses what is not there", () => {
      assert.match(run(["explain", "flunder.spec"]), /flunderReference\s+<string>\n\s+A name of another flunder/);
      assert.match(run(["explain", "flunder", "--recursive"]), /spec\s+<\w+>\n\s+fischerReference\s+<string>/);
      assert.match(
        run(["explain", "flunder.spec", "--api-version=wardle.example.com/v1alpha1"]),
        /reference\s+<string>/,
      );
      assert.match(
        run(["api-resources", "-o", "wide", "--api-group=wardle.example.com"]),
        /flunders +wardle.example.com\/v1beta1 +true +Flunder +\[?create[, ]delete[, ]deletecollection[, ]get[, ]list[, ]patch[, ]update[, ]watch/,
      );
      assert.match(
        fail(["scale", "flunder", "sample", "--replicas=2"]),
        /^Error from server \(NotFound\): the server could not find the requested resource/,
      );
      assert.equal(run(["auth", "can-i", "create", "flunders"]), "yes\n");
      assert.match(run(["auth", "can-i", "--list"]), /^\*\.\* +\[\] +\[\] +\[\*\]$/m);
    });

    test("is told of fields that nobody knows", () => {
      const typo =
        "apiVersion: wardle.example.com/v1beta1\nkind: Flunder\nmetadata: {name: typo}\nspec: {flunderReferenc: x}\n";
      assert.match(fail(["create", "-f", "-"], { input: typo }), /unknown field "(spec\.)?flunderReferenc"/);
      const ignoring = isNew ? "--validate=ignore" : "--validate=false";
      assert.equal(run(["create", ignoring, "-f", "-"], { input: typo }), "flunder.wardle.example.com/typo created\n");
    });
  });
}
