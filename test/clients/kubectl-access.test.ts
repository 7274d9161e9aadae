// What people type to see who may do what, and what kubectl is a door for: auth, --as, proxy.

import assert from "node:assert/strict";
import { test } from "node:test";
import { describeKubectl } from "../support/describe-kubectl.ts";

const role = `
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader}
rules: [{apiGroups: [wardle.example.com], resources: [flunders], verbs: [get, list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reader}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: carol}]
`;
const forbidden = (user: string, verb: string, name = "") =>
  `flunders.wardle.example.com ${name}is forbidden: User "${user}" cannot ${verb} resource "flunders" in API group "wardle.example.com" in the namespace "default"\n`;
const paths = "/apis/wardle.example.com/v1beta1/namespaces/default/flunders";

describeKubectl("asks for leave", ({ type, run, refused, start, isAggregated }) => {
  if (isAggregated) {
    test("auth can-i answers by role", () => {
      run("apply -f -", { input: role });
      assert.equal(run("auth can-i create flunders"), "yes\n");
      assert.equal(run("auth can-i list flunders.wardle.example.com --as=carol"), "yes\n");
      const no = type("auth can-i delete flunders --as=carol");
      assert.deepEqual([no.status, no.stdout], [1, "no\n"]);
      assert.equal(type("auth can-i list flunders --as=carol -n kube-system").stdout, "no\n");
      assert.match(run("auth can-i --list --as=carol"), /^flunders\.wardle\.example\.com +\[\] +\[\] +\[get list\]$/m);
      const [header, everything, ...rest] = run("auth can-i --list").split("\n");
      assert.match(header ?? "", /^Resources +Non-Resource URLs +Resource Names +Verbs$/);
      assert.match(everything ?? "", /^\*\.\* +\[\] +\[\] +\[\*\]$/);
      assert.equal(rest.filter((line) => /^ +\[\*\] +\[\] +\[\*\]$/.test(line)).length, 1);
    });

    test("--as acts with the rights of another, and no more", () => {
      assert.equal(run("get flunders --as=carol -o name"), "");
      const input = "apiVersion: wardle.example.com/v1beta1\nkind: Flunder\nmetadata: {name: sample}\n";
      assert.equal(
        refused("create -f - --as=carol --validate=false", { input }),
        `Error from server (Forbidden): error when creating "STDIN": ${forbidden("carol", "create")}`,
      );
      run("create -f -", { input });
      assert.equal(
        refused("delete flunder sample --as=carol"),
        `Error from server (Forbidden): ${forbidden("carol", "delete", '"sample" ')}`,
      );
      assert.equal(
        refused("get flunders --as=nobody"),
        `Error from server (Forbidden): ${forbidden("nobody", "list")}`,
      );
      run("delete flunder sample");
    });
  }

  test("proxy passes requests and a watch over WebSocket", async () => {
    using proxy = start("proxy --port=0 --reject-methods=^$");
    await proxy.says(/^Starting to serve on .*\n/);
    const address = /127\.0\.0\.1:\d+/.exec(proxy.output())?.[0] ?? "";
    const listed = await fetch(`http://${address}${paths}`);
    const { metadata }: { metadata: { resourceVersion: string } } = Object(await listed.json());
    const socket = new WebSocket(`ws://${address}${paths}?watch=1&resourceVersion=${metadata.resourceVersion}`, {
      headers: { Origin: `http://${address}` },
    });
    const message = new Promise<string>((resolve, reject) => {
      socket.addEventListener("message", ({ data }) => resolve(String(data)), { once: true });
      socket.addEventListener("error", () => reject(new Error("the server refused the WebSocket")), { once: true });
    });
    const object = { apiVersion: "wardle.example.com/v1beta1", kind: "Flunder", metadata: { name: "proxied" } };
    const created = await fetch(`http://${address}${paths}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(object),
    });
    assert.equal(created.status, 201);
    const event: { type: string; object: { metadata: { name: string } } } = JSON.parse(await message);
    assert.deepEqual([event.type, event.object.metadata.name], ["ADDED", "proxied"]);
    socket.close();
  });
});
