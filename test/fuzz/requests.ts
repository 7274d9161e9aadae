// Requests as nobody sends them: valid ones with something wrong, and noise.

import fc from "fast-check";
import { encodeYaml } from "../../src/api/door.ts";
import type { Asked } from "../support/asked-server.ts";

const groups = ["wardle.example.com", "fleet.example.com", "none.example.com"];
const names = ["a", "b", "c", "forbidden", "__proto__", "constructor", "x.y", "Ü", "..", "%2F", "", "a".repeat(260)];
const odd = [
  "",
  "0",
  "-1",
  "1",
  "true",
  "null",
  "__proto__",
  "constructor",
  "9223372036854775808",
  "1e400",
  "\u0000",
  "ÿ",
  "💥",
  "../../x",
  "a=b,c",
];
const text = fc.oneof(fc.constantFrom(...odd), fc.constantFrom(...names), fc.string({ unit: "binary", maxLength: 20 }));

/** Any JSON, with keys that mean something to objects, patches and JavaScript. */
const key = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      "metadata",
      "spec",
      "status",
      "labels",
      "annotations",
      "finalizers",
      "name",
      "decks",
      "side",
      "managedFields",
      "ownerReferences",
      "$patch",
      "$setElementOrder/decks",
      "$deleteFromPrimitiveList/flags",
      "$retainKeys",
      "reference",
      "referenceType",
      "disallowedFlunders",
      "papers",
      "apiVersion",
      "kind",
      "uid",
      "resourceVersion",
      "deletionTimestamp",
      "fieldsV1",
      "f:spec",
      'k:{"name":"a"}',
      "__proto__",
      "constructor",
      "toString",
    ),
  },
  { weight: 1, arbitrary: text },
);
const json = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, depthSize: "small", withCrossShrink: true },
    fc.constantFrom<unknown>(null, true, false, 0, -1, 1.5, 1e21, 2 ** 53, "", {}, []),
    text,
    fc.array(tie("value"), { maxLength: 4 }),
    // Not fc.dictionary: such an object may have a key __proto__ of its own.
    fc.array(fc.tuple(key, tie("value")), { maxLength: 5 }).map((entries) => Object.fromEntries(entries)),
  ),
})).value;

const metadata = fc.record(
  {
    name: fc.constantFrom(...names),
    namespace: fc.constantFrom("default", "other", ""),
    labels: fc.dictionary(text, text, { maxKeys: 3 }),
    annotations: fc.dictionary(text, text, { maxKeys: 3 }),
    finalizers: fc.array(fc.oneof(fc.constantFrom("example.com/x", "orphan"), text), { maxLength: 2 }),
    ownerReferences: json,
    managedFields: json,
    resourceVersion: text,
    uid: text,
    generateName: fc.constantFrom("g-", ""),
  },
  { requiredKeys: ["name"] },
);
const object = fc
  .record(
    {
      apiVersion: fc.constantFrom(
        "wardle.example.com/v1alpha1",
        "wardle.example.com/v1beta1",
        "fleet.example.com/v1",
        "fleet.example.com/v1beta1",
        "v1",
      ),
      kind: fc.constantFrom("Flunder", "Fischer", "Ship", "Status", "DeleteOptions"),
      metadata,
      spec: fc.oneof(
        json,
        fc.record(
          {
            mode: fc.constantFrom("Sail", "Steam", "Row"),
            decks: fc.array(fc.record({ name: text, side: text }, { requiredKeys: [] }), { maxLength: 3 }),
            papers: json,
            reserve: json,
          },
          { requiredKeys: [] },
        ),
      ),
      status: json,
      disallowedFlunders: fc.array(text, { maxLength: 3 }),
    },
    { requiredKeys: ["apiVersion", "kind", "metadata"] },
  )
  .map((value): unknown => value);

const pointer = fc
  .array(fc.oneof(fc.constantFrom("metadata", "spec", "labels", "decks", "0", "-", "flags", "papers"), text), {
    maxLength: 4,
  })
  .map((parts) => parts.map((part) => `/${part.replaceAll("~", "~0").replaceAll("/", "~1")}`).join(""));
const jsonPatch = fc.array(
  fc.oneof(
    fc.record(
      {
        op: fc.constantFrom("add", "remove", "replace", "move", "copy", "test", "spin"),
        path: pointer,
        from: pointer,
        value: json,
      },
      { requiredKeys: ["op"] },
    ),
    json,
  ),
  { maxLength: 4 },
);

