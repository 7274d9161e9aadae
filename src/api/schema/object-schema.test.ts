import { strict as assert } from "node:assert";
import { test } from "node:test";
import { parseJson } from "../codec/json.ts";
import { flunder, gadget } from "../testing/kinds.ts";
import { objectSchema } from "./object-schema.ts";

const alpha = objectSchema(flunder, "v1alpha1");
const v1 = objectSchema(gadget, "v1");
/** Decodes the text of a gadget's spec. */
const specOf = (text: string) => v1.decode(parseJson(Buffer.from(`{"spec":${text}}`))).spec;

test("decode() of nothing gives the structs that are always there", () => {
  const empty = { kind: "", apiVersion: "", metadata: {}, spec: {}, status: {} };
  assert.deepEqual(alpha.decode(null), empty);
  assert.deepEqual(alpha.decode({ metadata: null, spec: null, status: {} }), empty);
});

test("decode() drops unknown fields, nulls and empty values, and puts the rest in the order of the schema", () => {
  const decoded = alpha.decode({
    spec: { referenceType: "Flunder", reference: "", x: 1 },
    x: 1,
    metadata: {
      annotations: {},
      labels: { b: null, a: "1" },
      name: "a",
      generation: 0,
      finalizers: [],
      deletionGracePeriodSeconds: 0,
      ownerReferences: [{ uid: "u", controller: false }],
      creationTimestamp: null,
    },
    kind: "Flunder",
  });
  assert.equal(
    JSON.stringify(decoded),
    JSON.stringify({
      kind: "Flunder",
      apiVersion: "",
      metadata: {
        name: "a",
        deletionGracePeriodSeconds: 0,
        labels: { a: "1", b: "" },
        ownerReferences: [{ apiVersion: "", kind: "", name: "", uid: "u", controller: false }],
      },
      spec: { referenceType: "Flunder" },
      status: {},
    }),
  );
});

test("decode() keeps what the client wrote where the kind says so, and fills in defaults", () => {
  assert.deepEqual(specOf('{"code":"","tags":[],"limits":{},"note":null,"color":null}'), {
    replicas: 1,
    code: "",
    note: null,
    tags: [],
    limits: {},
  });
  assert.deepEqual(specOf('{"replicas":0,"parts":[{"name":"a"}]}'), { replicas: 0, parts: [{ name: "a", size: 1 }] });
  assert.deepEqual(specOf('{"replicas":null}'), { replicas: 1 });
});

test("decode() refuses wrong types and says where", () => {
  const faults = {
    '{"spec":1}': 'json: cannot unmarshal number into field "spec" of type object',
    '{"spec":[]}': 'json: cannot unmarshal array into field "spec" of type object',
    '{"spec":1e2}': 'json: cannot unmarshal number into field "spec" of type object',
    '{"spec":{"reference":true}}': 'json: cannot unmarshal bool into field "spec.reference" of type string',
    '{"metadata":"x"}': 'json: cannot unmarshal string into field "metadata" of type object',
    '{"metadata":{"labels":{"a":1}}}': 'json: cannot unmarshal number into field "metadata.labels" of type string',
    '{"metadata":{"generation":"1"}}': 'json: cannot unmarshal string into field "metadata.generation" of type int64',
    '{"metadata":{"ownerReferences":[1]}}':
      'json: cannot unmarshal number into field "metadata.ownerReferences[0]" of type object',
    '{"kind":1}': 'json: cannot unmarshal number into field "kind" of type string',
    "[]": "json: cannot unmarshal array into the object of type object",
    "-1.5e3": "json: cannot unmarshal number into the object of type object",
  };
  for (const [text, message] of Object.entries(faults))
    assert.throws(() => alpha.decode(parseJson(Buffer.from(text))), { name: "DecodeError", message }, text);
});

test("decode() takes for an integer only what is written as one and fits", () => {
  for (const text of ["1.5", "1.0", "1e2", "9223372036854775808", "-9223372036854775809", '"1"', "true"])
    assert.throws(() => specOf(`{"total":${text}}`), { name: "DecodeError" }, text);
  assert.deepEqual(specOf('{"total":9223372036854775807}'), { replicas: 1, total: 9_223_372_036_854_775_807n });
  assert.throws(() => specOf('{"replicas":2147483648}'), { message: /of type int32$/ });
  assert.throws(() => specOf('{"port":1.5}'), { message: /of type int32 or string$/ });
  assert.deepEqual(specOf('{"port":"25%","weight":1e2}'), { replicas: 1, weight: 100, port: "25%" });
  assert.throws(() => specOf('{"weight":1e400}'), { name: "DecodeError" });
});

test("decode() takes base64 for bytes and nothing else", () => {
  assert.deepEqual(specOf('{"data":"aGk="}'), { replicas: 1, data: "aGk=" });
  assert.deepEqual(specOf('{"data":"aG\\nk="}'), { replicas: 1, data: "aGk=" });
  for (const text of ["aGk", "a=k=", "!!!!", "aGk=aGk="])
    assert.throws(() => specOf(JSON.stringify({ data: text })), { message: /illegal base64/ });
});

test("decode() keeps anything in a free field, down to a depth that our own functions stand", () => {
  assert.deepEqual(specOf('{"anything":{"b":null,"a":[1,{}]}}'), { replicas: 1, anything: { b: null, a: [1, {}] } });
  assert.throws(() => specOf(`{"anything":${"[".repeat(5_000)}${"]".repeat(5_000)}}`), {
    message: /exceeded max depth/,
  });
});

test("decode() treats keys that objects inherit like any others", () => {
  const decoded = alpha.decode(
    parseJson(Buffer.from('{"__proto__":{"spec":{"reference":"x"}},"metadata":{"labels":{"__proto__":"1"}}}')),
  );
  assert.deepEqual(decoded.spec, {});
  assert(Object.hasOwn(decoded.metadata.labels ?? {}, "__proto__"));
});

test("objectSchema() compiles a version once, and knows only the kind's own", () => {
  assert.equal(objectSchema(flunder, "v1alpha1"), alpha);
  assert.throws(() => objectSchema(flunder, "constructor"), RangeError);
});
