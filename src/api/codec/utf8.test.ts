import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeUtf8 } from "./utf8.ts";

test("decodeUtf8() has one U+FFFD for each byte that begins no character", () => {
  for (const [bytes, text] of [
    ["61c3a9f09f9880", "a\u00e9\u{1f600}"],
    ["61efbfbd", "a\ufffd"],
    ["61ff62", "a\ufffdb"],
    ["e28261", "\ufffd\ufffda"],
    ["61e282", "a\ufffd\ufffd"],
    ["f09f98c3a9", "\ufffd\ufffd\ufffd\u00e9"],
    ["c080eda080f4908080", "\ufffd".repeat(9)],
  ] as const)
    assert.equal(decodeUtf8(Buffer.from(bytes, "hex")), text, bytes);
});
