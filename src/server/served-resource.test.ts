import assert from "node:assert/strict";
import { test } from "node:test";
import { keyOf } from "./served-resource.ts";

const namespaced = { keyPrefix: "/registry/test.example.com/widgets/", isNamespaced: true };

test("keyOf() puts the namespace before the name where there is one", () => {
  assert.equal(keyOf(namespaced, "ns", "w"), "/registry/test.example.com/widgets/ns/w");
  assert.equal(keyOf(namespaced, "a%", "w"), "/registry/test.example.com/widgets/a%/w");
  assert.equal(keyOf({ ...namespaced, isNamespaced: false }, "", "w"), "/registry/test.example.com/widgets/w");
});

test("keyOf() answers 400 for what would be another key, or climb", () => {
  for (const [namespace, name, message] of [
    ["ns", "%", "Name parameter invalid: \"%\": may not contain '%'"],
    ["ns", "a/b", "Name parameter invalid: \"a/b\": may not contain '/'"],
    ["ns", "..", "Name parameter invalid: \"..\": may not be '..'"],
    ["", "w", "Namespace parameter required."],
    ["..", "w", 'Namespace parameter invalid: ".."'],
  ] as const)
    assert.throws(() => keyOf(namespaced, namespace, name), { code: 400, message });
});
