// Priority levels: how many requests at once, and what becomes of those that wait.
// https://kubernetes.io/docs/concepts/cluster-administration/flow-control/

import { type ApiObject, defineKind, type FieldError, fieldError, Type } from "../../api/door.ts";
import { recordsOf } from "../../base/record.ts";
import { defineResource } from "../../server/door.ts";
import { ageColumn, cellText, nameColumn, part } from "./columns.ts";
import { described, int32, int32Pointer, pointer, struct } from "./fields.ts";
import { conditions, flowControl } from "./flow-control-fields.ts";

const limited = Type.Object(
  {
    nominalConcurrencyShares: int32Pointer("Its share of all seats. Default 30."),
    limitResponse: described(
      Type.Object(
        {
          type: Type.String({ description: "Queue or Reject." }),
          queuing: pointer(
            Type.Object(
              {
                queues: int32("The number of queues. Default 64."),
                handSize: int32("Among how many of them a flow has its choice. Default 8."),
                queueLengthLimit: int32("How many requests may wait in one. Default 50."),
              },
              { $id: "QueuingConfiguration", description: "Where requests wait." },
            ),
          ),
        },
        { $id: "LimitResponse", description: "What happens to requests without a seat." },
      ),
    ),
    lendablePercent: int32Pointer("How many of its seats others may borrow. Default 0."),
    borrowingLimitPercent: int32Pointer("How many seats it may borrow. Default: any."),
  },
  { $id: "LimitedPriorityLevelConfiguration", description: "A level with a limit." },
);
const exempt = Type.Object(
  {
    nominalConcurrencyShares: int32Pointer("Its share of all seats. Default 0."),
    lendablePercent: int32Pointer("How many of its seats others may borrow. Default 0."),
  },
  { $id: "ExemptPriorityLevelConfiguration", description: "A level without a limit." },
);

export const priorityLevelKind = defineKind({
  ...flowControl,
  kind: "PriorityLevelConfiguration",
  versions: {
    v1: {
      description: "PriorityLevelConfiguration says how many requests of one importance are answered at once.",
      schema: Type.Object({
        spec: struct(
          Type.Object(
            {
              type: Type.String({ description: "Limited or Exempt." }),
              limited: pointer(limited),
              exempt: pointer(exempt),
            },
            { $id: "PriorityLevelConfigurationSpec", description: "What the level is." },
          ),
        ),
        status: struct(
          Type.Object(
            { conditions: conditions("PriorityLevelConfigurationCondition") },
            { $id: "PriorityLevelConfigurationStatus", description: "What is known of the level." },
          ),
        ),
      }),
      default(object) {
        const { spec } = object;
        if (spec === undefined) return;
        if (spec.type === "Exempt") {
          spec.exempt ??= {};
          spec.exempt.nominalConcurrencyShares ??= 0;
          spec.exempt.lendablePercent ??= 0;
        }
        if (spec.limited === undefined) return;
        spec.limited.nominalConcurrencyShares ??= 30;
        spec.limited.lendablePercent ??= 0;
        const { queuing } = spec.limited.limitResponse;
        if (queuing === undefined) return;
        queuing.queues ||= 64;
        queuing.handSize ||= 8;
        queuing.queueLengthLimit ||= 50;
      },
    },
  },
});

const limitedField = (object: ApiObject): Readonly<Record<string, unknown>> =>
  recordsOf([part(object, "spec").limited])[0] ?? {};
const queuingField = (object: ApiObject, field: string): string => {
  const [response] = recordsOf([limitedField(object).limitResponse]);
  const value = recordsOf([response?.queuing])[0]?.[field];
  return value === undefined ? "<none>" : String(value);
};

export const priorityLevels = defineResource(priorityLevelKind, {
  status: true,
  validate: priorityLevelErrors,
  columns: [
    nameColumn,
    {
      name: "Type",
      type: "string",
      description: "Limited or Exempt.",
      cell: (object) => cellText(part(object, "spec").type),
    },
    {
      name: "NominalConcurrencyShares",
      type: "string",
      description: "Its share of all seats.",
      cell: (object) => String(limitedField(object).nominalConcurrencyShares ?? "<none>"),
    },
    {
      name: "Queues",
      type: "string",
      description: "The number of queues.",
      cell: (object) => queuingField(object, "queues"),
    },
    {
      name: "HandSize",
      type: "string",
      description: "Among how many queues a flow has its choice.",
      cell: (object) => queuingField(object, "handSize"),
    },
    {
      name: "QueueLengthLimit",
      type: "string",
      description: "How many requests may wait in a queue.",
      cell: (object) => queuingField(object, "queueLengthLimit"),
    },
    ageColumn,
  ],
});

function priorityLevelErrors(object: ApiObject): FieldError[] {
  const { type, limited: limits, exempt: exemption } = part(object, "spec");
  if (type === "Exempt")
    return limits === undefined ? [] : [fieldError.forbidden("spec.limited", "must be nil if the type is not Limited")];
  if (type !== "Limited") return [fieldError.notSupported("spec.type", type, ["Exempt", "Limited"])];
  if (exemption !== undefined) return [fieldError.forbidden("spec.exempt", "must be nil if the type is Limited")];
  const [level] = recordsOf([limits]);
  if (level === undefined) return [fieldError.required("spec.limited", "must not be empty when type is Limited")];
  const errors: FieldError[] = [];
  if (typeof level.nominalConcurrencyShares === "number" && level.nominalConcurrencyShares < 0)
    errors.push(
      fieldError.invalid(
        "spec.limited.nominalConcurrencyShares",
        level.nominalConcurrencyShares,
        "must be a non-negative integer",
      ),
    );
  const [response = {}] = recordsOf([level.limitResponse]);
  const path = "spec.limited.limitResponse";
  if (response.type === "Reject" && response.queuing !== undefined)
    errors.push(fieldError.forbidden(`${path}.queuing`, "must be nil if limited.limitResponse.type is not Limited"));
  else if (response.type === "Queue" && response.queuing === undefined)
    errors.push(fieldError.required(`${path}.queuing`, "must not be empty if limited.limitResponse.type is Limited"));
  else if (response.type !== "Reject" && response.type !== "Queue")
    errors.push(fieldError.notSupported(`${path}.type`, response.type, ["Queue", "Reject"]));
  return errors;
}
