import assert from "node:assert/strict";
import { test } from "node:test";
import {
  dns1035LabelFaults,
  dnsLabelFaults,
  dnsSubdomainFaults,
  labelKeyFaults,
  labelValueFaults,
  pathSegmentFaults,
  withoutTrailingDash,
} from "./names.ts";

const notALabel =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const notAName =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

test("dnsLabelFaults() takes labels up to 63 bytes", () => {
  assert.deepEqual(dnsLabelFaults("a".repeat(63)), []);
  assert.deepEqual(dnsLabelFaults("a".repeat(64)), ["must be no more than 63 characters"]);
  assert.deepEqual(dnsLabelFaults("-a"), [notALabel]);
  assert.deepEqual(dnsLabelFaults(""), [notALabel]);
});

test("dnsLabelFaults() has a word of its own for dots, where nothing else is wrong", () => {
  assert.deepEqual(dnsLabelFaults("a.b"), ["must not contain dots"]);
  assert.deepEqual(dnsLabelFaults("A.b"), [notALabel]);
});

test("dnsSubdomainFaults() takes names up to 253 bytes, of which no label is too long", () => {
  assert.deepEqual(dnsSubdomainFaults(`${"a".repeat(100)}.b`), []);
  assert.equal(dnsSubdomainFaults("a".repeat(254)).length, 1);
  assert.equal(dnsSubdomainFaults("a..b").length, 1);
});

test("dns1035LabelFaults() takes no leading digit", () => {
  assert.deepEqual(dns1035LabelFaults("a1"), []);
  assert.equal(dns1035LabelFaults("1a").length, 1);
});

test("pathSegmentFaults() refuses what would climb or be decoded", () => {
  assert.deepEqual(pathSegmentFaults("UPPER a b"), []);
  assert.deepEqual(pathSegmentFaults(".."), ["may not be '..'"]);
  assert.deepEqual(pathSegmentFaults("..", true), []);
  assert.deepEqual(pathSegmentFaults("/%"), ["may not contain '/'", "may not contain '%'"]);
});

test("labelKeyFaults() takes a name with an optional DNS prefix", () => {
  assert.deepEqual(labelKeyFaults("example.com/MyName"), []);
  assert.deepEqual(labelKeyFaults("-"), [notAName]);
  assert.deepEqual(labelKeyFaults(""), ["name part must be non-empty", notAName]);
  assert.deepEqual(labelKeyFaults("/a"), ["prefix part must be non-empty"]);
  assert.match(labelKeyFaults("UPPER/a")[0] ?? "", /^prefix part a lowercase RFC 1123 subdomain must consist/);
  assert.deepEqual(labelKeyFaults("k".repeat(64)), ["name part must be no more than 63 bytes"]);
  assert.match(
    labelKeyFaults("a/b/c")[0] ?? "",
    /^a valid label key must consist .* with an optional DNS subdomain prefix and '\/' \(e.g. 'example.com\/MyName'\)$/,
  );
});

test("labelKeyFaults() counts bytes where letters have several", () => {
  assert.deepEqual(labelKeyFaults("é".repeat(32)), ["name part must be no more than 63 bytes", notAName]);
});

test("labelValueFaults() takes the empty text", () => {
  assert.deepEqual(labelValueFaults(""), []);
  assert.deepEqual(labelValueFaults("v".repeat(64)), ["must be no more than 63 bytes"]);
  assert.match(labelValueFaults("a b")[0] ?? "", /^a valid label must be an empty string or consist/);
});

test("withoutTrailingDash() makes a prefix look like a whole name", () => {
  assert.equal(withoutTrailingDash("gen-"), "gea");
  assert.equal(withoutTrailingDash("-"), "-");
});
