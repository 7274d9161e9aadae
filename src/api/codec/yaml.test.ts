import { strict as assert } from "node:assert";
import { test } from "node:test";
import fc from "fast-check";
import { decodeYaml, encodeYaml, readYaml } from "./yaml.ts";

test("decodeYaml() gives plain words the meaning that they have in YAML 1.1", () => {
  const words: Record<string, unknown> = {
    "1": 1,
    "1.5": 1.5,
    "1.0": 1,
    "1e3": 1000,
    ".5": 0.5,
    "+12": 12,
    "1_000": 1000,
    "010": 8,
    "08": 8,
    "0o7": 7,
    "0x10": 16,
    "-0x1F": -31,
    "0b101": 5,
    true: true,
    yes: true,
    y: true,
    On: true,
    no: false,
    OFF: false,
    "~": null,
    "": null,
    Null: null,
    "2001-01-01": "2001-01-01",
    "2001-01-01T00:00:00Z": "2001-01-01T00:00:00Z",
    "1:30": "1:30",
    "0x": "0x",
    "1e": "1e",
    "=": "=",
    "a#b": "a#b",
    '"5"': "5",
    "'yes'": "yes",
    "!!str 5": "5",
    "! 5": "5",
    '!!int "5"': 5,
    "!!binary aGk=": "hi",
  };
  for (const [word, value] of Object.entries(words)) assert.deepEqual(decodeYaml(`v: ${word}`), { v: value }, word);
});

test("decodeYaml() reads the first document only, behind a directive, a comment, a byte order mark or with CRLF", () => {
  const texts = [
    "%YAML 1.1\n---\na: x\n",
    "# c\n---\na: x\n---\nb: [\n",
    "\uFEFFa: x\n",
    "a: x\r\n",
    "---\na: x\n...\n",
    "{a: x}",
  ];
  for (const text of texts) assert.deepEqual(decodeYaml(text), { a: "x" }, JSON.stringify(text));
  for (const text of ["", "---\n", "# only this\n", "null"]) assert.equal(decodeYaml(text), null, JSON.stringify(text));
});

test("decodeYaml() follows anchors and merge keys", () => {
  assert.deepEqual(decodeYaml("a: &l {x: 1, z: 1}\nb:\n  <<: *l\n  z: 2\nc: [*l]\n"), {
    a: { x: 1, z: 1 },
    b: { x: 1, z: 2 },
    c: [{ x: 1, z: 1 }],
  });
  assert.deepEqual(decodeYaml("b:\n  <<: [{x: 1}, {x: 2, w: 2}]\n"), { b: { x: 1, w: 2 } });
});

test("decodeYaml() makes text of keys that are none, and refuses lists and maps as keys", () => {
  assert.deepEqual(decodeYaml("5: a\ntrue: b\n1.5: c\n"), { "5": "a", true: "b", "1.5": "c" });
  assert.throws(() => decodeYaml("? [a, b]\n: x\n"), { name: "YamlError", message: /invalid map key/ });
  assert(Object.hasOwn(decodeYaml("__proto__: {x: 1}\n") as object, "__proto__"));
});

test("decodeYaml() refuses what JSON cannot say, and names the line of a fault", () => {
  assert.throws(() => decodeYaml("v: .inf"), { message: /unsupported value: \+Inf/ });
  assert.throws(() => decodeYaml("v: .nan"), { message: /unsupported value: NaN/ });
  assert.throws(() => decodeYaml("a: 1\nb: [\n"), { name: "YamlError", message: /^yaml: line \d/ });
  assert.throws(() => decodeYaml("a: *nope"), { message: "yaml: unknown anchor 'nope' referenced" });
});

test("readYaml() refuses bytes that are no UTF-8, and control characters", () => {
  for (const hex of ["613a20ff", "613a20e282", "7b2261223a22ff227d", "613a2000", "613a207f"])
    assert.throws(() => readYaml(Buffer.from(hex, "hex")), { name: "YamlError" }, hex);
  assert.deepEqual(readYaml(Buffer.from("a: \u{1f600}")).value, { a: "\u{1f600}" });
});

test("decodeYaml() refuses documents made to explode, in time", () => {
  const bomb = [..."abcdefghi"].map(
    (name, at, all) => `${name}: &${name} [${Array(9).fill(at === 0 ? "x" : `*${all[at - 1]}`)}]`,
  );
  assert.throws(() => decodeYaml(bomb.join("\n")), {
    name: "YamlError",
    message: "yaml: document contains excessive aliasing",
  });
  assert.throws(() => decodeYaml("a: &a [*a]"), { name: "YamlError" });
  assert.throws(() => decodeYaml("[".repeat(3_000_000)), { name: "YamlError", message: "yaml: exceeded max depth" });
  assert.throws(() => decodeYaml("\n".repeat(3_000_000)), { name: "YamlError", message: /tokens$/ });
});

