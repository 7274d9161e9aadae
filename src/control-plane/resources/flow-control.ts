// Flow schemas and priority levels. The control plane keeps them for whoever reads them; its own requests it shares out by limits of its own.
// https://kubernetes.io/docs/concepts/cluster-administration/flow-control/

import { type ApiObject, defineKind, type FieldError, fieldError, Type } from "../../api/door.ts";
import { recordsOf } from "../../base/record.ts";
import { defineResource } from "../../server/door.ts";
import { choiceErrors, textsOf } from "./admission-fields.ts";
import { ageColumn, cellText, nameColumn, part, sizeOf } from "./columns.ts";
import { atomicList, described, flag, int32, int32Pointer, mapList, pointer, struct, text, time } from "./fields.ts";
import { flowControlNumbers } from "./protobuf-numbers.ts";

const shared = {
  group: "flowcontrol.apiserver.k8s.io",
  scope: "Cluster",
  emptyValues: "omit",
  protobuf: flowControlNumbers,
  definitionPrefix: "io.k8s.api.flowcontrol",
} as const;

const texts = (description: string) => Type.Array(Type.String(), { "x-kubernetes-list-type": "set", description });
const named = (id: string, description: string) =>
  Type.Object({ name: Type.String({ description: "The name, or * for all." }) }, { $id: id, description });

const conditions = (id: string) =>
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

const subject = Type.Object(
  {
    kind: Type.String({ description: "User, Group or ServiceAccount." }),
    user: pointer(named("UserSubject", "A user.")),
    group: pointer(named("GroupSubject", "A group of users.")),
    serviceAccount: pointer(
      Type.Object(
        {
          namespace: Type.String({ description: "The namespace of the account." }),
          name: Type.String({ description: "The name, or * for all." }),
        },
        { $id: "ServiceAccountSubject", description: "A service account." },
      ),
    ),
  },
  { $id: "Subject", description: "Who asks." },
);

const rules = Type.Object(
  {
    subjects: Type.Array(subject, { "x-kubernetes-list-type": "atomic", description: "Who asks." }),
    resourceRules: atomicList(
      Type.Object(
        {
          verbs: texts("Verbs, or * for all."),
          apiGroups: texts("Groups, or * for all."),
          resources: texts("Resources, or * for all."),
          clusterScope: flag("Whether requests without a namespace count."),
          namespaces: Type.Optional(texts("Namespaces, or * for all.")),
        },
        { $id: "ResourcePolicyRule", description: "Requests for resources." },
      ),
      "Requests for resources that count.",
    ),
    nonResourceRules: atomicList(
      Type.Object(
        { verbs: texts("Verbs, or * for all."), nonResourceURLs: texts("Paths; * may end one.") },
        { $id: "NonResourcePolicyRule", description: "Requests for paths." },
      ),
      "Requests for paths that count.",
    ),
  },
  { $id: "PolicyRulesWithSubjects", description: "Who asks for what." },
);

const matchingPrecedenceDefault = 1_000;
const matchingPrecedenceMax = 10_000;

export const flowSchemaKind = defineKind({
  ...shared,
  kind: "FlowSchema",
  versions: {
    v1: {
      description: "FlowSchema says which requests belong together, and how important they are.",
      schema: Type.Object({
        spec: struct(
          Type.Object(
            {
              priorityLevelConfiguration: described(
                Type.Object(
                  { name: Type.String({ description: "Name of the priority level." }) },
                  { $id: "PriorityLevelConfigurationReference", description: "How important the requests are." },
                ),
              ),
              matchingPrecedence: Type.Integer({
                format: "int32",
                description: "Which schema counts where several do: the lowest. 1 to 10000, default 1000.",
              }),
              distinguisherMethod: pointer(
                Type.Object(
                  { type: Type.String({ description: "ByUser or ByNamespace." }) },
                  { $id: "FlowDistinguisherMethod", description: "What makes a flow of its own." },
                ),
              ),
              rules: atomicList(rules, "The requests that count."),
            },
            { $id: "FlowSchemaSpec", description: "What the schema is." },
          ),
        ),
        status: struct(
          Type.Object(
            { conditions: conditions("FlowSchemaCondition") },
            { $id: "FlowSchemaStatus", description: "What is known of the schema." },
          ),
        ),
      }),
      default(object) {
        if (object.spec !== undefined) object.spec.matchingPrecedence ||= matchingPrecedenceDefault;
      },
    },
  },
});

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
  ...shared,
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

