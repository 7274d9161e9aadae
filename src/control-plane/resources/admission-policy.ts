// Admission policies in CEL and their bindings. The control plane keeps them for whoever reads them; it does not enforce them itself.
// https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/

import type { TObject } from "typebox";
import { type ApiObject, defineKind, type FieldError, fieldError, Type } from "../../api/door.ts";
import { recordsOf } from "../../base/record.ts";
import { type Column, defineResource } from "../../server/door.ts";
import {
  admissionKind,
  choiceErrors,
  conditionErrors,
  defaultMatch,
  matchResources,
  ruleErrors,
  textsOf,
} from "./admission-fields.ts";
import { ageColumn, cellText, nameColumn, part, sizeOf } from "./columns.ts";
import { atomicList, conditions, int64, labelSelector, mapList, setList, struct, text, textPointer } from "./fields.ts";

const cel = (description: string) => Type.String({ description });

const common = {
  paramKind: Type.Optional(
    Type.Object(
      { apiVersion: text("The group and version of the parameters."), kind: text("The kind of the parameters.") },
      {
        $id: "ParamKind",
        "x-kubernetes-map-type": "atomic",
        keepEmpty: true,
        fieldDescription: "The kind of objects that the policy takes as parameters.",
        description: "The kind of objects that the policy takes as parameters.",
      },
    ),
  ),
  matchConstraints: matchResources("The requests that the policy is about."),
  failurePolicy: textPointer("Ignore or Fail, where an expression cannot be computed. Default Fail."),
  matchConditions: mapList(
    Type.Object(
      { name: cel("Name of the condition."), expression: cel("CEL that must be true.") },
      { $id: "MatchCondition", description: "A condition on the request." },
    ),
    ["name"],
    "Conditions that must all hold for the policy to count, at most 64.",
  ),
  variables: mapList(
    Type.Object(
      { name: cel("Name of the variable."), expression: cel("CEL for its value.") },
      { $id: "Variable", "x-kubernetes-map-type": "atomic", description: "A value for other expressions." },
    ),
    ["name"],
    "Values for other expressions, each of which may use those before it.",
  ),
};

const validation = Type.Object(
  {
    expression: cel("CEL that must be true for the request to pass."),
    message: text("What is said where it is not."),
    reason: textPointer("The reason of the refusal. Default Invalid."),
    messageExpression: text("CEL for the message; goes before it."),
  },
  { $id: "Validation", description: "What must hold of a request." },
);

const mutation = Type.Object(
  {
    patchType: Type.String({ description: "ApplyConfiguration or JSONPatch." }),
    applyConfiguration: expressionIn("ApplyConfiguration", "The change as an object to apply."),
    jsonPatch: expressionIn("JSONPatch", "The change as a JSON patch."),
  },
  { $id: "Mutation", description: "A change to an object." },
);

function expressionIn(id: string, description: string) {
  return Type.Optional(
    Type.Object(
      { expression: text("CEL for the change.") },
      { $id: id, keepEmpty: true, fieldDescription: description, description },
    ),
  );
}

const validatingPolicyKind = defineKind({
  ...admissionKind,
  kind: "ValidatingAdmissionPolicy",
  plural: "validatingadmissionpolicies",
  versions: {
    v1: {
      description: "ValidatingAdmissionPolicy says in CEL which objects are accepted.",
      schema: Type.Object({
        spec: struct(
          Type.Object(
            {
              ...common,
              validations: atomicList(validation, "What must hold of each request."),
              auditAnnotations: atomicList(
                Type.Object(
                  { key: cel("Key of the annotation."), valueExpression: cel("CEL for its value.") },
                  { $id: "AuditAnnotation", description: "An annotation of the audit event." },
                ),
                "What is noted in the audit event.",
              ),
            },
            { $id: "ValidatingAdmissionPolicySpec", description: "What the policy is." },
          ),
        ),
        status: struct(
          Type.Object(
            {
              observedGeneration: int64("The generation that was looked at."),
              typeChecking: Type.Optional(
                Type.Object(
                  {
                    expressionWarnings: atomicList(
                      Type.Object(
                        {
                          fieldRef: Type.String({ description: "The field of the expression." }),
                          warning: Type.String({ description: "What is doubtful about it." }),
                        },
                        { $id: "ExpressionWarning" },
                      ),
                      "What is doubtful about the expressions.",
                    ),
                  },
                  {
                    $id: "TypeChecking",
                    keepEmpty: true,
                    fieldDescription: "What a look at the types said.",
                    description: "What a look at the types said.",
                  },
                ),
              ),
              conditions: conditions("What is known of the policy."),
            },
            { $id: "ValidatingAdmissionPolicyStatus", description: "What is known of the policy." },
          ),
        ),
      }),
      default(object) {
        object.spec ??= {};
        object.spec.failurePolicy ??= "Fail";
        defaultMatch(object.spec.matchConstraints);
      },
    },
  },
});