/** A body and its media type. */
const body = fc.oneof(
  fc
    .oneof(object, json)
    .chain((value) =>
      fc.constantFrom(
        { type: "application/json", body: JSON.stringify(value) },
        { type: "application/merge-patch+json", body: JSON.stringify(value) },
        { type: "application/strategic-merge-patch+json", body: JSON.stringify(value) },
        { type: "application/apply-patch+yaml", body: JSON.stringify(value) },
        { type: "application/yaml", body: yamlOf(value) },
        { type: "application/apply-patch+yaml", body: yamlOf(value) },
        { type: "application/cbor", body: JSON.stringify(value) },
        { type: "application/vnd.kubernetes.protobuf", body: JSON.stringify(value) },
      ),
    ),
  jsonPatch.map((value) => ({ type: "application/json-patch+json", body: JSON.stringify(value) })),
  fc
    .tuple(
      fc.constantFrom(
        "application/json",
        "application/yaml",
        "application/apply-patch+yaml",
        "application/cbor",
        "application/vnd.kubernetes.protobuf",
        "text/plain",
        "",
        "application/json;charset=x",
        ";;",
      ),
      fc.uint8Array({ maxLength: 60 }),
    )
    .map(([type, bytes]) => ({ type, body: Buffer.from(bytes) })),
  // A valid text with a few bytes changed.
  fc.tuple(object, fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 3 })).map(([value, changes]) => {
    const bytes = Buffer.from(JSON.stringify(value));
    for (const [at, byte] of changes) if (at < bytes.length) bytes[at] = byte;
    return { type: "application/json", body: bytes };
  }),
);

/** What JSON can say and YAML cannot be written for is left to JSON. */
function yamlOf(value: unknown): string {
  return encodeYaml(JSON.parse(JSON.stringify(value)));
}

const parameter = fc.tuple(
  fc.constantFrom(
    "dryRun",
    "fieldManager",
    "fieldValidation",
    "force",
    "limit",
    "continue",
    "labelSelector",
    "fieldSelector",
    "resourceVersion",
    "resourceVersionMatch",
    "timeoutSeconds",
    "allowWatchBookmarks",
    "sendInitialEvents",
    "watch",
    "pretty",
    "includeObject",
    "propagationPolicy",
    "gracePeriodSeconds",
    "orphanDependents",
    "timeout",
    "x",
  ),
  fc.oneof(
    {
      weight: 2,
      arbitrary: fc.constantFrom(
        "All",
        "Strict",
        "Warn",
        "Ignore",
        "1",
        "0",
        "true",
        "false",
        "metadata.name=a",
        "a in (b,c)",
        "!a",
        "a,,b",
        "spec.mode!=Sail",
        "Exact",
        "NotOlderThan",
        "Foreground",
        "Orphan",
        "Object",
        "1s",
        "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MSwic3RhcnQiOiIvYSJ9",
      ),
    },
    { weight: 1, arbitrary: text },
  ),
);
const query = fc
  .array(parameter, { maxLength: 3 })
  .map((parameters) => (parameters.length === 0 ? "" : `?${new URLSearchParams(parameters)}`));

const resource = fc.constantFrom(
  { group: groups[0], version: "v1alpha1", plural: "flunders", isNamespaced: true },
  { group: groups[0], version: "v1beta1", plural: "flunders", isNamespaced: true },
  { group: groups[0], version: "v1alpha1", plural: "fischers", isNamespaced: false },
  { group: groups[1], version: "v1", plural: "ships", isNamespaced: true },
  { group: groups[1], version: "v1beta1", plural: "ships", isNamespaced: true },
);
const path = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .tuple(
        resource,
        fc.constantFrom("default", "other"),
        fc.constantFrom("", ...names),
        fc.constantFrom("", "", "", "/status", "/scale", "/signal/x", "/none"),
      )
      .map(([{ group, version, plural, isNamespaced }, namespace, name, subresource]) => {
        const collection = `/apis/${group}/${version}/${isNamespaced ? `namespaces/${namespace}/` : ""}${plural}`;
        return name === "" ? collection : `${collection}/${encodeURIComponent(name)}${subresource}`;
      }),
  },
  {
    weight: 1,
    arbitrary: fc
      .array(
        fc.oneof(
          fc.constantFrom(
            "api",
            "apis",
            "openapi",
            "v2",
            "v3",
            "watch",
            "namespaces",
            "healthz",
            "metrics",
            "version",
            ...groups,
          ),
          text.map(encodeLenient),
        ),
        { maxLength: 6 },
      )
      .map((parts) => `/${parts.join("/")}`),
  },
);

