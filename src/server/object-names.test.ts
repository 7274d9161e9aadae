import assert from "node:assert/strict";
import { test } from "node:test";
import { widget } from "../../test/support/widgets.ts";
import { generateName, nameRuleOf } from "./object-names.ts";
import { defineResource } from "./resource.ts";

test("generateName() keeps the whole name within a DNS label", () => {
  assert.match(generateName("pod-"), /^pod-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  assert.equal(generateName("x".repeat(100)).length, 63);
});

test("nameRuleOf() asks for DNS subdomains where a resource says nothing", () => {
  const rule = nameRuleOf(defineResource(widget));
  assert.deepEqual(rule("a.b-c", false), []);
  assert.match(rule("UPPER", false)[0] ?? "", /^a lowercase RFC 1123 subdomain must consist/);
});

test("nameRuleOf() lets a prefix end in a dash, since more follows", () => {
  const rule = nameRuleOf(defineResource(widget, { nameRule: "dns-label" }));
  assert.deepEqual(rule("gen-", true), []);
  assert.equal(rule("gen-", false).length, 1);
});

test("nameRuleOf() takes the resource's own function", () => {
  const rule = nameRuleOf(defineResource(widget, { nameRule: (name) => [`${name} is not good enough`] }));
  assert.deepEqual(rule("w", false), ["w is not good enough"]);
});
