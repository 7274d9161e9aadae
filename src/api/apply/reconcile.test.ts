import assert from "node:assert/strict";
import { test } from "node:test";
import { Type } from "typebox";
import { compileSchema } from "../schema/schema-node.ts";
import { decodeFieldSet } from "./field-set.ts";
import { withoutAtomicParts } from "./reconcile.ts";

const root = compileSchema(
  Type.Object({
    whole: Type.Record(Type.String(), Type.String(), { "x-kubernetes-map-type": "atomic" }),
    list: Type.Array(Type.String()),
    map: Type.Record(Type.String(), Type.String()),
  }),
);

test("withoutAtomicParts() owns a map or list as a whole where its schema has become atomic", () => {
  const owned = decodeFieldSet({
    "f:list": { ".": {}, 'v:"a"': {} },
    "f:map": { "f:x": {} },
    "f:whole": { "f:a": {}, "f:b": {} },
  });
  assert.deepEqual(withoutAtomicParts(owned, root).encode(), { "f:list": {}, "f:map": { "f:x": {} }, "f:whole": {} });
});

test("withoutAtomicParts() gives back the very set where there is nothing to do", () => {
  const owned = decodeFieldSet({ "f:list": {}, "f:map": { "f:x": {} }, "f:gone": { "f:x": {} } });
  assert.equal(withoutAtomicParts(owned, root), owned);
});
