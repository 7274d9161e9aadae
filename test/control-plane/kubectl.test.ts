// kubectl's own work against `annex up` with wardle behind it.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { eventually, startUp, type UpProcess } from "../support/control-plane.ts";

let up: UpProcess;
before(async () => {
  up = await startUp();
});
after(() => up[Symbol.asyncDispose]());

/** Runs it, expects success, and hands over what it prints. */
function kubectl(line: string, input?: string): string {
  const { status, stdout, stderr } = up.kubectl(words(line), input);
  assert.equal(status, 0, `kubectl ${line}: ${stderr}`);
  return stdout;
}

function refused(line: string, input?: string): string {
  const { status, stderr } = up.kubectl(words(line), input);
  assert.notEqual(status, 0, `kubectl ${line} must fail`);
  return stderr.trim();
}

/** Words between blanks; quotes hold one together. */
function words(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain = ""]) => quoted ?? plain);
}

/** Cells of a table without its ages, which are different each time. */
function rows(table: string): string[] {
  return table
    .trim()
    .split("\n")
    .map((line) =>
      line
        .trim()
        .split(/\s{2,}/)
        .filter((cell) => !/^(\d+[smh])+$/.test(cell))
        .join(" | "),
    );
}

const flunder = (name: string, namespace: string) =>
  JSON.stringify({
    apiVersion: "wardle.example.com/v1alpha1",
    kind: "Flunder",
    metadata: { name, namespace },
    spec: { reference: "other" },
  });

