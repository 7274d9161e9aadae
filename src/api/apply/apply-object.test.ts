import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatApiVersion } from "../group-version.ts";
import { defineKind, type Kind } from "../kind.ts";
import type { ApiObject, ManagedFieldsEntry } from "../object-meta.ts";
import { Type } from "../schema/type.ts";
import { StatusError } from "../status-error.ts";
import { flunder, gadget } from "../testing/kinds.ts";
import { propertyRuns } from "../testing/property-runs.ts";
import { applyObject } from "./apply-object.ts";
import { trackUpdate } from "./track-update.ts";

const now = "2026-11-23T15:00:00Z";

interface Apply {
  readonly kind?: Kind;
  readonly version?: string;
  readonly manager?: string;
  readonly force?: boolean;
  readonly now?: string;
}

function apply(live: ApiObject | undefined, fields: object, options: Apply = {}): ApiObject {
  const { kind = gadget, manager = "m1", force = false } = options;
  const version = options.version ?? (kind === gadget ? "v1" : "v1alpha1");
  const apiVersion = formatApiVersion({ group: kind.group, version });
  const applied: ApiObject = { apiVersion, kind: kind.kind, metadata: { name: "a" }, ...fields };
  const metadata = { name: "a", ...applied.metadata };
  const body = { ...applied, metadata };
  return applyObject({ kind, version, live, applied: body, manager, force, subresource: "", now: options.now ?? now });
}

function update(live: ApiObject | undefined, change: object, manager = "u1"): ApiObject {
  const base = live ?? { apiVersion: "example.com/v1", kind: "Gadget", metadata: { name: "a" } };
  const updated = structuredClone({ ...base, ...change });
  const managedFields = trackUpdate({ kind: gadget, version: "v1", live, updated, manager, subresource: "", now });
  const { managedFields: _theirs, ...metadata } = updated.metadata;
  return { ...updated, metadata: { ...metadata, ...(managedFields && { managedFields }) } };
}

function owned({ metadata }: ApiObject): Record<string, unknown> {
  const name = ({ manager, operation }: ManagedFieldsEntry) => `${manager} ${operation}`;
  return Object.fromEntries((metadata.managedFields ?? []).map((entry) => [name(entry), entry.fieldsV1]));
}