const mutatingPolicyKind = defineKind({
  ...admissionKind,
  kind: "MutatingAdmissionPolicy",
  plural: "mutatingadmissionpolicies",
  versions: {
    v1: {
      description: "MutatingAdmissionPolicy says in CEL how objects are changed before they are stored.",
      schema: Type.Object({
        spec: struct(
          Type.Object(
            {
              ...common,
              mutations: atomicList(mutation, "The changes, one after the other."),
              reinvocationPolicy: text("Never, or IfNeeded where others changed the object afterwards."),
            },
            { $id: "MutatingAdmissionPolicySpec", description: "What the policy is." },
          ),
        ),
      }),
      default(object) {
        object.spec ??= {};
        object.spec.failurePolicy ??= "Fail";
        object.spec.reinvocationPolicy ??= "Never";
        defaultMatch(object.spec.matchConstraints);
      },
    },
  },
});

const bindingSpec = {
  policyName: text("Name of the policy."),
  paramRef: Type.Optional(
    Type.Object(
      {
        name: text("Name of the parameter. Either this or selector."),
        namespace: text("Namespace of the parameter. Default: that of the request."),
        selector: labelSelector("Labels of the parameters."),
        parameterNotFoundAction: textPointer("Allow or Deny, where there is no parameter."),
      },
      {
        $id: "ParamRef",
        "x-kubernetes-map-type": "atomic",
        keepEmpty: true,
        fieldDescription: "The parameters of the policy.",
        description: "The parameters of the policy.",
      },
    ),
  ),
  matchResources: matchResources("The requests that the binding is about, of those that the policy is about."),
};

function bindingKind<Spec extends TObject>(policy: string, spec: Spec) {
  return defineKind({
    ...admissionKind,
    kind: `${policy}Binding`,
    versions: {
      v1: {
        description: `${policy}Binding puts a ${policy} to work, with parameters.`,
        schema: Type.Object({ spec: struct(spec) }),
        default: (object) => {
          const { matchResources: match } = part(object, "spec");
          if (typeof match === "object" && match !== null) defaultMatch(match);
        },
      },
    },
  });
}

const validatingBindingKind = bindingKind(
  "ValidatingAdmissionPolicy",
  Type.Object(
    {
      ...bindingSpec,
      validationActions: setList(Type.String(), "Deny, Warn or Audit: what happens where a validation fails."),
    },
    { $id: "ValidatingAdmissionPolicyBindingSpec", description: "What the binding is." },
  ),
);
const mutatingBindingKind = bindingKind(
  "MutatingAdmissionPolicy",
  Type.Object(bindingSpec, { $id: "MutatingAdmissionPolicyBindingSpec", description: "What the binding is." }),
);

const counted = (name: string, field: string): Column => ({
  name,
  type: "integer",
  description: `The number of ${field}.`,
  cell: (object) => sizeOf(part(object, "spec")[field]),
});
const paramKindColumn: Column = {
  name: "ParamKind",
  type: "string",
  description: "The kind of the parameters.",
  cell: (object) => paramKindOf(object),
};
const bindingColumns: readonly Column[] = [
  nameColumn,
  {
    name: "PolicyName",
    type: "string",
    description: "The policy.",
    cell: (object) => cellText(part(object, "spec").policyName),
  },
  { name: "ParamRef", type: "string", description: "The parameters.", cell: paramRefOf },
  ageColumn,
];

export const validatingPolicies = defineResource(validatingPolicyKind, {
  status: true,
  validate: (object) => policyErrors(object, "validations"),
  columns: [nameColumn, counted("Validations", "validations"), paramKindColumn, ageColumn],
});
export const mutatingPolicies = defineResource(mutatingPolicyKind, {
  tracksGeneration: true,
  validate: (object) => policyErrors(object, "mutations"),
  columns: [nameColumn, counted("Mutations", "mutations"), paramKindColumn, ageColumn],
});
export const validatingPolicyBindings = defineResource(validatingBindingKind, {
  tracksGeneration: true,
  validate: (object) => [...bindingErrors(object), ...actionErrors(object)],
  columns: bindingColumns,
});
export const mutatingPolicyBindings = defineResource(mutatingBindingKind, {
  tracksGeneration: true,
  validate: bindingErrors,
  columns: bindingColumns,
});

function paramKindOf(object: ApiObject): string {
  const [kind] = recordsOf([part(object, "spec").paramKind]);
  return kind === undefined ? "<unset>" : `${cellText(kind.apiVersion)}/${cellText(kind.kind)}`;
}