describe("kubectl", () => {
  test("creates everything that it has words for", () => {
    kubectl("create namespace made");
    const inside = "-n made";
    kubectl(`create configmap settings --from-literal=a=b ${inside}`);
    kubectl(`create secret generic password --from-literal=p=w ${inside}`);
    kubectl(
      `create secret docker-registry pull --docker-server r.example.com --docker-username u --docker-password p ${inside}`,
    );
    kubectl(`create serviceaccount robot ${inside}`);
    kubectl(`create role reader --verb=get,list --resource=configmaps ${inside}`);
    kubectl(`create rolebinding readers --role=reader --user=bob --group=devs --serviceaccount=made:robot ${inside}`);
    kubectl("create clusterrole gathered --aggregation-rule=rbac.example.com/gather=true");
    assert.deepEqual(rows(kubectl(`get secrets ${inside}`)), [
      "NAME | TYPE | DATA | AGE",
      "password | Opaque | 1",
      "pull | kubernetes.io/dockerconfigjson | 1",
    ]);
    assert.deepEqual(rows(kubectl(`get rolebindings -o wide ${inside}`)), [
      "NAME | ROLE | AGE | USERS | GROUPS | SERVICEACCOUNTS",
      "readers | Role/reader | bob | devs | made/robot",
    ]);
    assert.deepEqual(rows(kubectl(`get serviceaccounts ${inside}`)), [
      "NAME | SECRETS | AGE",
      "default | 0",
      "robot | 0",
    ]);
    assert.match(kubectl(`create token robot --duration 20m ${inside}`), /^[\w-]+\.[\w-]+\.[\w-]+$/);
  });

  test("creates services of every type, and shows them as it does on a main API server", () => {
    kubectl("create namespace services");
    const inside = "-n services";
    kubectl(`create service clusterip plain --tcp=80:8080 --clusterip=10.96.1.1 ${inside}`);
    kubectl(`create service clusterip headless --clusterip=None ${inside}`);
    kubectl(`create service nodeport node --tcp=80:8080 --node-port=30123 ${inside}`);
    kubectl(`create service externalname outside --external-name example.com ${inside}`);
    kubectl(`create service loadbalancer balanced --tcp=443 ${inside}`);
    const shown = rows(kubectl(`get all -o wide ${inside}`)).map((row) =>
      row.replace(/10\.96\.0\.\d+/, "ADDRESS").replace(/443:\d+/, "443:PORT"),
    );
    assert.deepEqual(shown, [
      "NAME | TYPE | CLUSTER-IP | EXTERNAL-IP | PORT(S) | AGE | SELECTOR",
      "balanced | LoadBalancer | ADDRESS | <pending> | 443:PORT/TCP | app=balanced",
      "headless | ClusterIP | None | <none> | <none> | app=headless",
      "node | NodePort | ADDRESS | <none> | 80:30123/TCP | app=node",
      "outside | ExternalName | <none> | example.com | <none> | app=outside",
      "plain | ClusterIP | 10.96.1.1 | <none> | 80/TCP | app=plain",
    ]);
    assert.match(
      refused(`create service clusterip twice --tcp=80 --clusterip=10.96.1.1 ${inside}`),
      /provided IP is already allocated/,
    );
  });

  test("applies, tells differences, waits, and takes fields over", () => {
    const manifest = (value: string) =>
      [
        "apiVersion: v1",
        "kind: ConfigMap",
        "metadata: {name: applied}",
        `data: {value: "${value}"}`,
        "---",
        "apiVersion: v1",
        "kind: Service",
        "metadata: {name: web}",
        "spec: {ports: [{port: 80, name: http}, {port: 443, name: tls}], selector: {app: web}}",
      ].join("\n");
    assert.equal(kubectl("apply -f -", manifest("1")), "configmap/applied created\nservice/web created\n");
    assert.equal(kubectl("apply -f -", manifest("1")), "configmap/applied unchanged\nservice/web unchanged\n");
    const { status, stdout } = up.kubectl(["diff", "-f", "-"], manifest("2"));
    assert.equal(status, 1);
    assert.match(stdout, /^-\s+value: "1"\n\+\s+value: "2"$/m);
    assert.doesNotMatch(stdout, /Service/);
    kubectl("apply -f - --server-side --force-conflicts", manifest("2"));
    kubectl("wait --for=jsonpath={.data.value}=2 configmap/applied --timeout=10s");
    assert.equal(kubectl("create configmap dry --dry-run=server -o name"), "configmap/dry\n");
    assert.match(refused("get configmap dry"), /configmaps "dry" not found/);
  });

  test("asks and shows who may do what, also as somebody else", () => {
    kubectl("create namespace rights");
    kubectl("create role reader --verb=get,list --resource=configmaps -n rights");
    kubectl("create rolebinding readers --role=reader --user=bob -n rights");
    assert.match(kubectl("auth can-i --list -n rights --as bob"), /^configmaps\s+\[\]\s+\[\]\s+\[get list\]$/m);
    assert.equal(kubectl("auth can-i list configmaps -n rights --as bob"), "yes\n");
    assert.equal(up.kubectl(words("auth can-i delete configmaps -n rights --as bob")).stdout, "no\n");
    assert.deepEqual(rows(kubectl("auth whoami --as bob --as-group devs")), [
      "ATTRIBUTE | VALUE",
      "Username | bob",
      "Groups | [devs system:authenticated]",
    ]);
    assert.equal(
      refused("get secrets -n rights --as bob"),
      'Error from server (Forbidden): secrets is forbidden: User "bob" cannot list resource "secrets" in API group "" in the namespace "rights"',
    );
    const role = {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "Role",
      metadata: { name: "reader", namespace: "rights" },
    };
    const rules = [{ apiGroups: [""], resources: ["secrets"], verbs: ["get"] }];
    kubectl("auth reconcile -f -", JSON.stringify({ ...role, rules }));
    assert.equal(kubectl("auth can-i get secrets -n rights --as bob"), "yes\n");
  });

  test("explains every kind of the control plane, each of its own fields with a description", () => {
    const kinds = kubectl("api-resources --no-headers -o wide")
      .trim()
      .split("\n")
      .map((line) => line.trim().split(/\s+/));
    const versions = kinds.map((cells) => {
      const at = cells.findIndex((cell) => cell === "true" || cell === "false");
      return { resource: cells[0] ?? "", version: cells[at - 1] ?? "" };
    });
    assert.ok(versions.length > 25);
    for (const { resource, version } of versions.filter((kind) => !kind.version.startsWith("wardle"))) {
      const explained = kubectl(`explain ${resource} --api-version=${version}`);
      assert.match(explained, /^DESCRIPTION:\n {4}\w/m, resource);
      const undescribed = [...explained.matchAll(/^ {2}(\w+)\t.*\n {4}<no description>$/gm)].map(([, field]) => field);
      assert.deepEqual(
        undescribed.filter((field) => field !== "metadata"),
        [],
        resource,
      );
    }
    assert.match(kubectl("explain service.spec.ports.targetPort"), /Number or name of the port/);
  });

  test("lists kinds with the verbs, short names and categories that they have on a main API server", () => {
    const kinds = new Map(
      kubectl("api-resources -o wide")
        .split("\n")
        .map((line) => {
          const [name = "", ...cells] = line.trim().split(/\s+/);
          return [name, cells.join(" ")];
        }),
    );
    const changeable = "get,list,patch,update,watch";
    const all = `create,delete,deletecollection,${changeable}`;
    assert.equal(kinds.get("namespaces"), `ns v1 false Namespace create,delete,${changeable}`);
    assert.equal(kinds.get("services"), `svc v1 true Service ${all} all`);
    assert.equal(kinds.get("apiservices"), `apiregistration.k8s.io/v1 false APIService ${all} api-extensions`);
    assert.equal(kinds.get("tokenreviews"), "authentication.k8s.io/v1 false TokenReview create");
    const group = "admissionregistration.k8s.io";
    const extensions = kubectl("api-resources --categories=api-extensions -o name").trim().split("\n").sort();
    assert.deepEqual(extensions, [
      "apiservices.apiregistration.k8s.io",
      `mutatingadmissionpolicies.${group}`,
      `mutatingadmissionpolicybindings.${group}`,
      `mutatingwebhookconfigurations.${group}`,
      `validatingadmissionpolicies.${group}`,
      `validatingadmissionpolicybindings.${group}`,
      `validatingwebhookconfigurations.${group}`,
    ]);
    assert.equal(
      refused("delete --raw /api/v1/namespaces"),
      "Error from server (MethodNotAllowed): the server does not allow this method on the requested resource",
    );
  });

  test("says no in the words of a main API server", () => {
    kubectl("create namespace words");
    const inside = "-n words";
    kubectl(`create configmap here --from-literal=a=b ${inside}`);
    const refusals: Readonly<Record<string, string>> = {
      "create namespace words": 'Error from server (AlreadyExists): namespaces "words" already exists',
      [`create configmap here ${inside}`]: 'error: failed to create configmap: configmaps "here" already exists',
      "create configmap lost -n nowhere": 'error: failed to create configmap: namespaces "nowhere" not found',
      [`create token nobody ${inside}`]: 'error: failed to create token: serviceaccounts "nobody" not found',
      [`create token default --duration=1m ${inside}`]:
        'error: failed to create token: TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 60: may not specify a duration less than 10 minutes',
      "delete namespace kube-system":
        'Error from server (Forbidden): namespaces "kube-system" is forbidden: this namespace may not be deleted',
      "scale --replicas=1 service/kubernetes":
        "Error from server (NotFound): the server could not find the requested resource",
      [`wait --for=condition=Ready configmap/here --timeout=1s ${inside}`]:
        "error: timed out waiting for the condition on configmaps/here",
      [`get configmap gone ${inside}`]: 'Error from server (NotFound): configmaps "gone" not found',
    };
    for (const [line, words] of Object.entries(refusals)) assert.equal(refused(line), words);
    assert.equal(
      kubectl(`delete configmap here --dry-run=server ${inside}`),
      'configmap "here" deleted (server dry run)\n',
    );
    assert.equal(kubectl(`get configmap here -o name ${inside}`), "configmap/here\n");
  });

  test("shows endpoints, slices, leases and policies in the columns of a main API server", () => {
    kubectl("create namespace columns");
    const at = (name: string) => ({ name, namespace: "columns" });
    const addresses = [1, 2, 3, 4].map((last) => `10.0.0.${last}`);
    const ports = [
      { name: "a", port: 80 },
      { name: "b", port: 81 },
    ];
    const admission = "admissionregistration.k8s.io/v1";
    const objects = [
      {
        apiVersion: "v1",
        kind: "Endpoints",
        metadata: at("many"),
        subsets: [{ addresses: addresses.map((ip) => ({ ip })), ports }],
      },
      { apiVersion: "v1", kind: "Endpoints", metadata: at("none") },
      {
        apiVersion: "discovery.k8s.io/v1",
        kind: "EndpointSlice",
        metadata: at("many"),
        addressType: "IPv4",
        endpoints: addresses.map((address) => ({ addresses: [address] })),
        ports,
      },
      {
        apiVersion: "discovery.k8s.io/v1",
        kind: "EndpointSlice",
        metadata: at("none"),
        addressType: "IPv4",
        endpoints: [],
      },
      { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: at("held"), spec: { holderIdentity: "me" } },
      {
        apiVersion: admission,
        kind: "ValidatingAdmissionPolicyBinding",
        metadata: { name: "columns" },
        spec: {
          policyName: "p",
          validationActions: ["Deny"],
          paramRef: { name: "x", namespace: "columns", parameterNotFoundAction: "Deny" },
        },
      },
    ];
    kubectl("create -f -", JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }));
    const shown = (kind: string) => rows(kubectl(`get ${kind} -n columns`));
    assert.deepEqual(shown("endpoints"), [
      "NAME | ENDPOINTS | AGE",
      "many | 10.0.0.1:80,10.0.0.2:80,10.0.0.3:80 + 5 more...",
      "none | <none>",
    ]);
    assert.deepEqual(shown("endpointslices many none"), [
      "NAME | ADDRESSTYPE | PORTS | ENDPOINTS | AGE",
      "many | IPv4 | 80,81 | 10.0.0.1,10.0.0.2,10.0.0.3 + 1 more...",
      "none | IPv4 | <unset> | <unset>",
    ]);
    assert.deepEqual(shown("leases"), ["NAME | HOLDER | AGE", "held | me"]);
    assert.deepEqual(shown("validatingadmissionpolicybindings"), [
      "NAME | POLICYNAME | PARAMREF | AGE",
      "columns | p | columns/x",
    ]);
    kubectl("delete validatingadmissionpolicybinding columns");
  });

  test("shows what an API server looks for at start: webhooks, policies, flow schemas, levels", () => {
    const kinds = ["validatingwebhookconfigurations", "mutatingwebhookconfigurations", "validatingadmissionpolicies"];
    for (const kind of kinds) assert.equal(kubectl(`get ${kind} -o name`), "");
    kubectl("wait flowschema/catch-all --for=condition=Dangling=False --timeout=10s");
    const schemas = rows(kubectl("get flowschemas"));
    assert.equal(schemas[0], "NAME | PRIORITYLEVEL | MATCHINGPRECEDENCE | DISTINGUISHERMETHOD | AGE | MISSINGPL");
    assert.ok(schemas.includes("catch-all | catch-all | 10000 | ByUser | False"), schemas.join("\n"));
    assert.ok(rows(kubectl("get prioritylevelconfigurations")).includes("workload-low | Limited | 100 | 128 | 6 | 50"));
  });

  test("deletes a namespace with everything in it, behind whichever server that is", async () => {
    kubectl("create namespace doomed");
    kubectl("create configmap inside -n doomed");
    kubectl("create -f -", flunder("inside", "doomed"));
    kubectl("create -f -", flunder("elsewhere", "default"));
    kubectl("delete namespace doomed --timeout=20s");
    assert.match(refused("get namespace doomed"), /namespaces "doomed" not found/);
    assert.equal(kubectl("get flunders -A -o name"), "flunder.wardle.example.com/elsewhere\n");
    kubectl("create namespace doomed");
    assert.equal(kubectl("get flunders -n doomed -o name"), "");
  });

  test("a namespace says what it waits for", async () => {
    kubectl("create namespace waiting");
    kubectl("create configmap held -n waiting");
    kubectl(`patch configmap held -n waiting --type=merge -p '{"metadata":{"finalizers":["example.com/hold"]}}'`);
    kubectl("delete namespace waiting --wait=false");
    const message = (type: string) =>
      kubectl(`get namespace waiting -o jsonpath={.status.conditions[?(@.type=="${type}")].message}`);
    await eventually("there are conditions", () => message("NamespaceFinalizersRemaining") !== "");
    assert.equal(
      message("NamespaceContentRemaining"),
      "Some resources are remaining: configmaps. has 1 resource instances",
    );
    assert.equal(
      message("NamespaceFinalizersRemaining"),
      "Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances",
    );
    assert.match(
      refused("create configmap late -n waiting"),
      /configmaps "late" is forbidden: unable to create new content in namespace waiting because it is being terminated/,
    );
    kubectl(`patch configmap held -n waiting --type=merge -p '{"metadata":{"finalizers":null}}'`);
    kubectl("wait --for=delete namespace/waiting --timeout=30s");
  });

  test("creates and shows events", () => {
    const event = {
      apiVersion: "v1",
      kind: "Event",
      metadata: { name: "web.1", namespace: "default" },
      involvedObject: { apiVersion: "v1", kind: "Service", name: "web", namespace: "default" },
      type: "Warning",
      reason: "Tested",
      message: "it was tested",
      lastTimestamp: new Date().toISOString().replace(/\.\d+/, ""),
    };
    kubectl("create -f -", JSON.stringify(event));
    assert.deepEqual(rows(kubectl("get events")).slice(1), ["Warning | Tested | service/web | it was tested"]);
    assert.match(kubectl("events --for service/web"), /it was tested/);
  });
});
