import assert from "node:assert/strict";
import { test } from "node:test";
import { extensionName } from "./extension-name.ts";

test("extensionName() is the file's name, or its folder's where that one says nothing", () => {
  assert.equal(extensionName("apis/gadgets.ts"), "gadgets");
  assert.equal(extensionName("examples/wardle/server.ts"), "wardle");
  assert.equal(extensionName("/srv/wardle/main.mjs"), "wardle");
});

test("extensionName() is always a namespace's name", () => {
  assert.equal(extensionName("My_Gadgets.v2.ts"), "my-gadgets-v2");
  assert.equal(extensionName(`${"a".repeat(62)}-${"b".repeat(9)}.ts`), "a".repeat(62));
  assert.equal(extensionName("__.ts"), "extension");
});
