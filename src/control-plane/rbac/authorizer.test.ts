import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApiObject } from "../../api/door.ts";
import type { Attributes } from "../../server/door.ts";
import { type PolicyRule, rbacAuthorizer, rulesFor } from "./authorizer.ts";

const apiVersion = "rbac.authorization.k8s.io/v1";
const group = "rbac.authorization.k8s.io";
const { signal } = new AbortController();

interface Roles {
  readonly clusterRoles?: Readonly<Record<string, readonly PolicyRule[]>>;
  /** By `namespace/name`. */
  readonly roles?: Readonly<Record<string, readonly PolicyRule[]>>;
  readonly clusterRoleBindings?: readonly ApiObject[];
  readonly roleBindings?: Readonly<Record<string, readonly ApiObject[]>>;
}

const aRole = (rules: readonly PolicyRule[] | undefined): ApiObject | undefined =>
  rules === undefined ? undefined : { apiVersion, kind: "Role", metadata: { name: "r" }, rules };

function sourceOf({ clusterRoles = {}, roles = {}, clusterRoleBindings = [], roleBindings = {} }: Roles) {
  return {
    clusterRole: (name: string) => aRole(clusterRoles[name]),
    role: (namespace: string, name: string) => aRole(roles[`${namespace}/${name}`]),
    clusterRoleBindings: () => clusterRoleBindings,
    roleBindings: (namespace: string) => roleBindings[namespace] ?? [],
  };
}

const bind = (kind: "Role" | "ClusterRole", name: string, ...subjects: readonly object[]): ApiObject => ({
  apiVersion,
  kind: "RoleBinding",
  metadata: { name: "b" },
  roleRef: { apiGroup: group, kind, name },
  subjects,
});
const ada = { kind: "User", apiGroup: group, name: "ada" };
const dev = { kind: "Group", apiGroup: group, name: "dev" };
const robot = { kind: "ServiceAccount", name: "robot", namespace: "ci" };

const ask = (more: Partial<Attributes> = {}): Attributes => ({
  user: { name: "ada", uid: "", groups: [], extra: {} },
  isResource: true,
  verb: "get",
  path: "",
  group: "apps",
  version: "v1",
  resource: "boats",
  subresource: "",
  namespace: "blue",
  name: "b1",
  ...more,
});
const askPath = (path: string, verb = "get") =>
  ask({ isResource: false, path, verb, group: "", resource: "", namespace: "", name: "" });

/** Whether a rule that binds ada everywhere allows it. */
async function allows(rule: PolicyRule, attributes: Attributes): Promise<boolean> {
  const source = sourceOf({ clusterRoles: { r: [rule] }, clusterRoleBindings: [bind("ClusterRole", "r", ada)] });
  return (await rbacAuthorizer(source).authorize(attributes, signal)).verdict === "allow";
}

const boats: PolicyRule = { verbs: ["get"], apiGroups: ["apps"], resources: ["boats"] };

test("a rule allows its verbs on its resources of its groups, and a star any of them", async () => {
  assert.ok(await allows(boats, ask()));
  assert.ok(!(await allows(boats, ask({ verb: "list" }))));
  assert.ok(!(await allows(boats, ask({ group: "" }))));
  assert.ok(!(await allows(boats, ask({ group: "other" }))));
  assert.ok(!(await allows(boats, ask({ resource: "ships" }))));
  assert.ok(await allows({ ...boats, verbs: ["*"] }, ask({ verb: "list" })));
  assert.ok(await allows({ ...boats, apiGroups: ["*"] }, ask({ group: "" })));
  assert.ok(await allows({ ...boats, resources: ["*"] }, ask({ resource: "ships", subresource: "log" })));
  assert.ok(!(await allows({ verbs: ["*"] }, ask())), "a rule without groups and resources is none");
});

test("a subresource has a name of its own: who may read boats may not read their logs", async () => {
  const log = ask({ subresource: "log" });
  assert.ok(!(await allows(boats, log)));
  assert.ok(await allows({ ...boats, resources: ["boats/log"] }, log));
  assert.ok(!(await allows({ ...boats, resources: ["boats/log"] }, ask())));
  assert.ok(await allows({ ...boats, resources: ["*/log"] }, log));
  assert.ok(!(await allows({ ...boats, resources: ["*/status"] }, log)));
});

