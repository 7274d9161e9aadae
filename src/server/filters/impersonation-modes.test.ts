import assert from "node:assert/strict";
import { test } from "node:test";
import type { UserInfo } from "../authentication/user.ts";
import { attributesOf } from "./authorize.ts";
import { modesFor, questionsOf, serviceAccountOf } from "./impersonation-modes.ts";

const nodeName = "authentication.kubernetes.io/node-name";
const aUser = (more: Partial<UserInfo> = {}): UserInfo => ({ name: "ada", uid: "", groups: [], extra: {}, ...more });
const agent = (...nodes: string[]) =>
  aUser({ name: "system:serviceaccount:monitoring:agent", extra: { [nodeName]: nodes } });

test("modesFor() tries what is narrow first: a person by user-info, an account by its name, a node by where the pod runs", () => {
  const ada = aUser({ name: "ada" });
  const node = aUser({ name: "system:node:n1" });
  assert.deepEqual(modesFor(aUser({ name: "bob", groups: ["dev"] }), ada), ["user-info", "legacy"]);
  assert.deepEqual(modesFor(aUser({ name: "system:serviceaccount:a:b" }), ada), ["serviceaccount", "legacy"]);
  assert.deepEqual(modesFor(node, ada), ["arbitrary-node", "legacy"]);
  assert.deepEqual(modesFor(node, agent("n1")), ["associated-node", "arbitrary-node", "legacy"]);
});

test("modesFor() takes a pod to be on a node where its token names that node and no other", () => {
  const node = aUser({ name: "system:node:n1" });
  for (const requestor of [agent("n2"), agent("n1", "n2"), agent(), aUser({ extra: { [nodeName]: ["n1"] } })])
    assert.deepEqual(modesFor(node, requestor), ["arbitrary-node", "legacy"]);
});

test("modesFor() knows the old way alone for an account or node with groups, a uid or extras of somebody's choice", () => {
  for (const name of ["system:serviceaccount:a:b", "system:node:n1"])
    for (const more of [{ groups: ["x"] }, { uid: "1" }, { extra: { a: ["b"] } }])
      assert.deepEqual(modesFor(aUser({ name, ...more }), aUser()), ["legacy"]);
});

test("questionsOf() asks for each thing that is taken on, and refuses system:masters to the narrow ways whoever may", () => {
  const info = { isResource: true, verb: "list", path: "", group: "", version: "v1", resource: "pods" };
  const more = { subresource: "", namespace: "", name: "", rest: [], labelSelector: "", fieldSelector: "" };
  const attributes = attributesOf({ info: { ...info, ...more }, user: aUser() });
  const wanted = aUser({ name: "bob", uid: "7", groups: ["dev", "system:masters"], extra: { scope: ["view"] } });
  const told = (mode: "legacy" | "user-info") =>
    [...questionsOf({ mode, wanted, attributes })].map((question) => {
      const { verb, group, resource, subresource, name } = question.attributes;
      const isRefused = "refusal" in question;
      return `${isRefused ? "never " : ""}${verb} ${group}/${resource}/${subresource} ${name}`;
    });
  assert.deepEqual(told("legacy"), [
    "impersonate /users/ bob",
    "impersonate authentication.k8s.io/uids/ 7",
    "impersonate /groups/ dev",
    "impersonate /groups/ system:masters",
    "impersonate authentication.k8s.io/userextras/scope view",
  ]);
  const group = "impersonate:user-info authentication.k8s.io";
  assert.deepEqual(told("user-info"), [
    "impersonate-on:user-info:list /pods/ ",
    `${group}/users/ bob`,
    `${group}/uids/ 7`,
    `never ${group}/groups/ system:masters`,
    `${group}/groups/ dev`,
    `${group}/groups/ system:masters`,
    `${group}/userextras/scope view`,
  ]);
});

test("serviceAccountOf() reads a namespace and a name, and nothing else", () => {
  assert.deepEqual(serviceAccountOf("system:serviceaccount:a:b.c"), { namespace: "a", name: "b.c" });
  for (const name of ["system:serviceaccount:a", "system:serviceaccount::b", "system:serviceaccount:a:b:c", "a:b"])
    assert.equal(serviceAccountOf(name), undefined);
});
