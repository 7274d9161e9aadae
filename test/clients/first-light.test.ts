// API aggregation as a person sees it, who has nothing but Node and kubectl.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { eventually, startUp, type UpProcess, wardlePid } from "../support/control-plane.ts";

const flunder = (name: string, more = "") =>
  `apiVersion: wardle.example.com/v1alpha1\nkind: Flunder\nmetadata:\n  name: ${name}\n${more}`;

describe("kubectl against annex up", () => {
  let plane: UpProcess;
  before(async () => {
    plane = await startUp();
  });
  after(async () => {
    await plane[Symbol.asyncDispose]();
  });

  /** Runs kubectl, which must succeed. */
  const run = (...args: string[]): string => {
    const { status, stdout, stderr } = plane.kubectl(args);
    assert.equal(status, 0, `kubectl ${args.join(" ")}: ${stderr}`);
    return stdout;
  };
  const create = (manifest: string) => plane.kubectl(["create", "-f", "-"], manifest);
  const condition = (name: string) =>
    plane.kubectl([
      "get",
      "apiservice",
      name,
      "-o",
      'jsonpath={.status.conditions[?(@.type=="Available")].status} {.status.conditions[?(@.type=="Available")].reason}',
    ]).stdout;

  test("annex up says what it starts, where its state is, who is available, and what to try", () => {
    const lines = plane.output().trimEnd().split("\n");
    assert.match(lines[0] ?? "", /^annex: starting a control plane with examples\/wardle\/server\.ts$/);
    assert.match(lines[1] ?? "", /^state: /);
    assert.match(
      lines[2] ?? "",
      /^wardle: available as v1beta1\.wardle\.example\.com, v1alpha1\.wardle\.example\.com$/,
    );
    assert.match(lines[3] ?? "", /^control plane: available at https:\/\/127\.0\.0\.1:\d+$/);
    assert.match(lines[4] ?? "", /^ready in \d+ ms$/);
    assert.equal(lines.length, 8);
  });

  test("the APIService is as it was registered, and available", () => {
    const { spec, status } = JSON.parse(run("get", "apiservice", "v1alpha1.wardle.example.com", "-o", "json"));
    assert.deepEqual(spec.service, { name: "api", namespace: "wardle", port: 443 });
    assert.equal(spec.groupPriorityMinimum, 1000);
    assert.equal(spec.versionPriority, 15);
    assert.ok(spec.caBundle.length > 100);
    assert.equal(spec.insecureSkipTLSVerify, undefined);
    const { type, status: available, reason, message } = status.conditions[0];
    assert.deepEqual(
      { type, available, reason, message },
      { type: "Available", available: "True", reason: "Passed", message: "all checks passed" },
    );
    const table = run("get", "apiservices");
    assert.match(table, /^NAME +SERVICE +AVAILABLE +AGE\n/);
    assert.match(table, /^v1\. +Local +True /m);
    assert.match(table, /^v1alpha1\.wardle\.example\.com +wardle\/api +True /m);
  });

  test("api-resources, api-versions and explain know the group", () => {
    assert.match(
      run("api-resources", "--api-group=wardle.example.com"),
      /^flunders +wardle\.example\.com\/v1beta1 +true +Flunder$/m,
    );
    assert.match(run("api-versions"), /^wardle\.example\.com\/v1alpha1$/m);
    assert.match(
      run("explain", "flunder.spec", "--api-version=wardle.example.com/v1alpha1"),
      /referenceType\s+<string>/,
    );
    assert.match(run("explain", "service.spec.ports"), /targetPort/);
  });

  test("an empty list is told as kubectl tells it, also through kubectl proxy", async () => {
    assert.match(plane.kubectl(["get", "flunder"]).stderr, /No resources found in default namespace\./);
    const proxy = spawn("kubectl", ["proxy", "--port=0"], {
      env: { ...process.env, KUBECONFIG: join(plane.dataDirectory, "kubeconfig") },
    });
    try {
      const [line] = await once(proxy.stdout, "data");
      const port = /:(\d+)/.exec(String(line))?.[1];
      const answer = await fetch(
        `http://127.0.0.1:${port}/apis/wardle.example.com/v1alpha1/namespaces/default/flunders`,
      );
      const body: unknown = await answer.json();
      assert.equal(answer.status, 200);
      assert.ok(typeof body === "object" && body !== null && "kind" in body && "items" in body);
      assert.equal(body.kind, "FlunderList");
      assert.deepEqual(body.items, []);
    } finally {
      proxy.kill();
    }
  });

  test("a flunder can be created, read, watched, applied, changed and deleted", async () => {
    const watch = spawn("kubectl", ["get", "flunder", "-w", "-o", "name"], {
      env: { ...process.env, KUBECONFIG: join(plane.dataDirectory, "kubeconfig") },
    });
    let seen = "";
    watch.stdout.on("data", (chunk) => {
      seen += chunk;
    });
    try {
      const manifest = flunder("sample", "spec:\n  reference: other\n");
      assert.equal(create(manifest).stdout, "flunder.wardle.example.com/sample created\n");
      const object = JSON.parse(run("get", "flunder.v1alpha1.wardle.example.com", "sample", "-o", "json"));
      assert.deepEqual(Object.keys(object).sort(), ["apiVersion", "kind", "metadata", "spec", "status"]);
      for (const field of ["creationTimestamp", "name", "namespace", "resourceVersion", "uid"])
        assert.ok(object.metadata[field], field);
      assert.deepEqual(object.spec, { reference: "other", referenceType: "Flunder" });
      await eventually("the watch tells of the flunder", () => seen.includes("flunder.wardle.example.com/sample\n"));
      assert.match(run("label", "flunder", "sample", "color=blue"), /labeled/);
      await eventually(
        "the watch tells of the label",
        () => seen.split("flunder.wardle.example.com/sample\n").length > 2,
      );
      assert.match(
        plane.kubectl(["apply", "-f", "-"], flunder("applied", "spec:\n  reference: one\n")).stdout,
        /created/,
      );
      assert.match(
        plane.kubectl(["apply", "-f", "-"], flunder("applied", "spec:\n  reference: two\n")).stdout,
        /configured/,
      );
      assert.match(
        plane.kubectl(["diff", "-f", "-"], flunder("applied", "spec:\n  reference: three\n")).stdout,
        /^\+ {2}reference: three$/m,
      );
      assert.match(
        plane.kubectl(["apply", "--server-side", "-f", "-"], flunder("served", "spec:\n  reference: one\n")).stdout,
        /serverside-applied/,
      );
      assert.match(plane.kubectl(["delete", "-f", "-"], manifest).stdout, /deleted/);
      assert.match(run("delete", "flunder", "applied", "served"), /deleted/);
    } finally {
      watch.kill();
    }
  });

  test("a name that a fischer disallows is forbidden", () => {
    assert.equal(
      create(
        "apiVersion: wardle.example.com/v1alpha1\nkind: Fischer\nmetadata:\n  name: ban\ndisallowedFlunders: [badname]\n",
      ).status,
      0,
    );
    const refused = create(flunder("badname"));
    assert.equal(refused.status, 1);
    assert.match(
      refused.stderr,
      /Error from server \(Forbidden\): error when creating "STDIN": flunders\.wardle\.example\.com "badname" is forbidden: this name may not be used, please change the resource name/,
    );
    run("delete", "fischer", "ban");
  });

  test("a dead extension server is told, refuses with 503, leaves the rest alone, and comes back", async () => {
    const name = "v1alpha1.wardle.example.com";
    process.kill(wardlePid(plane), "SIGKILL");
    await eventually("the APIService is not available", () =>
      /^False (MissingEndpoints|FailedDiscoveryCheck)$/.test(condition(name)),
    );
    assert.match(run("get", "namespaces"), /^default +Active/m);
    await eventually("the APIService is available again", () => condition(name) === "True Passed");
    assert.equal(create(flunder("after")).status, 0);
    run("delete", "flunder", "after");
  });

  test("without its APIService a version is gone, without both the resource is; registered again, its flunders are back", async () => {
    assert.equal(create(flunder("kept")).status, 0);
    const saved = ["v1alpha1", "v1beta1"].map((version) => {
      const { apiVersion, kind, metadata, spec } = JSON.parse(
        run("get", "apiservice", `${version}.wardle.example.com`, "-o", "json"),
      );
      return JSON.stringify({ apiVersion, kind, metadata: { name: metadata.name }, spec });
    });
    run("delete", "apiservice", "v1alpha1.wardle.example.com");
    await eventually(
      "the v1alpha1 path is gone",
      () =>
        plane.kubectl(["get", "--raw", "/apis/wardle.example.com/v1alpha1"]).stderr.includes("404 page not found") ||
        plane.kubectl(["get", "--raw", "/apis/wardle.example.com/v1alpha1"]).stderr.includes("NotFound"),
    );
    assert.match(run("get", "flunders.v1beta1.wardle.example.com"), /^kept /m);
    run("delete", "apiservice", "v1beta1.wardle.example.com");
    // kubectl believes its discovery cache for hours: a cache of its own asks anew.
    const askAnew = ["--cache-dir", join(plane.dataDirectory, "second-cache")];
    await eventually("the resource type is gone", () =>
      plane
        .kubectl([...askAnew, "get", "flunder"])
        .stderr.includes(`the server doesn't have a resource type "flunder"`),
    );
    for (const manifest of saved) assert.equal(create(manifest).status, 0);
    await eventually(
      "the flunders are back",
      () =>
        plane.kubectl(["get", "flunders.v1alpha1.wardle.example.com", "kept", "-o", "name"]).stdout ===
        "flunder.wardle.example.com/kept\n",
    );
    run("delete", "flunder", "kept");
  });

  test("an APIService that cannot work says why", async () => {
    const apiService = (group: string, service: string) =>
      JSON.stringify({
        apiVersion: "apiregistration.k8s.io/v1",
        kind: "APIService",
        metadata: { name: `v1.${group}` },
        spec: {
          group,
          version: "v1",
          groupPriorityMinimum: 100,
          versionPriority: 10,
          insecureSkipTLSVerify: true,
          service: { namespace: "default", name: service, port: 443 },
        },
      });
    const service = (name: string, port: number) => [
      JSON.stringify({
        apiVersion: "v1",
        kind: "Service",
        metadata: { name, namespace: "default" },
        spec: { ports: [{ name: "https", port: 443, targetPort: port }] },
      }),
      JSON.stringify({
        apiVersion: "discovery.k8s.io/v1",
        kind: "EndpointSlice",
        metadata: { name, namespace: "default", labels: { "kubernetes.io/service-name": name } },
        addressType: "IPv4",
        endpoints: [{ addresses: ["127.0.0.1"] }],
        ports: [{ name: "https", port }],
      }),
    ];
    const closedPort = 1;
    for (const manifest of [
      apiService("missing.example.com", "nowhere"),
      ...service("closed", closedPort),
      apiService("closed.example.com", "closed"),
      ...service("itself", plane.port),
      apiService("other.example.com", "itself"),
    ])
      assert.equal(create(manifest).status, 0, manifest);
    const told = (name: string) =>
      plane.kubectl([
        "get",
        "apiservice",
        name,
        "-o",
        "jsonpath={.status.conditions[0].reason}: {.status.conditions[0].message}",
      ]).stdout;
    await eventually(
      "the missing service is told",
      () => told("v1.missing.example.com") === 'ServiceNotFound: service/nowhere in "default" is not present',
    );
    await eventually("the refused connection is told", () =>
      /^FailedDiscoveryCheck: failing or missing response from https:.*connection refused/.test(
        told("v1.closed.example.com"),
      ),
    );
    await eventually("the wrong backend is told", () =>
      /^FailedDiscoveryCheck: failing or missing response from https:.*bad status from https:.*: 40[134]/.test(
        told("v1.other.example.com"),
      ),
    );
    run("delete", "apiservice", "v1.missing.example.com", "v1.closed.example.com", "v1.other.example.com");
  });

  test("a namespace is deleted with the aggregated objects in it", async () => {
    run("create", "namespace", "going");
    assert.equal(plane.kubectl(["create", "-n", "going", "-f", "-"], flunder("inside")).status, 0);
    run("create", "configmap", "-n", "going", "inside", "--from-literal=a=b");
    run("delete", "namespace", "going", "--timeout=30s");
    assert.match(plane.kubectl(["get", "namespace", "going"]).stderr, /namespaces "going" not found/);
    run("create", "namespace", "going");
    assert.equal(plane.kubectl(["get", "flunders", "-n", "going", "-o", "name"]).stdout, "");
  });

  test("Ctrl-C ends everything with exit code 0, and the next start finds the objects", async () => {
    assert.equal(create(flunder("lasting")).status, 0);
    const pid = wardlePid(plane);
    assert.equal(await plane.interrupt(), 0);
    assert.throws(() => process.kill(pid, 0), /ESRCH/);
    plane = await startUp({ dataDirectory: plane.dataDirectory });
    assert.match(run("get", "flunders"), /^lasting /m);
  });
});
