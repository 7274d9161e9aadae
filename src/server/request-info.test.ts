import assert from "node:assert/strict";
import { test } from "node:test";
import { isLongRunning, type RequestInfo, readRequestInfo } from "./request-info.ts";

function read(line: string): RequestInfo {
  const [method = "", target = ""] = line.split(" ");
  const [path = "", rawQuery = ""] = target.split("?");
  return readRequestInfo({ method, path, rawQuery, query: new URLSearchParams(rawQuery) });
}

const flunders = "/apis/wardle.example.com/v1alpha1/namespaces/team-a/flunders";

test("readRequestInfo() reads the verb of a resource from the method and the form of the path", () => {
  const verbs: Record<string, string> = {
    [`GET ${flunders}`]: "list",
    [`GET ${flunders}/x`]: "get",
    [`HEAD ${flunders}/x`]: "get",
    [`POST ${flunders}`]: "create",
    [`PUT ${flunders}/x`]: "update",
    [`PATCH ${flunders}/x`]: "patch",
    [`DELETE ${flunders}/x`]: "delete",
    [`DELETE ${flunders}`]: "deletecollection",
    [`OPTIONS ${flunders}`]: "",
    [`constructor ${flunders}`]: "",
  };
  for (const [line, verb] of Object.entries(verbs)) assert.equal(read(line).verb, verb, line);
});

test("readRequestInfo() takes every value of `watch` but 0 and false for a watch, and none on an object", () => {
  for (const value of ["1", "true", "", "no", "maybe"])
    assert.equal(read(`GET ${flunders}?watch=${value}`).verb, "watch");
  for (const value of ["0", "false", "FALSE"]) assert.equal(read(`GET ${flunders}?watch=${value}`).verb, "list");
  assert.equal(read(`GET ${flunders}/x?watch=1`).verb, "get");
  assert.equal(read("GET /apis/wardle.example.com/v1alpha1/watch/namespaces/team-a/flunders?watch=0").verb, "watch");
});

test("readRequestInfo() names what the path names", () => {
  const { group, version, namespace, resource, name, subresource, rest } = read(`GET ${flunders}/x/proxy/a/b`);
  assert.deepEqual(
    { group, version, namespace, resource, name, subresource, rest },
    {
      group: "wardle.example.com",
      version: "v1alpha1",
      namespace: "team-a",
      resource: "flunders",
      name: "x",
      subresource: "proxy",
      rest: ["a", "b"],
    },
  );
});

test("readRequestInfo() knows a namespace from what is in it", () => {
  assert.partialDeepStrictEqual(read("GET /api/v1/namespaces/team-a"), {
    resource: "namespaces",
    name: "team-a",
    namespace: "team-a",
  });
  assert.partialDeepStrictEqual(read("PUT /api/v1/namespaces/team-a/finalize"), {
    resource: "namespaces",
    subresource: "finalize",
  });
  assert.partialDeepStrictEqual(read("GET /api/v1/namespaces/team-a/pods"), { resource: "pods", namespace: "team-a" });
});

test("readRequestInfo() takes short paths and those outside of the API for paths", () => {
  for (const path of ["/", "/healthz", "/api", "/api/v1", "/apis/g/v1", "/apis/g/v1/", "/apis/g/v1/watch", "/x/y/z/a"])
    assert.deepEqual([read(`POST ${path}`).isResource, read(`POST ${path}`).verb], [false, "post"], path);
});

test("readRequestInfo() takes the one name that a field selector selects, unless no path could hold it", () => {
  const named = (selector: string) => read(`GET ${flunders}?fieldSelector=${selector}`).name;
  assert.equal(named("metadata.name=a"), "a");
  assert.equal(named("metadata.namespace=b,metadata.name==a"), "a");
  assert.equal(named("metadata.name=a%5C,b"), "a,b", "a backslash protects a comma");
  assert.equal(named("metadata.name=b,metadata.name=a"), "a", "requirements are read in their order");
  for (const selector of ["metadata.name!=a", "metadata.name=..", "metadata.name=a/b", "spec.metadata.name=a"])
    assert.equal(named(selector), "", selector);
});

test("isLongRunning() is true of watches and of what speaks for itself", () => {
  assert.ok(isLongRunning(read(`GET ${flunders}?watch`)));
  assert.ok(isLongRunning(read(`GET ${flunders}/x/log`)));
  assert.ok(!isLongRunning(read(`GET ${flunders}/x`)));
});
