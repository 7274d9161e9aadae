import assert from "node:assert/strict";
import { test } from "node:test";
import { StatusError } from "../status-error.ts";
import { matchesFields, parseFieldSelector, requiredValue } from "./field-selector.ts";
import { matchesLabels, parseLabelSelector } from "./label-selector.ts";

function selects(selector: string, labels: Record<string, string>): boolean {
  return matchesLabels(parseLabelSelector(selector), labels);
}

function refusal(parse: () => unknown): string {
  try {
    parse();
  } catch (error) {
    if (error instanceof StatusError) return `${error.code} ${error.message}`;
    throw error;
  }
  return "taken";
}

test("matchesLabels() says for each operator what Kubernetes says", () => {
  const cases: [selector: string, matching: Record<string, string>[], others: Record<string, string>[]][] = [
    ["", [{}, { a: "1" }], []],
    ["a", [{ a: "" }], [{}, { b: "1" }]],
    ["!a", [{}, { b: "1" }], [{ a: "" }]],
    ["a=1", [{ a: "1" }], [{}, { a: "2" }]],
    ["a == 1", [{ a: "1" }], [{}, { a: "" }]],
    ["a=", [{ a: "" }], [{}, { a: "1" }]],
    ["a!=1", [{}, { a: "2" }], [{ a: "1" }]],
    ["a in (1, 2)", [{ a: "1" }, { a: "2" }], [{}, { a: "3" }]],
    ["a in ()", [{ a: "" }], [{}, { a: "1" }]],
    ["a in (,1)", [{ a: "" }, { a: "1" }], [{}]],
    ["a notin (1)", [{}, { a: "2" }], [{ a: "1" }]],
    ["in in (in, notin)", [{ in: "in" }, { in: "notin" }], [{}]],
    ["a>1", [{ a: "2" }, { a: "10" }], [{}, { a: "1" }, { a: "x" }]],
    ["a<10", [{ a: "2" }, { a: "-4" }], [{}, { a: "10" }, { a: "99999999999999999999" }]],
    ["a=1,!b", [{ a: "1" }], [{ a: "1", b: "" }]],
  ];
  for (const [selector, matching, others] of cases) {
    for (const labels of matching)
      assert.ok(selects(selector, labels), `${selector} selects ${JSON.stringify(labels)}`);
    for (const labels of others)
      assert.ok(!selects(selector, labels), `${selector} leaves ${JSON.stringify(labels)} out`);
  }
});

test("matchesLabels() knows no label that an object merely inherits", () => {
  assert.ok(!selects("constructor", {}));
  assert.ok(selects("!constructor,toString!=x", {}));
  assert.ok(selects("constructor=a", { constructor: "a" }));
});

test("parseLabelSelector() tells what is wrong with a selector in the reference's words", () => {
  const cases: [selector: string, message: string][] = [
    ["a=1,", "found '', expected: identifier after ','"],
    [",", "found ',', expected: !, identifier, or 'end of string'"],
    ["!", "unable to parse requirement: found '', expected: identifier"],
    ["a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    ["a in", "unable to parse requirement: found '' expected: '('"],
    ["a in (", "unable to parse requirement: found '', expected: ',', ')' or identifier"],
    ["a in (b", "unable to parse requirement: found '', expected: ',' or ')'"],
    ["a in (b,", "unable to parse requirement: found '', expected: ',', or identifier"],
    ["a in (=)", "unable to parse requirement: found '=', expected: ',', ')' or identifier"],
    ["a=(b)", "unable to parse requirement: found '(', expected: identifier"],
  ];
  for (const [selector, message] of cases)
    assert.equal(
      refusal(() => parseLabelSelector(selector)),
      `400 ${message}`,
    );
});

test("parseLabelSelector() numbers the faults of values in their order", () => {
  const message = refusal(() => parseLabelSelector("k in (b-, a, -c)"));
  assert.match(
    message,
    /^400 unable to parse requirement: \[values\[0\]\[k\]: Invalid value: "-c": .*, values\[2\]\[k\]: /,
  );
  assert.match(
    refusal(() => parseLabelSelector("k>x")),
    /values\[0\]: Invalid value: "x": for 'Gt', 'Lt' operators, the value must be an integer$/,
  );
});

test("parseFieldSelector() reads operators, escapes and empty terms", () => {
  const selector = parseFieldSelector("metadata.name==a,metadata.namespace!=b,,");
  assert.ok(matchesFields(selector, { "metadata.name": "a", "metadata.namespace": "c" }));
  assert.ok(!matchesFields(selector, { "metadata.name": "a", "metadata.namespace": "b" }));
  assert.equal(requiredValue(selector, "metadata.name"), "a");
  assert.equal(requiredValue(selector, "metadata.namespace"), undefined);
  assert.equal(requiredValue(parseFieldSelector(String.raw`a=x\,y\=z\\`), "a"), String.raw`x,y=z\ `.trim());
  assert.deepEqual(parseFieldSelector("="), []);
});

test("parseFieldSelector() tells what is wrong with a selector in the reference's words", () => {
  const cases: [selector: string, message: string][] = [
    ["metadata.name", "invalid selector: 'metadata.name'; can't understand 'metadata.name'"],
    ["a=b=c", "invalid field selector: unescaped character in value: 61"],
    [String.raw`a=\b`, String.raw`invalid field selector: invalid escape sequence: \b`],
    ["a=b\\", "invalid field selector: invalid escape sequence: \\"],
  ];
  for (const [selector, message] of cases)
    assert.equal(
      refusal(() => parseFieldSelector(selector)),
      `400 ${message}`,
    );
});
