import { strict as assert } from "node:assert";
import { test } from "node:test";
import fc from "fast-check";
import { compareQuantities, formatQuantity, parseQuantity, type Quantity } from "./quantity.ts";

function quantity(text: string): Quantity {
  const parsed = parseQuantity(text);
  assert(parsed, text);
  return parsed;
}

test("formatQuantity() writes an amount as Kubernetes does: no fraction, the greatest suffix that allows it", () => {
  const canonical = {
    "0": "0",
    "0.0Ki": "0",
    "1.5": "1500m",
    "1000m": "1",
    "1500": "1500",
    "2000": "2k",
    "1.5Gi": "1536Mi",
    "1024Mi": "1Gi",
    "0.5Ki": "512",
    "0.1Ki": "102400m",
    "100Ki": "100Ki",
    "1e3": "1e3",
    "12345e2": "1234500",
    "1E3": "1e3",
    "1E": "1E",
    "-1.5k": "-1500",
    "+3": "3",
    "0.1n": "1n",
    ".5": "500m",
    "5.": "5",
    "1u": "1u",
  };
  for (const [text, expected] of Object.entries(canonical))
    assert.equal(formatQuantity(quantity(text)), expected, text);
});

test("parseQuantity() refuses what is no amount", () => {
  for (const text of ["", ".", "-", "1KI", "1kk", "1 Gi", "e3", "0x1", "1e", "Infinity", "1ki"])
    assert.equal(parseQuantity(text), undefined, text);
});

test("parseQuantity() cuts an amount beyond int64 down to it", () => {
  assert.equal(formatQuantity(quantity("1e99")), formatQuantity(quantity("9223372036854775807")));
});

test("compareQuantities() compares amounts across suffixes", () => {
  assert.equal(compareQuantities(quantity("1Gi"), quantity("1024Mi")), 0);
  assert(compareQuantities(quantity("1G"), quantity("1Gi")) < 0);
  assert(compareQuantities(quantity("1"), quantity("999m")) > 0);
});

test("a canonical amount reads as itself", () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }),
      fc.constantFrom("", "m", "Ki", "Gi", "k", "e3"),
      (n, suffix) => {
        const text = formatQuantity(quantity(`${n}${suffix}`));
        assert.equal(formatQuantity(quantity(text)), text);
      },
    ),
    { numRuns: 200 },
  );
});
