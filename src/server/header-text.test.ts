import assert from "node:assert/strict";
import { test } from "node:test";
import { headerText, headerTexts } from "./header-text.ts";

test("headers are read as the UTF-8 that clients write", () => {
  const bytes = Buffer.from("jörg").toString("latin1");
  const headers = { "x-remote-user": bytes, "x-remote-group": ["dev", bytes] };
  assert.equal(headerText(headers, "x-remote-user"), "jörg");
  assert.equal(headerText(headers, "x-remote-group"), "dev");
  assert.deepEqual(headerTexts(headers, "x-remote-group"), ["dev", "jörg"]);
  assert.deepEqual(headerTexts(headers, "x-remote-user"), ["jörg"]);
  assert.equal(headerText(headers, "x-remote-uid"), "");
  assert.deepEqual(headerTexts(headers, "x-remote-uid"), []);
});
