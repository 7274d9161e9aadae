import { strict as assert } from "node:assert";
import { test } from "node:test";
import fc from "fast-check";
import { CborError, decodeCbor, encodeCbor } from "./cbor.ts";

test("decodeCbor() reads back what encodeCbor() writes, which says of itself that it is CBOR", () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
      const plain: unknown = JSON.parse(JSON.stringify(value));
      const bytes = encodeCbor(plain);
      assert.equal(bytes.subarray(0, 3).toString("hex"), "d9d9f7");
      assert.deepEqual(decodeCbor(bytes), plain);
      assert.deepEqual(decodeCbor(bytes.subarray(3)), plain);
    }),
    { numRuns: 200 },
  );
});

test("decodeCbor() keeps integers of 64 bits and makes text of byte strings", () => {
  assert.equal(decodeCbor(encodeCbor(9_223_372_036_854_775_807n)), 9_223_372_036_854_775_807n);
  assert.equal(decodeCbor(encodeCbor(Buffer.from("hi"))), "hi");
});

test("decodeCbor() refuses keys that stand twice, keys that are no text, and what JSON cannot say", () => {
  const hostile = {
    "a key twice": "a2616101616102",
    "a number as a key": "a10102",
    undefined: "f7",
    infinity: "f97c00",
    "bytes after the item": "0101",
    nothing: "",
    "cut short": "a161",
    "65 levels": `${"81".repeat(66)}01`,
    "a million levels": "81".repeat(1_000_000),
  };
  for (const [what, hex] of Object.entries(hostile))
    assert.throws(() => decodeCbor(Buffer.from(hex, "hex")), { name: "CborError" }, what);
});

test("decodeCbor() throws nothing but a CborError, whatever the bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      try {
        decodeCbor(Buffer.from(bytes));
      } catch (error) {
        assert(error instanceof CborError);
      }
    }),
    { numRuns: 500 },
  );
});