const shownName = (value: unknown, field: string): string => cellText(recordsOf([value])[0]?.[field]) || "<none>";

export const flowSchemas = defineResource(flowSchemaKind, {
  status: true,
  validate: flowSchemaErrors,
  columns: [
    nameColumn,
    {
      name: "PriorityLevel",
      type: "string",
      description: "The priority level of the requests.",
      cell: (object) => shownName(part(object, "spec").priorityLevelConfiguration, "name"),
    },
    {
      name: "MatchingPrecedence",
      type: "string",
      description: "Which schema counts where several do: the lowest.",
      cell: (object) => String(part(object, "spec").matchingPrecedence),
    },
    {
      name: "DistinguisherMethod",
      type: "string",
      description: "What makes a flow of its own.",
      cell: (object) => shownName(part(object, "spec").distinguisherMethod, "type"),
    },
    ageColumn,
    {
      name: "MissingPL",
      type: "string",
      description: "Whether the priority level is missing.",
      cell: (object) =>
        cellText(recordsOf(part(object, "status").conditions).find(({ type }) => type === "Dangling")?.status) || "?",
    },
  ],
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

function flowSchemaErrors(object: ApiObject): FieldError[] {
  const spec = part(object, "spec");
  const { matchingPrecedence: precedence } = spec;
  const errors: FieldError[] = [];
  if (typeof precedence === "number" && (precedence < 1 || precedence > matchingPrecedenceMax))
    errors.push(
      precedence < 1
        ? fieldError.invalid("spec.matchingPrecedence", precedence, "must be a positive value")
        : fieldError.invalid(
            "spec.matchingPrecedence",
            precedence,
            `must not be greater than ${matchingPrecedenceMax}`,
          ),
    );
  if (precedence === 1 && object.metadata.name !== "exempt")
    errors.push(
      fieldError.invalid("spec.matchingPrecedence", 1, "only the schema named 'exempt' may have matchingPrecedence 1"),
    );
  const [method] = recordsOf([spec.distinguisherMethod]);
  if (method !== undefined)
    errors.push(...choiceErrors(method.type, "spec.distinguisherMethod.type", ["ByNamespace", "ByUser"]));
  if (shownName(spec.priorityLevelConfiguration, "name") === "<none>")
    errors.push(fieldError.required("spec.priorityLevelConfiguration.name", "must reference a priority level"));
  for (const [index, rule] of recordsOf(spec.rules).entries()) errors.push(...ruleErrors(rule, `spec.rules[${index}]`));
  return errors;
}

function ruleErrors(rule: Readonly<Record<string, unknown>>, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (sizeOf(rule.subjects) === 0)
    errors.push(fieldError.required(`${path}.subjects`, "subjects must contain at least one value"));
  for (const [index, { kind, user, group, serviceAccount }] of recordsOf(rule.subjects).entries()) {
    const at = `${path}.subjects[${index}]`;
    const field = { User: "user", Group: "group", ServiceAccount: "serviceAccount" }[cellText(kind)];
    if (field === undefined) {
      errors.push(fieldError.notSupported(`${at}.kind`, kind, ["Group", "ServiceAccount", "User"]));
      continue;
    }
    for (const [name, value] of Object.entries({ user, group, serviceAccount })) {
      if (name === field && value === undefined)
        errors.push(
          fieldError.required(`${at}.${name}`, `${name} is required when subject kind is '${cellText(kind)}'`),
        );
      if (name !== field && value !== undefined)
        errors.push(
          fieldError.forbidden(`${at}.${name}`, `${name} is forbidden when subject kind is not '${kindOf(name)}'`),
        );
    }
  }
  if (sizeOf(rule.resourceRules) === 0 && sizeOf(rule.nonResourceRules) === 0)
    errors.push(fieldError.required(path, "at least one of resourceRules and nonResourceRules has to be non-empty"));
  for (const [index, one] of recordsOf(rule.resourceRules).entries())
    for (const field of ["verbs", "apiGroups", "resources"] as const)
      if (textsOf(one[field]).length === 0)
        errors.push(fieldError.required(`${path}.resourceRules[${index}].${field}`));
  for (const [index, one] of recordsOf(rule.nonResourceRules).entries())
    for (const field of ["verbs", "nonResourceURLs"] as const)
      if (textsOf(one[field]).length === 0)
        errors.push(fieldError.required(`${path}.nonResourceRules[${index}].${field}`));
  return errors;
}

function kindOf(field: string): string {
  return `${field.charAt(0).toUpperCase()}${field.slice(1)}`;
}

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
