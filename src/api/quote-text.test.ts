import assert from "node:assert/strict";
import { test } from "node:test";
import { quoteText } from "./quote-text.ts";

test("quoteText() leaves what can be seen and escapes the rest", () => {
  for (const [text, quoted] of [
    ["", '""'],
    ["a b<&>", '"a b<&>"'],
    ["\u00e9\u{1f600}", '"\u00e9\u{1f600}"'],
    ['"\\', String.raw`"\"\\"`],
    ["\x07\b\f\n\r\t\v", String.raw`"\a\b\f\n\r\t\v"`],
    ["\0\x1f\x7f", String.raw`"\x00\x1f\x7f"`],
    ["\u0085\u00a0\u2028\u{e0001}", String.raw`"\u0085\u00a0\u2028\U000e0001"`],
    ["\ud800", '"\ufffd"'],
  ] as const)
    assert.equal(quoteText(text), quoted);
});
