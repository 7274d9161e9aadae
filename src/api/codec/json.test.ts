import { strict as assert } from "node:assert";
import { test } from "node:test";
import fc from "fast-check";
import { encodePrettyJson, JsonError, parseJson, readJson } from "./json.ts";
import { jsonFault } from "./json-fault.ts";
import { surveyJson } from "./json-survey.ts";

const read = (text: string) => readJson(Buffer.from(text));
const fault = (text: string) => jsonFault(Buffer.from(text));

test("readJson() says what is wrong in the words of Go's decoder", () => {
  const faults = {
    "": "unexpected end of JSON input",
    " \n": "unexpected end of JSON input",
    "{": "unexpected end of JSON input",
    '{"a":"b}': "unexpected end of JSON input",
    '{"a":1,}': "invalid character '}' looking for beginning of object key string",
    "{'a':1}": "invalid character '\\'' looking for beginning of object key string",
    '{"a" 1}': "invalid character '1' after object key",
    '{"a":01}': "invalid character '1' after object key:value pair",
    "[1 2]": "invalid character '2' after array element",
    '[1 "2"]': "invalid character '\"' after array element",
    "[1,]": "invalid character ']' looking for beginning of value",
    '{"a":[1}': "invalid character '}' after array element",
    "{} x": "invalid character 'x' after top-level value",
    "{}{}": "invalid character '{' after top-level value",
    hello: "invalid character 'h' looking for beginning of value",
    "not json": "invalid character 'o' in literal null (expecting 'u')",
    "// c": "invalid character '/' looking for beginning of value",
    '"\u0001"': "invalid character '\\x01' in string literal",
    '"\n"': "invalid character '\\n' in string literal",
    '"\\x"': "invalid character 'x' in string escape code",
    '"\\u12g4"': "invalid character 'g' in \\u hexadecimal character escape",
    "-x": "invalid character 'x' in numeric literal",
    "1.x": "invalid character 'x' after decimal point in numeric literal",
    "1ex": "invalid character 'x' in exponent of numeric literal",
    "\uFEFF{}": "invalid character 'ï' looking for beginning of value",
  };
  for (const [text, message] of Object.entries(faults))
    assert.throws(() => read(text), { name: "JsonError", message }, JSON.stringify(text));
});

test("jsonFault() finds a fault where JSON.parse does, and nowhere else", () => {
  const pieces = fc.array(
    fc.constantFrom(
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      '"',
      '"a"',
      "1",
      "-",
      ".",
      "0",
      "e",
      "true",
      "null",
      " ",
      "\\",
      "\\u00e9",
      "x",
    ),
    { maxLength: 12 },
  );
  fc.assert(
    fc.property(pieces, (parts) => {
      const text = parts.join("");
      let isValid = true;
      try {
        JSON.parse(text);
      } catch {
        isValid = false;
      }
      assert.equal(fault(text) === undefined, isValid, text);
    }),
    { numRuns: 3_000 },
  );
  fc.assert(fc.property(fc.json(), (text) => fault(text) === undefined));
});

test("readJson() takes 10,000 levels and refuses one more, whatever is in the deepest", () => {
  const nested = (levels: number, core: string) => `${'{"a":['.repeat(levels / 2)}${core}${"]}".repeat(levels / 2)}`;
  assert.doesNotThrow(() => read(nested(10_000, "1")));
  assert.doesNotThrow(() => read(nested(9_998, '{"twice":1,"twice":2}')));
  assert.throws(() => read(nested(10_000, "[]")), { message: "invalid character '[' exceeded max depth" });
  assert.throws(() => read("[".repeat(3_000_000)), { message: "invalid character '[' exceeded max depth" });
});

test("readJson() merges a second object under a key into the first, and of other values takes the last", () => {
  const { value, duplicates } = read(
    '{"a":{"x":1,"l":[1]},"b":"1","a":{"x":2,"y":3},"b":"2","c":1,"c":null,"d":[1,2],"d":[3]}',
  );
  assert.deepEqual(value, { a: { x: 2, l: [1], y: 3 }, b: "2", c: 1, d: [3] });
  assert.deepEqual(duplicates, ["a", "b", "c", "d"]);
  assert.deepEqual(read('{"l":[{"k":1,"k":2}]}').duplicates, ["l[0].k"]);
});

test("readJson() keeps integers of 64 bits, and they are written as they came", () => {
  const text = '{"max":9223372036854775807,"min":-9223372036854775808,"safe":9007199254740991}';
  assert.equal(JSON.stringify(parseJson(Buffer.from(text))), text);
});

test("readJson() turns bytes that are no UTF-8, and lone surrogates, into U+FFFD, in keys as well", () => {
  assert.deepEqual(parseJson(Buffer.from('{"a":"\xff\xfe"}', "latin1")), { a: "\ufffd\ufffd" });
  assert.deepEqual(parseJson(Buffer.from('{"\\udc00":"\\ud800","pair":"\\ud83d\\ude00"}')), {
    "\ufffd": "\ufffd",
    pair: "😀",
  });
});

test("readJson() takes __proto__ for a key like any other", () => {
  for (const text of ['{"__proto__":{"x":1}}', '{"__proto__":{"x":1},"a":1,"a":2}']) {
    const value = parseJson(Buffer.from(text));
    assert(typeof value === "object" && value !== null && Object.hasOwn(value, "__proto__"));
    assert.equal(Reflect.get(value, "x"), undefined);
  }
});

test("readJson() reads as JSON.parse does", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.boolean(), (value, isPretty) => {
      const text = isPretty ? encodePrettyJson(value) : JSON.stringify(value);
      assert.equal(JSON.stringify(parseJson(Buffer.from(text))), JSON.stringify(JSON.parse(text)));
    }),
    { numRuns: 300 },
  );
});

test("readJson() throws nothing but a JsonError, whatever the bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      try {
        readJson(Buffer.from(bytes));
      } catch (error) {
        assert(error instanceof JsonError);
      }
    }),
    { numRuns: 500 },
  );
});

test("surveyJson() counts keys outside of texts, and notices numbers that say more than their value", () => {
  const survey = (text: string) => surveyJson(Buffer.from(text));
  assert.deepEqual(survey('{"a:":{"b\\":":[":"]},"c":1.5e3}'), {
    keys: 3,
    depth: 3,
    hasOddNumbers: true,
    hasSurrogates: false,
  });
  assert.equal(survey("[123456789012345,-1,0]").hasOddNumbers, false);
  assert.equal(survey("[1234567890123456]").hasOddNumbers, true);
  assert.equal(survey('["\\\\ud800","e1.5"]').hasSurrogates, false);
});
