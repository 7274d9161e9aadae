// Nobody grants what they do not have, in Kubernetes' words: https://kubernetes.io/docs/reference/access-authn-authz/rbac/#privilege-escalation-prevention-and-bootstrapping

import assert from "node:assert/strict";
import { test } from "node:test";
import { type ApiObject, StatusError } from "../../src/api/door.ts";
import { Client } from "../../src/client/door.ts";
import { type ControlPlane, startControlPlane } from "../../src/control-plane/door.ts";
import { handlerTransport } from "../../src/server/door.ts";
import { eventually } from "../support/control-plane.ts";

const group = "rbac.authorization.k8s.io";
const isNamespaced = { roles: true, rolebindings: true, clusterroles: false, clusterrolebindings: false } as const;

function rbac(client: Client, resource: keyof typeof isNamespaced) {
  return client.resource({ group, version: "v1", resource, isNamespaced: isNamespaced[resource] });
}

function as({ server }: ControlPlane, name: string): Client {
  const user = { name, uid: "", groups: ["devs", "system:authenticated"], extra: {} };
  return new Client({ transport: handlerTransport(server.handle, user) });
}

function aRole(name: string, rules: readonly object[], namespace?: string): ApiObject {
  const kind = namespace === undefined ? "ClusterRole" : "Role";
  return {
    apiVersion: `${group}/v1`,
    kind,
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
    rules,
  };
}

function aBinding(name: string, role: string, user: string, kind = "ClusterRole"): ApiObject {
  return {
    apiVersion: `${group}/v1`,
    kind: "RoleBinding",
    metadata: { name, namespace: "default" },
    roleRef: { apiGroup: group, kind, name: role },
    subjects: [{ kind: "User", apiGroup: group, name: user }],
  };
}

/** bob may write roles and bindings in `default`, and read configmaps there. */
async function startWithBob(more: readonly object[] = []): Promise<ControlPlane> {
  const plane = await startControlPlane();
  const rules = [
    { verbs: ["create", "get", "patch"], apiGroups: [group], resources: ["roles", "rolebindings"] },
    { verbs: ["get", "list"], apiGroups: [""], resources: ["configmaps"] },
    ...more,
  ];
  await rbac(plane.client, "clusterroles").create(aRole("bob", rules));
  await rbac(plane.client, "rolebindings").create(aBinding("bob", "bob", "bob"));
  return plane;
}

function refusal(code: number, message: string) {
  return (error: unknown) => {
    assert.ok(error instanceof StatusError);
    assert.equal(error.message, message);
    assert.equal(error.code, code);
    return true;
  };
}

test("a role may hold what its writer has, and nothing more", async () => {
  await using plane = await startWithBob();
  const roles = rbac(as(plane, "bob"), "roles");
  await roles.create(aRole("mine", [{ verbs: ["get"], apiGroups: [""], resources: ["configmaps"] }], "default"));
  const greedy = [
    { verbs: ["get", "delete", "create"], apiGroups: [""], resources: ["configmaps"] },
    { verbs: ["get"], apiGroups: [""], resources: ["secrets"], resourceNames: ["key"] },
  ];
  const missing = [
    '{APIGroups:[""], Resources:["configmaps"], Verbs:["delete" "create"]}',
    '{APIGroups:[""], Resources:["secrets"], ResourceNames:["key"], Verbs:["get"]}',
  ].join("\n");
  await assert.rejects(
    roles.create(aRole("greedy", greedy, "default")),
    refusal(
      403,
      `roles.${group} "greedy" is forbidden: user "bob" (groups=["devs" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n${missing}`,
    ),
  );
  await assert.rejects(
    roles.patch("mine", { rules: greedy }, { type: "merge", namespace: "default" }),
    /not currently held/,
  );
});

test("who may escalate writes any role", async () => {
  await using plane = await startWithBob([{ verbs: ["escalate"], apiGroups: [group], resources: ["roles"] }]);
  const rules = [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }];
  await rbac(as(plane, "bob"), "roles").create(aRole("great", rules, "default"));
});

test("a binding needs the rights of its role, or the right to bind it; and the role itself", async () => {
  const bind = { verbs: ["bind"], apiGroups: [group], resources: ["clusterroles"], resourceNames: ["view"] };
  await using plane = await startWithBob([bind]);
  const bindings = rbac(as(plane, "bob"), "rolebindings");
  await bindings.create(aBinding("viewer", "view", "alice"));
  await bindings.create(aBinding("like-me", "bob", "alice"));

  await assert.rejects(
    bindings.create(aBinding("boss", "cluster-admin", "alice")),
    /rolebindings.* "boss" is forbidden: user "bob" .* not currently held:\n\{APIGroups:\["\*"\], Resources:\["\*"\], Verbs:\["\*"\]\}/s,
  );
  await assert.rejects(
    bindings.create(aBinding("ghost", "nobody", "alice", "Role")),
    refusal(404, `roles.${group} "nobody" not found`),
  );
});

test("only a cluster administrator lets a cluster role gather others", async () => {
  await using plane = await startWithBob();
  const { client } = plane;
  const writer = aRole("writer", [{ verbs: ["create"], apiGroups: [group], resources: ["clusterroles"] }]);
  await rbac(client, "clusterroles").create(writer);
  await rbac(client, "clusterrolebindings").create({
    ...aBinding("writer", "writer", "bob"),
    kind: "ClusterRoleBinding",
    metadata: { name: "writer" },
  });
  const aggregationRule = { clusterRoleSelectors: [{ matchLabels: { gather: "true" } }] };
  const role = { ...aRole("gathered", []), aggregationRule };
  await assert.rejects(
    rbac(as(plane, "bob"), "clusterroles").create(role),
    refusal(
      403,
      `clusterroles.${group} "gathered" is forbidden: must have cluster-admin privileges to use the aggregationRule`,
    ),
  );
  await rbac(client, "clusterroles").create(role);
});

test("a cluster role that gathers others follows them as they come, change and go", async () => {
  await using plane = await startControlPlane();
  const clusterRoles = rbac(plane.client, "clusterroles");
  const clusterRoleSelectors = [{ matchExpressions: [{ key: "gather", operator: "In", values: ["all"] }] }];
  await clusterRoles.create({ ...aRole("gathered", []), aggregationRule: { clusterRoleSelectors } });
  const rule = (resource: string) => ({ verbs: ["get"], apiGroups: [""], resources: [resource] });
  const part = (name: string, resource: string) => {
    const role = aRole(name, [rule(resource)]);
    return { ...role, metadata: { name, labels: { gather: "all" } } };
  };
  const rules = async () => JSON.stringify((await clusterRoles.get("gathered")).rules ?? []);
  const gathers = (...wanted: readonly object[]) =>
    eventually(`it gathers ${wanted.length}`, async () => (await rules()) === JSON.stringify(wanted));

  await clusterRoles.create(part("b", "secrets"));
  await clusterRoles.create(part("a", "configmaps"));
  await gathers(rule("configmaps"), rule("secrets"));
  await clusterRoles.delete("b");
  await gathers(rule("configmaps"));
  await clusterRoles.patch("a", { metadata: { labels: { gather: "none" } } }, { type: "merge" });
  await gathers();
});
