// Fischers: each says which names flunders may not have. Cluster-scoped.

import { defineKind, type ObjectOf, Type } from "annex/api";
import { defineResource } from "annex/server";
import { alphaLifecycle, definitionPrefix, group } from "./group.ts";

export const fischer = defineKind({
  group,
  kind: "Fischer",
  scope: "Cluster",
  emptyValues: "omit",
  definitionPrefix,
  versions: {
    v1alpha1: {
      schema: Type.Object({
        disallowedFlunders: Type.Optional(
          Type.Array(Type.String(), {
            "x-kubernetes-list-type": "atomic",
            description: "DisallowedFlunders holds a list of Flunder.Names that are disallowed.",
          }),
        ),
      }),
      lifecycle: alphaLifecycle,
    },
  },
});

export type Fischer = ObjectOf<typeof fischer, "v1alpha1">;

export const fischers = defineResource(fischer, { nameRule: "path-segment" });
