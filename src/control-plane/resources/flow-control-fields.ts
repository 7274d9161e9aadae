// What flow schemas and priority levels have in common. The control plane keeps them for whoever reads them; its own requests it shares out by limits of its own.
// https://kubernetes.io/docs/concepts/cluster-administration/flow-control/

import { Type } from "../../api/door.ts";
import { mapList, text, time } from "./fields.ts";
import { flowControlNumbers } from "./protobuf-numbers.ts";

/** What both kinds say of themselves. */
export const flowControl = {
  group: "flowcontrol.apiserver.k8s.io",
  scope: "Cluster",
  emptyValues: "omit",
  protobuf: flowControlNumbers,
  definitionPrefix: "io.k8s.api.flowcontrol",
} as const;

/** The conditions in a status. */
export const conditions = (id: string) =>
  mapList(
    Type.Object(
      {
        type: text("What the condition is about."),
        status: text("True, False or Unknown."),
        lastTransitionTime: time("When the status last changed."),
        reason: text("Why, as one CamelCase word."),
        message: text("Why, as a person reads it."),
      },
      { $id: id, description: "What is known of the object." },
    ),
    ["type"],
    "What is known of the object.",
  );