test("a rule for names allows these names, and not what has none", async () => {
  const named = { ...boats, verbs: ["*"], resourceNames: ["b1", "b2"] };
  assert.ok(await allows(named, ask()));
  assert.ok(!(await allows(named, ask({ name: "b3" }))));
  assert.ok(!(await allows(named, ask({ verb: "list", name: "" }))));
  assert.ok(!(await allows(named, ask({ verb: "create", name: "" }))));
});

test("a rule for paths allows a path, those below a star, and no resources", async () => {
  const paths: PolicyRule = { verbs: ["get"], nonResourceURLs: ["/metrics", "/logs/*"] };
  assert.ok(await allows(paths, askPath("/metrics")));
  assert.ok(await allows(paths, askPath("/logs/today")));
  for (const refused of [askPath("/metrics/more"), askPath("/logs"), askPath("/metrics", "post"), ask()])
    assert.ok(!(await allows(paths, refused)));
  assert.ok(!(await allows(boats, askPath("/apis/apps/v1/boats"))));
  assert.ok(await allows({ verbs: ["get"], nonResourceURLs: ["*"] }, askPath("/anything")));
});

test("a binding is for users, groups and service accounts, each by name", async () => {
  const source = sourceOf({
    clusterRoles: { r: [boats] },
    clusterRoleBindings: [bind("ClusterRole", "r", ada, dev, robot)],
  });
  const may = async (name: string, groups: readonly string[] = []) => {
    const { verdict } = await rbacAuthorizer(source).authorize(
      ask({ user: { name, uid: "", groups, extra: {} } }),
      signal,
    );
    return verdict === "allow";
  };
  assert.ok(await may("ada"));
  assert.ok(await may("bob", ["qa", "dev"]));
  assert.ok(await may("system:serviceaccount:ci:robot"));
  for (const name of ["dev", "robot", "system:serviceaccount:other:robot"]) assert.ok(!(await may(name)), name);
  assert.ok(!(await may("bob", ["ada"])), "a group that is called like a user");
});

test("a RoleBinding holds in its own namespace alone, by a Role of it or a ClusterRole", async () => {
  const source = sourceOf({
    clusterRoles: { shared: [boats] },
    roles: { "blue/own": [{ ...boats, verbs: ["delete"] }], "red/own": [{ ...boats, verbs: ["patch"] }] },
    roleBindings: { blue: [bind("ClusterRole", "shared", ada), bind("Role", "own", ada)] },
  });
  const may = async (attributes: Attributes) =>
    (await rbacAuthorizer(source).authorize(attributes, signal)).verdict === "allow";
  assert.ok(await may(ask()));
  assert.ok(await may(ask({ verb: "delete" })));
  assert.ok(!(await may(ask({ verb: "patch" }))), "a role of the same name elsewhere");
  assert.ok(!(await may(ask({ namespace: "red" }))));
  assert.ok(!(await may(ask({ namespace: "" }))), "the whole cluster");
});

test("a binding to a role that is not there allows nothing, and says nothing against it", async () => {
  const source = sourceOf({
    clusterRoleBindings: [bind("ClusterRole", "gone", ada)],
    roleBindings: { blue: [bind("Role", "gone", ada)] },
  });
  assert.deepEqual(await rbacAuthorizer(source).authorize(ask(), signal), { verdict: "no opinion", reason: "" });
});

test("a decision names the binding, the role and the subject that it comes from", async () => {
  const source = sourceOf({
    clusterRoles: { r: [boats] },
    roleBindings: { blue: [bind("ClusterRole", "r", dev)] },
  });
  const user = { name: "bob", uid: "", groups: ["dev"], extra: {} };
  assert.deepEqual(await rbacAuthorizer(source).authorize(ask({ user }), signal), {
    verdict: "allow",
    reason: 'RBAC: allowed by RoleBinding "b/blue" of ClusterRole "r" to Group "dev"',
  });
  assert.deepEqual(
    [...rulesFor(source, user, "blue")].map(({ rule }) => rule),
    [boats],
  );
  assert.deepEqual([...rulesFor(source, user, "")], []);
});
