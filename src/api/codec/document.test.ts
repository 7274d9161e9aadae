import { strict as assert } from "node:assert";
import { test } from "node:test";
import fc from "fast-check";
import { decodeVersioned } from "../conversion.ts";
import { DecodeError } from "../schema/decode-error.ts";
import { objectSchema } from "../schema/object-schema.ts";
import { flunder, gadget } from "../testing/kinds.ts";
import { parseDocument, quoteBody, unreadableBody } from "./document.ts";
import { strictErrors } from "./strict-errors.ts";

test("quoteBody() shows the first 30 bytes: of JSON as text, of anything else in hexadecimal", () => {
  assert.equal(quoteBody(Buffer.from("")), "<empty>");
  assert.equal(quoteBody(Buffer.from("[]")), "5b5d");
  assert.equal(quoteBody(Buffer.from("{}")), "{}");
  assert.equal(quoteBody(Buffer.from('{"apiVersion":"wardle.example.com/v1"}')), '{"apiVersion":"wardle.example. ...');
});

test("unreadableBody() words faults of JSON, YAML and protobuf as the reference does", () => {
  const wordsOf = (text: string, format: "json" | "yaml" | "protobuf") => {
    const bytes = Buffer.from(text, "latin1");
    try {
      parseDocument(bytes, format);
    } catch (error) {
      return unreadableBody("Flunder", bytes, error).message.replace(
        "the object provided is unrecognized (must be of type Flunder): ",
        "",
      );
    }
    return "";
  };
  assert.equal(
    wordsOf("", "json"),
    "couldn't get version/kind; json parse error: unexpected end of JSON input (<empty>)",
  );
  assert.match(wordsOf("a: [", "yaml"), /^yaml: line 1: .* \(613a205b\)$/);
  assert.equal(
    wordsOf("{}", "protobuf"),
    "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0] ({})",
  );
  assert.equal(wordsOf("k8s\0", "protobuf"), "empty body (6b387300)");
  assert.equal(wordsOf("k8s\0\xff\xff\xff", "protobuf"), "unexpected EOF (6b387300ffffff)");
  assert.equal(wordsOf("k8s\0\x0a\x7f", "protobuf"), "unexpected EOF (6b3873000a7f)");
});

test("any JSON at all becomes an object in canonical form or a DecodeError", () => {
  const names = fc.constantFrom(
    "kind",
    "apiVersion",
    "metadata",
    "spec",
    "status",
    "labels",
    "name",
    "parts",
    "limits",
    "at",
    "x",
    "__proto__",
  );
  const values = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.jsonValue({ maxDepth: 1 }),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(names, tie("value"), { maxKeys: 5 }),
    ),
  })).value;
  fc.assert(
    fc.property(values, (value) => {
      const document = parseDocument(Buffer.from(JSON.stringify(value)), "json");
      for (const [kind, version] of [
        [flunder, "v1alpha1"],
        [gadget, "v1"],
      ] as const) {
        try {
          const object = decodeVersioned(kind, version, document.value);
          const again = decodeVersioned(kind, version, JSON.parse(JSON.stringify(object)));
          assert.equal(JSON.stringify(again), JSON.stringify(object));
          strictErrors(document, objectSchema(kind, version));
        } catch (error) {
          if (!(error instanceof DecodeError)) throw error;
        }
      }
    }),
    { numRuns: 500 },
  );
});
