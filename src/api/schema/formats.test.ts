import { strict as assert } from "node:assert";
import { test } from "node:test";
import { hasFormat } from "./formats.ts";

test("hasFormat() knows good texts from bad ones", () => {
  const texts: Record<string, readonly [good: string, bad: string]> = {
    ipv4: ["10.0.0.1", "10.0.0.256"],
    ipv6: ["::1", "10.0.0.1"],
    cidr: ["10.0.0.0/8", "10.0.0.0/33"],
    mac: ["00:1b:44:11:3a:b7", "00:1b"],
    uuid: ["b2f1c6f0-1b0e-4b7e-9a52-0a8d2e3f4a5b", "b2f1c6f0"],
    date: ["2024-02-29", "2023-02-29"],
    hostname: ["a.example.com", "-a.example.com"],
    email: ["a@example.com", "a"],
    uri: ["https://example.com/x", "x y"],
  };
  for (const [format, [good, bad]] of Object.entries(texts)) {
    assert.equal(hasFormat(good, format), true, `${format} ${good}`);
    assert.equal(hasFormat(bad, format), false, `${format} ${bad}`);
  }
});

test("hasFormat() takes anything for a format that nobody knows", () => {
  assert.equal(hasFormat("x", "constructor"), true);
  assert.equal(hasFormat("x", "int64"), true);
});

test("hasFormat() takes no longer for a text that is made to take long", () => {
  assert.equal(hasFormat(`${"a".repeat(254)}!`, "hostname"), false);
  assert.equal(hasFormat(`${"a@".repeat(100_000)}`, "email"), false);
});