function encodeLenient(value: string): string {
  return Buffer.from(value)
    .toString("latin1")
    .replace(/[^\x21-\x7e]|[?#]/g, (c) => `%${c.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

const headers = fc.record(
  {
    accept: fc.constantFrom(
      "application/json",
      "*/*",
      "application/yaml",
      "application/json;as=Table;v=v1;g=meta.k8s.io",
      "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io",
      "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io",
      "application/vnd.kubernetes.protobuf",
      "application/cbor",
      "text/html",
      ";;",
      "application/json;q=0",
    ),
    "accept-encoding": fc.constantFrom("gzip", "identity", "*;q=0"),
    "if-none-match": fc.constantFrom('"x"', "*"),
    "impersonate-user": fc.constantFrom("bob", "", "system:serviceaccount:a:b"),
    "impersonate-group": fc.constantFrom("g", "system:masters"),
    "x-remote-user": fc.constantFrom("admin", "system:admin"),
    "x-remote-group": fc.constantFrom("system:masters"),
    authorization: fc.constantFrom("Bearer x", "Basic eDp5", "Bearer"),
  },
  { requiredKeys: [] },
);

const chaos: fc.Arbitrary<Asked> = fc
  .record({
    method: fc.constantFrom("GET", "POST", "PUT", "PATCH", "PATCH", "DELETE", "HEAD", "OPTIONS", "SPIN"),
    path,
    query: rarely(query, ""),
    headers: rarely(headers, {}),
    sent: fc.option(body, { freq: 6, nil: undefined }),
  })
  .map(({ method, path, query, headers, sent }) => ({
    method,
    path: `${path}${query}`,
    headers: { ...withoutUndefined(headers), ...(sent === undefined ? {} : { "content-type": sent.type }) },
    ...(sent === undefined || method === "GET" || method === "HEAD" ? {} : { body: sent.body }),
  }));

/** Kinds with what is right for them, so that much of what is sent is taken. */
const kinds = fc.constantFrom(
  { group: "wardle.example.com", version: "v1alpha1", kind: "Flunder", plural: "flunders", spec: { reference: "x" } },
  {
    group: "wardle.example.com",
    version: "v1beta1",
    kind: "Flunder",
    plural: "flunders",
    spec: { flunderReference: "x", referenceType: "Flunder" },
  },
  {
    group: "fleet.example.com",
    version: "v1",
    kind: "Ship",
    plural: "ships",
    spec: { captain: "A B", decks: [{ name: "a" }], flags: ["x"] },
  },
  {
    group: "fleet.example.com",
    version: "v1beta1",
    kind: "Ship",
    plural: "ships",
    spec: { captain: { first: "A" }, route: ["a"] },
  },
);
const manager = fc.constantFrom("one", "two", "three");

/** A write or read as a client would send it, with at most a few things out of place. */
const sensible: fc.Arbitrary<Asked> = fc
  .record({
    kinds,
    name: fc.constantFrom("a", "b", "c", "d"),
    action: fc.constantFrom(
      "create",
      "create",
      "update",
      "merge",
      "strategic",
      "json",
      "apply",
      "apply",
      "delete",
      "get",
      "list",
      "status",
      "scale",
    ),
    more: rarely(fc.record({ metadata, spec: json, status: json }, { requiredKeys: [] }), {}),
    deck: fc.constantFrom("a", "b", "c"),
    query: rarely(query, ""),
    headers: rarely(headers, {}),
    manager,
    operations: jsonPatch,
  })
  .map(
    ({
      kinds: { group, version, kind, plural, spec },
      name,
      action,
      more,
      deck,
      query,
      headers,
      manager,
      operations,
    }) => {
      const collection = `/apis/${group}/${version}/namespaces/default/${plural}`;
      const whole = {
        apiVersion: `${group}/${version}`,
        kind,
        metadata: { name },
        spec: { ...spec, ...(kind === "Ship" ? { decks: [{ name: deck }] } : {}) },
        ...more,
      };
      const parameters = new URLSearchParams(query);
      if (action !== "get" && action !== "list" && action !== "delete") parameters.set("fieldManager", manager);
      const ask = (method: string, path: string, type?: string, value?: unknown): Asked => ({
        method,
        path: `${path}?${parameters}`,
        headers: { ...withoutUndefined(headers), ...(type === undefined ? {} : { "content-type": type }) },
        ...(value === undefined ? {} : { body: JSON.stringify(value) }),
      });
      const item = `${collection}/${name}`;
      switch (action) {
        case "create":
          return ask("POST", collection, "application/json", whole);
        case "update":
          return ask("PUT", item, "application/json", whole);
        case "merge":
          return ask("PATCH", item, "application/merge-patch+json", more);
        case "strategic":
          return ask("PATCH", item, "application/strategic-merge-patch+json", more);
        case "json":
          return ask("PATCH", item, "application/json-patch+json", operations);
        case "apply":
          return ask("PATCH", item, "application/apply-patch+yaml", whole);
        case "status":
          return ask("PATCH", `${item}/status`, "application/merge-patch+json", more);
        case "scale":
          return ask("PATCH", `${item}/scale`, "application/merge-patch+json", { spec: { replicas: 2 } });
        case "delete":
          return ask("DELETE", item);
        default:
          return ask("GET", action === "get" ? item : collection);
      }
    },
  );

function rarely<T>(arbitrary: fc.Arbitrary<T>, usually: T): fc.Arbitrary<T> {
  return fc.oneof({ weight: 3, arbitrary: fc.constant(usually) }, { weight: 1, arbitrary });
}

/** One request: as a client would send it, or in the spirit of chaos. */
export const anyRequest: fc.Arbitrary<Asked> = fc.oneof(
  { weight: 2, arbitrary: sensible },
  { weight: 1, arbitrary: chaos },
);

function withoutUndefined(record: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(record)) if (value !== undefined) kept[name] = value;
  return kept;
}
