import assert from "node:assert/strict";
import { test } from "node:test";
import { aRequest } from "../../test/support/request.ts";
import { fieldManagerOf } from "./field-manager.ts";

/** The manager of a client whose User-Agent has these bytes. */
function managerOf(userAgent: string): string {
  const bytes = Buffer.from(userAgent).toString("latin1");
  return fieldManagerOf("", aRequest({ url: "/", headers: { "user-agent": bytes } }));
}

test("fieldManagerOf() takes what stands before the first slash, without what cannot be printed", () => {
  assert.equal(managerOf("kubectl/v1.36.0 (linux/amd64)"), "kubectl");
  assert.equal(managerOf("a b\tc"), "a bc");
  assert.equal(managerOf("jörg/1"), "jörg");
  assert.equal(managerOf("/v1"), "unknown");
  assert.equal(managerOf(""), "unknown");
});

test("fieldManagerOf() cuts a manager before the character that does not fit into 128 bytes", () => {
  assert.equal(managerOf("x".repeat(200)), "x".repeat(128));
  assert.equal(managerOf(`${"x".repeat(127)}ö-`), "x".repeat(127));
  assert.equal(managerOf("ö".repeat(100)), "ö".repeat(64));
});

test("fieldManagerOf() takes the name that the client gives", () => {
  assert.equal(fieldManagerOf("me", aRequest({ url: "/", headers: { "user-agent": "kubectl" } })), "me");
});
