// A kind as unlike a flunder as a user may think of: for tests that hold the library to what it promises for any kind.

import { defineKind, fieldError, type ObjectOf, parseQuantity, Type } from "annex/api";
import { defineResource } from "annex/server";

const group = "fleet.example.com";

const hatch = Type.Object({ id: Type.String(), sealed: Type.Optional(Type.Boolean()) });

/** Two keys, one of which has a default; and a list of the same sort inside. */
const decks = Type.Array(
  Type.Object({
    name: Type.String(),
    side: Type.String({ default: "port" }),
    crew: Type.Optional(Type.Integer({ format: "int32" })),
    hatches: Type.Optional(
      Type.Array(hatch, { "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["id"] }),
    ),
  }),
  { "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name", "side"] },
);

const mode = Type.Union([Type.Literal("Sail"), Type.Literal("Steam")], { default: "Sail" });

const common = {
  replicas: Type.Optional(Type.Integer({ format: "int32", minimum: 0, default: 1 })),
  decks: Type.Optional(decks),
  flags: Type.Optional(Type.Array(Type.String(), { "x-kubernetes-list-type": "set" })),
  route: Type.Optional(Type.Array(Type.String(), { "x-kubernetes-list-type": "atomic" })),
  cargo: Type.Optional(Type.Record(Type.String(), Type.String(), { description: "Quantities by what they are of." })),
  ballast: Type.Optional(Type.Record(Type.String(), Type.String(), { "x-kubernetes-map-type": "atomic" })),
  reserve: Type.Optional(Type.Unsafe<number | string>({ "x-kubernetes-int-or-string": true })),
  papers: Type.Optional(Type.Unsafe<Record<string, unknown>>({ "x-kubernetes-preserve-unknown-fields": true })),
  mode,
  launchedAt: Type.Optional(Type.String({ format: "date-time" })),
  chart: Type.Optional(Type.String({ format: "byte" })),
  displacement: Type.Optional(Type.Integer({ format: "int64" })),
  nickname: Type.Optional(Type.Union([Type.String(), Type.Null()])),
};

const status = Type.Optional(
  Type.Object({
    replicas: Type.Optional(Type.Integer({ format: "int32" })),
    selector: Type.Optional(Type.String()),
    phase: Type.Optional(Type.String()),
    conditions: Type.Optional(
      Type.Array(Type.Object({ type: Type.String(), status: Type.String() }), {
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["type"],
      }),
    ),
  }),
);

export const ship = defineKind({
  group,
  kind: "Ship",
  scope: "Namespaced",
  shortNames: ["sh"],
  categories: ["fleet"],
  hub: "v1",
  stored: "v1beta1",
  versions: {
    v1: {
      schema: Type.Object({ spec: Type.Object({ ...common, captain: Type.Optional(Type.String()) }), status }),
      description: "A ship of the fleet.",
    },
    v1beta1: {
      // The captain had two names once.
      schema: Type.Object({
        spec: Type.Object({
          ...common,
          captain: Type.Optional(
            Type.Object({ first: Type.Optional(Type.String()), last: Type.Optional(Type.String()) }),
          ),
        }),
        status,
      }),
      lifecycle: {
        introduced: "1.0",
        deprecated: "1.2",
        removed: "1.5",
        replacement: { group, version: "v1", kind: "Ship" },
      },
      toHub({ spec: { captain, ...spec }, status }) {
        const name = [captain?.first, captain?.last].filter((part) => part !== undefined).join(" ");
        return {
          spec: { ...spec, ...(captain === undefined ? {} : { captain: name }) },
          ...(status === undefined ? {} : { status }),
        };
      },
      fromHub({ spec: { captain, ...spec }, status }) {
        const space = captain?.indexOf(" ") ?? -1;
        const names =
          captain === undefined
            ? {}
            : {
                captain:
                  space < 0 ? { first: captain } : { first: captain.slice(0, space), last: captain.slice(space + 1) },
              };
        return { spec: { ...spec, ...names }, ...(status === undefined ? {} : { status }) };
      },
    },
    v1alpha1: {
      // Read from old stores, and served to nobody.
      schema: Type.Object({ spec: Type.Object({ mode }) }),
      served: false,
      toHub: ({ spec }) => ({ spec: { mode: spec.mode } }),
      fromHub: ({ spec }) => ({ spec: { mode: spec.mode } }),
    },
  },
});

export type Ship = ObjectOf<typeof ship, "v1">;

export const ships = defineResource(ship, {
  status: true,
  nameRule: "dns-label",
  scale: {
    specReplicasPath: ".spec.replicas",
    statusReplicasPath: ".status.replicas",
    labelSelectorPath: ".status.selector",
  },
  connect: {
    signal: {
      methods: ["GET", "POST"],
      kind: { group, version: "v1", kind: "Signal" },
      async connect(request, object) {
        const said = request.method === "POST" ? (await request.readBody(1_000)).toString() : "nothing";
        const words = [object.metadata.name, ...request.info.rest, said].join(" ");
        return { status: 200, headers: { "content-type": "text/plain" }, body: Buffer.from(words) };
      },
    },
  },
  columns: [
    { name: "Mode", type: "string", cell: ({ spec }) => spec.mode },
    { name: "Replicas", type: "integer", cell: ({ spec }) => spec.replicas ?? 0 },
    { name: "Captain", type: "string", priority: 1, cell: ({ spec }) => spec.captain ?? "<none>" },
  ],
  selectableFields: { "spec.mode": ({ spec }) => spec.mode },
  validate: ({ spec }) => [
    ...Object.entries(spec.cargo ?? {}).flatMap(([of, amount]) =>
      parseQuantity(amount) === undefined
        ? [fieldError.invalid(`spec.cargo[${of}]`, amount, "must be a quantity")]
        : [],
    ),
    ...((spec.replicas ?? 0) > 9 ? [fieldError.invalid("spec.replicas", spec.replicas, "must be at most 9")] : []),
  ],
  prepareForCreate(object) {
    object.status = { phase: "Launched" };
  },
});
