// Flow schemas: which requests belong together, and to which priority level.
// https://kubernetes.io/docs/concepts/cluster-administration/flow-control/

import { type ApiObject, defineKind, type FieldError, fieldError, Type } from "../../api/door.ts";
import { recordsOf } from "../../base/record.ts";
import { defineResource } from "../../server/door.ts";
import { choiceErrors, textsOf } from "./admission-fields.ts";
import { ageColumn, cellText, nameColumn, part, sizeOf } from "./columns.ts";
import { atomicList, described, flag, pointer, struct } from "./fields.ts";
import { conditions, flowControl } from "./flow-control-fields.ts";

const texts = (description: string) => Type.Array(Type.String(), { "x-kubernetes-list-type": "set", description });
const named = (id: string, description: string) =>
  Type.Object({ name: Type.String({ description: "The name, or * for all." }) }, { $id: id, description });

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
  ...flowControl,
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
