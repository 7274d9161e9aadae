import assert from "node:assert/strict";
import { test } from "node:test";
import { mergeSpecs } from "./openapi-merge.ts";

const refers = (name: string) => ({ get: { schema: { $ref: `#/definitions/${name}` } } });
const kind = (group: string) => ({ group, kind: "DeleteOptions", version: "v1" });
const gvk = "x-kubernetes-group-version-kind";

test("mergeSpecs() takes the paths of each server's groups and what they refer to", () => {
  const first = { swagger: "2.0", paths: { "/apis/": refers("List") }, definitions: { List: { type: "object" } } };
  const document = {
    paths: { "/apis/a/v1/x": refers("X"), "/apis/b/v1/y": refers("Y"), "/version/": refers("Y") },
    definitions: { X: { properties: { inner: { $ref: "#/definitions/Inner" } } }, Inner: { type: "string" }, Y: {} },
  };
  assert.deepEqual(mergeSpecs(first, [{ document, prefixes: ["/apis/a/"] }]), {
    swagger: "2.0",
    paths: { "/apis/": refers("List"), "/apis/a/v1/x": refers("X") },
    definitions: {
      Inner: { type: "string" },
      List: { type: "object" },
      X: { properties: { inner: { $ref: "#/definitions/Inner" } } },
    },
  });
});

test("mergeSpecs() renames a definition that means something else, and shares one that means the same", () => {
  const first = {
    paths: {},
    definitions: { Meta: { type: "object" }, Options: { type: "object", [gvk]: [kind("")] } },
  };
  const document = {
    paths: { "/apis/a/v1": { ...refers("Meta"), post: refers("Options") } },
    definitions: { Meta: { type: "string" }, Options: { type: "object", [gvk]: [kind(""), kind("a")] } },
  };
  assert.deepEqual(mergeSpecs(first, [{ document, prefixes: ["/apis/a/"] }]), {
    paths: { "/apis/a/v1": { ...refers("Meta_v2"), post: refers("Options") } },
    definitions: {
      Meta: { type: "object" },
      Meta_v2: { type: "string" },
      Options: { type: "object", [gvk]: [kind(""), kind("a")] },
    },
  });
});

test("mergeSpecs() is not led astray by circles and by keys of JavaScript", () => {
  const document = JSON.parse(
    '{"paths":{"/apis/a/v1":{"$ref":"#/definitions/__proto__"}},"definitions":{"__proto__":{"items":{"$ref":"#/definitions/__proto__"}}}}',
  );
  const merged = mergeSpecs({ paths: {}, definitions: {} }, [{ document, prefixes: ["/apis/a/"] }]);
  assert.deepEqual(Object.keys(Object(merged.definitions)), ["__proto__"]);
});