function refusal(action: () => unknown): StatusError {
  try {
    action();
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
  throw new Error("Nothing was refused");
}

test("applyObject() makes a new object, whose applied fields the manager owns", () => {
  const object = apply(undefined, { spec: { code: "ab", tags: ["x"], parts: [{ name: "p", size: 2 }] } });
  assert.deepEqual(object.spec, { replicas: 1, code: "ab", tags: ["x"], parts: [{ name: "p", size: 2 }] });
  assert.deepEqual(owned(object), {
    "m1 Apply": {
      "f:spec": {
        "f:code": {},
        "f:parts": { 'k:{"name":"p"}': { ".": {}, "f:name": {}, "f:size": {} } },
        "f:tags": { 'v:"x"': {} },
      },
    },
  });
});

test("applyObject() refuses to change what another manager owns, and tells every field", () => {
  const live = apply(undefined, { spec: { code: "ab", parts: [{ name: "p", size: 2 }] } });
  const error = refusal(() =>
    apply(live, { spec: { code: "cd", parts: [{ name: "p", size: 3 }] } }, { manager: "m2" }),
  );
  assert.equal(error.code, 409);
  assert.equal(
    error.message,
    'Apply failed with 2 conflicts: conflicts with "m1":\n- .spec.code\n- .spec.parts[name="p"].size',
  );
  assert.deepEqual(
    error.details?.causes?.map(({ field }) => field),
    [".spec.code", '.spec.parts[name="p"].size'],
  );
});

test("applyObject() with force takes the fields over", () => {
  const live = apply(undefined, { spec: { code: "ab", weight: 1 } });
  const object = apply(live, { spec: { code: "cd" } }, { manager: "m2", force: true });
  assert.deepEqual(owned(object), {
    "m1 Apply": { "f:spec": { "f:weight": {} } },
    "m2 Apply": { "f:spec": { "f:code": {} } },
  });
});

test("applyObject() shares a field that two managers want alike, and keeps it until both have dropped it", () => {
  const first = apply(undefined, { spec: { code: "ab" } });
  const both = apply(first, { spec: { code: "ab" } }, { manager: "m2" });
  const one = apply(both, {}, { manager: "m1" });
  assert.equal((one.spec as { code?: string }).code, "ab");
  const none = apply(one, {}, { manager: "m2" });
  assert.equal((none.spec as { code?: string } | undefined)?.code, undefined);
});

test("applyObject() merges items in the applied order and leaves those of others where they stood", () => {
  const live = update(undefined, { spec: { tags: ["a", "x", "b"] } });
  const object = apply(live, { spec: { tags: ["b", "a"] } }, { force: true });
  assert.deepEqual((object.spec as { tags: string[] }).tags, ["x", "b", "a"]);
});

test("applyObject() moves the time only where something else than ownership changes", () => {
  const first = apply(undefined, { spec: { code: "ab" } });
  const same = apply(first, { spec: { code: "ab" } }, { now: "2026-11-24T00:00:00Z" });
  assert.deepEqual(same, first);
  const shared = apply(first, { spec: { code: "ab" } }, { manager: "m2", now: "2026-11-24T00:00:00Z" });
  assert.equal(shared.metadata.managedFields?.[0]?.time, undefined);
  const changed = apply(first, { spec: { code: "cd" } }, { now: "2026-11-24T00:00:00Z" });
  assert.equal(changed.metadata.managedFields?.[0]?.time, "2026-11-24T00:00:00Z");
});

test("applyObject() gives what was there before the first apply to before-first-apply", () => {
  const live: ApiObject = {
    apiVersion: "example.com/v1",
    kind: "Gadget",
    metadata: { name: "a" },
    spec: { code: "ab" },
  };
  const object = apply(live, { spec: { weight: 2 } });
  assert.deepEqual(owned(object), {
    "m1 Apply": { "f:spec": { "f:weight": {} } },
    "before-first-apply Update": { "f:spec": { ".": {}, "f:code": {} } },
  });
});

test("applyObject() keeps one entry of a manager that applies through several versions", () => {
  const first = apply(undefined, { metadata: { labels: { a: "1" } } }, { kind: flunder });
  const second = apply(
    { ...first, apiVersion: "wardle.example.com/v1beta1" },
    { metadata: { labels: { a: "1" } } },
    { kind: flunder, version: "v1beta1" },
  );
  assert.deepEqual(
    second.metadata.managedFields?.map(({ apiVersion }) => apiVersion),
    ["wardle.example.com/v1beta1"],
  );
});

const wrongBodies: readonly (readonly [object, string])[] = [
  [{ spec: { unknown: 1 } }, ".spec.unknown: field not declared in schema"],
  [{ spec: { code: 5 } }, ".spec.code: expected string, got 5"],
  [{ spec: { tags: ["a", "a"] } }, '.spec.tags: duplicate entries for key [="a"]'],
  [
    { spec: { tags: [null] } },
    ".spec.tags: element 0: associative list without keys has an element that's an explicit null",
  ],
  [{ spec: { parts: "x" } }, '.spec.parts: expected list, got "x"'],
  [{ spec: [] }, ".spec: expected map, got []"],
  [{ spec: { parts: [{ name: ["a"] }] } }, '.spec.parts[name=["a"]].name: expected string, got ["a"]'],
];
for (const [body, words] of wrongBodies)
  test(`applyObject() refuses ${JSON.stringify(body)}`, () => {
    const error = refusal(() => apply(undefined, body));
    assert.equal(error.code, 400);
    assert.equal(error.message, `failed to create typed patch object (/a; example.com/v1, Kind=Gadget): ${words}`);
  });

test("applyObject() loses what another owner's version cannot say without a field that nobody owns", () => {
  const spec = (fields: Parameters<typeof Type.Object>[0]) => Type.Object(fields, { default: {} });
  const text = Type.Optional(Type.String());
  const kind = defineKind({
    group: "example.com",
    kind: "Pointer",
    scope: "Cluster",
    hub: "v2",
    stored: "v1",
    versions: {
      v1: {
        schema: Type.Object({ spec: spec({ target: text, type: text }) }),
        toHub: ({ spec }) => ({ spec: spec.type === undefined ? {} : { aim: spec.target, type: spec.type } }),
        fromHub: ({ spec }) => ({ spec: spec.type === undefined ? {} : { target: spec.aim, type: spec.type } }),
      },
      v2: { schema: Type.Object({ spec: spec({ aim: text, type: text }) }) },
    },
  });
  const applied = {
    ...apply(undefined, { spec: { target: "x" } }, { kind, version: "v1" }),
    spec: { target: "x", type: "defaulted" },
  };
  const again = (live: ApiObject) => apply(live, { spec: { target: "y" } }, { kind, version: "v1" }).spec;
  assert.deepEqual(again(applied), { target: "y", type: "defaulted" });
  const [entry] = applied.metadata.managedFields ?? [];
  assert.ok(entry);
  const other = { ...entry, manager: "u1", operation: "Update", apiVersion: "example.com/v2" };
  const managedFields = [entry, { ...other, fieldsV1: { "f:metadata": { "f:labels": { "f:a": {} } } } }];
  assert.deepEqual(again({ ...applied, metadata: { ...applied.metadata, labels: { a: "1" }, managedFields } }), {
    type: "defaulted",
  });
});

test("applyObject() refuses managedFields and what nests without end", () => {
  const managed = refusal(() => apply(undefined, { metadata: { managedFields: [] } }));
  assert.equal(managed.message, "metadata.managedFields must be nil");
  const deep = JSON.parse(`${'{"a":'.repeat(5_000)}1${"}".repeat(5_000)}`);
  assert.match(refusal(() => apply(undefined, { spec: { anything: deep } })).message, /exceeded max depth/);
});

const annotation = "kubectl.kubernetes.io/last-applied-configuration";

test("applyObject() lets kubectl take over what its annotation says it applied, and renews the annotation", () => {
  const last = { apiVersion: "example.com/v1", kind: "Gadget", metadata: { name: "a" }, spec: { code: "ab" } };
  const live = update(undefined, {
    metadata: { name: "a", annotations: { [annotation]: JSON.stringify(last) } },
    spec: { code: "ab", weight: 1 },
  });
  const object = apply(live, { spec: { code: "c<" } }, { manager: "kubectl" });
  assert.equal(
    object.metadata.annotations?.[annotation],
    '{"apiVersion":"example.com/v1","kind":"Gadget","metadata":{"name":"a"},"spec":{"code":"c\\u003c"}}\n',
  );
  const none = apply(live, { metadata: { name: "a", annotations: null }, spec: { code: "d" } }, { manager: "kubectl" });
  assert.equal(
    none.metadata.annotations?.[annotation],
    '{"apiVersion":"example.com/v1","kind":"Gadget","metadata":{"name":"a"},"spec":{"code":"d"}}\n',
  );
  const error = refusal(() => apply(live, { spec: { code: "cd", weight: 2 } }, { manager: "kubectl" }));
  assert.equal(error.message, 'Apply failed with 1 conflict: conflict with "u1" using example.com/v1: .spec.weight');
});

const someSpec = fc.record(
  {
    code: fc.constantFrom("ab", "cd"),
    weight: fc.integer({ min: 1, max: 3 }),
    tags: fc.uniqueArray(fc.constantFrom("a", "b", "c", "d"), { minLength: 1 }),
    parts: fc.uniqueArray(fc.record({ name: fc.constantFrom("p", "q", "r"), size: fc.integer({ min: 1, max: 3 }) }), {
      minLength: 1,
      selector: ({ name }) => name,
    }),
    limits: fc.dictionary(fc.constantFrom("x", "y", "__proto__"), fc.record({ max: fc.integer() }), { minKeys: 1 }),
    // A null is not stored, so that it is new at each apply.
    anything: fc.jsonValue({ maxDepth: 3 }).map((value) => value ?? "nothing"),
  },
  { requiredKeys: [] },
);

test("what is applied by force is there, and to apply it again changes nothing", () => {
  fc.assert(
    fc.property(someSpec, someSpec, (theirs, mine) => {
      const live = apply(undefined, { spec: theirs }, { manager: "other" });
      const object = apply(live, { spec: mine }, { force: true });
      assert.deepEqual(apply(object, { spec: mine }, { now: "2027-01-01T00:00:00Z" }), object);
      const spec = object.spec as { tags?: string[]; parts?: { name: string }[] };
      for (const tag of mine.tags ?? []) assert.ok(spec.tags?.includes(tag));
      for (const part of mine.parts ?? [])
        assert.deepEqual({ ...spec.parts?.find(({ name }) => name === part.name) }, { ...part });
    }),
    propertyRuns(60),
  );
});

test("what nobody wants any more is gone, as if it had never been", () => {
  fc.assert(
    fc.property(someSpec, someSpec, (theirs, mine) => {
      const alone = apply(undefined, { spec: theirs }, { manager: "other" });
      const shared = apply(alone, { spec: mine }, { force: true });
      const without = apply(apply(shared, {}), { spec: theirs }, { manager: "other" });
      assert.deepEqual(canonical(without.spec), canonical(alone.spec));
      assert.deepEqual(owned(without), owned(alone));
    }),
    propertyRuns(60),
  );
});

test("managers of different fields may apply in any order", () => {
  fc.assert(
    fc.property(someSpec, someSpec, (one, other) => {
      const { code, tags, limits } = one;
      const { weight, parts, anything } = other;
      const first = defined({ code, tags, limits });
      const second = defined({ weight, parts, anything });
      const ab = apply(apply(undefined, { spec: first }, { manager: "a" }), { spec: second }, { manager: "b" });
      const ba = apply(apply(undefined, { spec: second }, { manager: "b" }), { spec: first }, { manager: "a" });
      assert.deepEqual(ab.spec, ba.spec);
      assert.deepEqual(owned(ab), owned(ba));
    }),
    propertyRuns(60),
  );
});

function defined(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** Items of sets and maps may stand in any order. */
function canonical(spec: unknown): unknown {
  const { tags = [], parts = [], ...rest } = spec as { tags?: string[]; parts?: { name: string }[] };
  return { ...rest, tags: [...tags].sort(), parts: [...parts].sort((a, b) => (a.name < b.name ? -1 : 1)) };
}

test("applyObject() counts another order of items as a change", () => {
  const live = apply(undefined, { spec: { tags: ["x", "y"] } });
  const later = "2026-11-23T16:00:00Z";
  const timeOf = ({ metadata }: ApiObject) => metadata.managedFields?.[0]?.time;
  assert.equal(timeOf(apply(live, { spec: { tags: ["x", "y"] } }, { now: later })), now);
  const turned = apply(live, { spec: { tags: ["y", "x"] } }, { now: later });
  assert.deepEqual(turned.spec, { replicas: 1, tags: ["y", "x"] });
  assert.equal(timeOf(turned), later);
});