function paramRefOf(object: ApiObject): string {
  const [reference] = recordsOf([part(object, "spec").paramRef]);
  if (reference === undefined) return "<unset>";
  const namespace = cellText(reference.namespace) || "*";
  return `${namespace}/${cellText(reference.name) || (reference.selector === undefined ? "" : "*")}`;
}

function policyErrors(object: ApiObject, content: "validations" | "mutations"): FieldError[] {
  const spec = part(object, "spec");
  const errors = choiceErrors(spec.failurePolicy, "spec.failurePolicy", ["Fail", "Ignore"]);
  if (spec.matchConstraints === undefined) errors.push(fieldError.required("spec.matchConstraints"));
  else errors.push(...matchErrors(spec.matchConstraints, "spec.matchConstraints", true));
  errors.push(...conditionErrors(spec.matchConditions, "spec.matchConditions"));
  for (const [index, { expression, name }] of recordsOf(spec.variables).entries()) {
    if (cellText(name) === "")
      errors.push(fieldError.required(`spec.variables[${index}].name`, "name is not specified"));
    if (cellText(expression).trim() === "")
      errors.push(fieldError.required(`spec.variables[${index}].expression`, "expression is not specified"));
  }
  if (content === "mutations") return [...errors, ...mutationErrors(spec)];
  const isEmpty = sizeOf(spec.validations) === 0 && sizeOf(spec.auditAnnotations) === 0;
  if (isEmpty) {
    const why = "validations or auditAnnotations must contain at least one item";
    errors.push(fieldError.required("spec.validations", why), fieldError.required("spec.auditAnnotations", why));
  }
  for (const [index, { expression }] of recordsOf(spec.validations).entries())
    if (cellText(expression).trim() === "")
      errors.push(fieldError.required(`spec.validations[${index}].expression`, "expression is not specified"));
  return errors;
}

function mutationErrors(spec: Readonly<Record<string, unknown>>): FieldError[] {
  const errors = choiceErrors(spec.reinvocationPolicy, "spec.reinvocationPolicy", ["IfNeeded", "Never"]);
  if (sizeOf(spec.mutations) === 0)
    errors.push(fieldError.required("spec.mutations", "mutations must contain at least one item"));
  for (const [index, { patchType }] of recordsOf(spec.mutations).entries())
    errors.push(...choiceErrors(patchType, `spec.mutations[${index}].patchType`, ["ApplyConfiguration", "JSONPatch"]));
  return errors;
}

function matchErrors(value: unknown, path: string, needsRules: boolean): FieldError[] {
  const [match = {}] = recordsOf([value]);
  const errors = choiceErrors(match.matchPolicy, `${path}.matchPolicy`, ["Equivalent", "Exact"]);
  if (needsRules && sizeOf(match.resourceRules) === 0) errors.push(fieldError.required(`${path}.resourceRules`));
  for (const field of ["resourceRules", "excludeResourceRules"] as const)
    for (const [index, rule] of recordsOf(match[field]).entries())
      errors.push(...ruleErrors(rule, `${path}.${field}[${index}]`));
  return errors;
}

function bindingErrors(object: ApiObject): FieldError[] {
  const spec = part(object, "spec");
  const errors: FieldError[] = [];
  if (cellText(spec.policyName) === "") errors.push(fieldError.required("spec.policyName"));
  const [reference] = recordsOf([spec.paramRef]);
  if (reference !== undefined) {
    const hasName = cellText(reference.name) !== "";
    if (hasName === (reference.selector !== undefined))
      errors.push(
        hasName
          ? fieldError.forbidden("spec.paramRef.name", "name and selector are mutually exclusive")
          : fieldError.required("spec.paramRef", "one of name or selector must be specified"),
      );
    if (reference.parameterNotFoundAction === undefined)
      errors.push(fieldError.required("spec.paramRef.parameterNotFoundAction"));
    else
      errors.push(
        ...choiceErrors(reference.parameterNotFoundAction, "spec.paramRef.parameterNotFoundAction", ["Allow", "Deny"]),
      );
  }
  if (spec.matchResources !== undefined) errors.push(...matchErrors(spec.matchResources, "spec.matchResources", false));
  return errors;
}

function actionErrors(object: ApiObject): FieldError[] {
  const actions = textsOf(part(object, "spec").validationActions);
  if (actions.length === 0)
    return [fieldError.required("spec.validationActions", "at least one validation action is required")];
  const errors = actions.flatMap((action, index) =>
    choiceErrors(action, `spec.validationActions[${index}]`, ["Audit", "Deny", "Warn"]),
  );
  if (actions.includes("Deny") && actions.includes("Warn"))
    errors.push(
      fieldError.invalid(
        "spec.validationActions",
        actions,
        "must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)",
      ),
    );
  return errors;
}