test("readYaml() reads JSON as YAML, where any number of a whole value is an integer", () => {
  assert.deepEqual(readYaml(Buffer.from('{"a":1e2,"b":[1.0],"c":"x"}')).value, { a: 100, b: [1], c: "x" });
});

test("readYaml() tells the line of a key that stands twice, and takes its last value", () => {
  const { value, duplicates } = readYaml(Buffer.from("metadata:\n  name: y\n  name: z\n"));
  assert.deepEqual(value, { metadata: { name: "z" } });
  assert.deepEqual(duplicates, ['line 3: key "name" already set in map']);
  assert.equal(readYaml(Buffer.from('{"a":1,"a":2}')).duplicates.length, 1);
});

test("encodeYaml() sorts keys in natural order and keeps lists at their key's column", () => {
  const value = { b: [{ y: 1, x: [] }, [1, [2]], {}], a10: 1, a2: null, ".": {}, "f:a": true, c: { d: "e" } };
  const text = [
    ".: {}",
    "a2: null",
    "a10: 1",
    "b:",
    "- x: []",
    '  "y": 1',
    "- - 1",
    "  - - 2",
    "- {}",
    "c:",
    "  d: e",
    "f:a: true",
    "",
  ];
  assert.equal(encodeYaml(value), text.join("\n"));
  assert.equal(encodeYaml([]), "[]\n");
  assert.equal(encodeYaml("x"), "x\n");
});

test("encodeYaml() quotes what YAML 1.1 would read as something else", () => {
  const shown: Record<string, string> = {
    yes: '"yes"',
    n: '"n"',
    "12": '"12"',
    "1e3": '"1e3"',
    "010": '"010"',
    "1:30": '"1:30"',
    "2026-01-01T00:00:00Z": '"2026-01-01T00:00:00Z"',
    "": '""',
    "~": '"~"',
    "<<": '"<<"',
    "a: b": "'a: b'",
    "a #b": "'a #b'",
    "*x": "'*x'",
    " x": "' x'",
    "x:": "'x:'",
    "it's": "it's",
    "'x": "'''x'",
    "a, [b]": "a, [b]",
    "- x": "'- x'",
    "-x": "-x",
    é: "é",
    "a\tb": '"a\\tb"',
    "😀": '"\\U0001F600"',
    "two\nlines": "|-\n  two\n  lines",
    "lines\n": "|\n  lines",
    "more\n\n": "|+\n  more\n",
    " a\nb": "|2-\n   a\n  b",
    "a \nb": '"a \\nb"',
  };
  for (const [text, expected] of Object.entries(shown))
    assert.equal(encodeYaml({ v: text }), `v: ${expected}\n`, JSON.stringify(text));
});

test("encodeYaml() folds long texts as the reference does", () => {
  const message =
    "only the following media types are accepted: application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch";
  assert.equal(
    encodeYaml({ message }),
    "message: 'only the following media types are accepted: application/json;stream=watch,\n  application/vnd.kubernetes.protobuf;stream=watch'\n",
  );
});

test("encodeYaml() puts a key of more than 128 bytes behind a question mark", () => {
  const key = `${"a".repeat(120)}/example`;
  assert.equal(encodeYaml({ [`${key}1`]: { x: 1 } }), `? ${key}1\n: x: 1\n`);
});

test("decodeYaml() reads back what encodeYaml() writes", () => {
  const texts = fc.oneof(
    fc.string(),
    fc.string({ unit: "binary" }).map((text) => text.toWellFormed()),
    fc.constantFrom("yes", "a: b", "x\n\n y\n", "- ", "x\n\n", "\n", "#", "1_0", "\r", "a\u0085b"),
    fc.lorem({ maxCount: 40 }),
  );
  const values = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      texts,
      fc.integer(),
      fc.double({ noInteger: true, noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie("value"), { maxLength: 4 }),
      fc.dictionary(texts, tie("value"), { maxKeys: 4 }),
    ),
  })).value;
  fc.assert(
    fc.property(values, (value) => {
      const plain: unknown = JSON.parse(JSON.stringify(value));
      assert.deepEqual(decodeYaml(encodeYaml(plain)), plain);
    }),
    { numRuns: 50 },
  );
});
