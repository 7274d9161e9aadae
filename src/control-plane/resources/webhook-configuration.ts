// Admission webhooks, as they are registered. The control plane keeps them for whoever reads them; it does not call them itself.
// https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/

import type { TProperties } from "typebox";
import { type ApiObject, defineKind, type FieldError, fieldError, Type } from "../../api/door.ts";
import { recordsOf } from "../../base/record.ts";
import { defineResource, type ResourceRules } from "../../server/door.ts";
import {
  admissionKind,
  choiceErrors,
  conditionErrors,
  defaultRules,
  ruleErrors,
  ruleWithOperations,
  textsOf,
} from "./admission-fields.ts";
import { ageColumn, cellText, nameColumn, sizeOf } from "./columns.ts";
import { atomicList, described, int32Pointer, labelSelector, mapList, textPointer } from "./fields.ts";

const clientConfig = Type.Object(
  {
    url: textPointer("Where the webhook is, as a URL. Either this or service."),
    service: Type.Optional(
      Type.Object(
        {
          namespace: Type.String({ description: "Namespace of the service." }),
          name: Type.String({ description: "Name of the service." }),
          path: textPointer("The path of requests."),
          port: int32Pointer("The port of the service. Default 443."),
        },
        {
          $id: "ServiceReference",
          keepEmpty: true,
          fieldDescription: "The service that the webhook is behind.",
          description: "The service that the webhook is behind.",
        },
      ),
    ),
    caBundle: Type.Optional(
      Type.String({ format: "byte", description: "PEM: the authorities that sign the webhook's certificate." }),
    ),
  },
  { $id: "WebhookClientConfig", description: "How the webhook is reached." },
);

const webhookFields = {
  name: Type.String({ description: "Name of the webhook, a domain of at least three parts." }),
  clientConfig: described(clientConfig),
  rules: atomicList(ruleWithOperations, "Operations on resources that the webhook is asked about."),
  failurePolicy: textPointer("Ignore or Fail, where the webhook does not answer. Default Fail."),
  matchPolicy: textPointer("Exact, or Equivalent for requests in other versions as well. Default Equivalent."),
  namespaceSelector: labelSelector("Namespaces that count. Default: all."),
  objectSelector: labelSelector("Objects that count. Default: all."),
  sideEffects: textPointer("None or NoneOnDryRun: what else the webhook changes."),
  timeoutSeconds: int32Pointer("How long it is waited for, 1 to 30. Default 10."),
  admissionReviewVersions: Type.Array(Type.String(), {
    "x-kubernetes-list-type": "atomic",
    description: "Versions of AdmissionReview that the webhook reads, the preferred one first.",
  }),
};
const matchConditions = mapList(
  Type.Object(
    {
      name: Type.String({ description: "Name of the condition." }),
      expression: Type.String({ description: "CEL that must be true." }),
    },
    { $id: "MatchCondition", description: "A condition on the request." },
  ),
  ["name"],
  "Conditions that must all hold for the webhook to be asked, at most 64.",
);

function webhooks<Fields extends TProperties>(id: string, fields: Fields) {
  return Type.Object({
    webhooks: mapList(
      Type.Object(fields, { $id: id, description: "One webhook and what it is asked about." }),
      ["name"],
      "The webhooks.",
    ),
  });
}

interface Webhook {
  clientConfig: { service?: { port?: number } };
  rules?: { scope?: string }[];
  failurePolicy?: string;
  matchPolicy?: string;
  namespaceSelector?: object;
  objectSelector?: object;
  timeoutSeconds?: number;
}

const timeoutSecondsDefault = 10;
const timeoutSecondsMax = 30;

function defaultWebhook(webhook: Webhook): void {
  webhook.failurePolicy ??= "Fail";
  webhook.matchPolicy ??= "Equivalent";
  webhook.namespaceSelector ??= {};
  webhook.objectSelector ??= {};
  webhook.timeoutSeconds ??= timeoutSecondsDefault;
  if (webhook.clientConfig.service !== undefined) webhook.clientConfig.service.port ??= 443;
  defaultRules(webhook.rules);
}

const mutatingWebhookKind = defineKind({
  ...admissionKind,
  kind: "MutatingWebhookConfiguration",
  versions: {
    v1: {
      description: "MutatingWebhookConfiguration names webhooks that may change objects before they are stored.",
      schema: webhooks("MutatingWebhook", {
        ...webhookFields,
        reinvocationPolicy: textPointer(
          "Never, or IfNeeded where others changed the object afterwards. Default Never.",
        ),
        matchConditions,
      }),
      default(object) {
        for (const webhook of object.webhooks ?? []) {
          webhook.reinvocationPolicy ??= "Never";
          defaultWebhook(webhook);
        }
      },
    },
  },
});

const validatingWebhookKind = defineKind({
  ...admissionKind,
  kind: "ValidatingWebhookConfiguration",
  versions: {
    v1: {
      description: "ValidatingWebhookConfiguration names webhooks that may refuse objects before they are stored.",
      schema: webhooks("ValidatingWebhook", { ...webhookFields, matchConditions }),
      default(object) {
        for (const webhook of object.webhooks ?? []) defaultWebhook(webhook);
      },
    },
  },
});

const rules: ResourceRules = {
  tracksGeneration: true,
  validate: webhookErrors,
  columns: [
    nameColumn,
    {
      name: "Webhooks",
      type: "integer",
      description: "The number of webhooks.",
      cell: (object) => sizeOf(object.webhooks),
    },
    ageColumn,
  ],
};

export const mutatingWebhooks = defineResource(mutatingWebhookKind, rules);
export const validatingWebhooks = defineResource(validatingWebhookKind, rules);

function webhookErrors(object: ApiObject): FieldError[] {
  const seen = new Set<unknown>();
  return recordsOf(object.webhooks).flatMap((webhook, index) => {
    const path = `webhooks[${index}]`;
    const errors = [...nameErrors(webhook.name, path), ...oneWebhookErrors(webhook, path)];
    if (seen.has(webhook.name)) errors.push(fieldError.duplicate(`${path}.name`, webhook.name));
    seen.add(webhook.name);
    return errors;
  });
}

const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

function nameErrors(name: unknown, path: string): FieldError[] {
  const parts = cellText(name).split(".");
  if (cellText(name) === "") return [fieldError.required(`${path}.name`)];
  if (parts.length < 3)
    return [
      fieldError.invalid(`${path}.name`, name, "should be a domain with at least three segments separated by dots"),
    ];
  const message =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
  return parts.every((part) => label.test(part)) ? [] : [fieldError.invalid(`${path}.name`, name, message)];
}

function oneWebhookErrors(webhook: Readonly<Record<string, unknown>>, path: string): FieldError[] {
  const { sideEffects, timeoutSeconds } = webhook;
  const errors: FieldError[] = [];
  const versions = textsOf(webhook.admissionReviewVersions);
  if (versions.length === 0)
    errors.push(fieldError.required(`${path}.admissionReviewVersions`, "must specify one of v1, v1beta1"));
  else if (!versions.some((version) => version === "v1" || version === "v1beta1"))
    errors.push(
      fieldError.invalid(`${path}.admissionReviewVersions`, versions, "must include at least one of v1, v1beta1"),
    );
  for (const [index, rule] of recordsOf(webhook.rules).entries())
    errors.push(...ruleErrors(rule, `${path}.rules[${index}]`));
  errors.push(
    ...choiceErrors(webhook.failurePolicy, `${path}.failurePolicy`, ["Fail", "Ignore"]),
    ...choiceErrors(webhook.matchPolicy, `${path}.matchPolicy`, ["Equivalent", "Exact"]),
    ...choiceErrors(webhook.reinvocationPolicy, `${path}.reinvocationPolicy`, ["IfNeeded", "Never"]),
    ...conditionErrors(webhook.matchConditions, `${path}.matchConditions`),
  );
  if (sideEffects === undefined)
    errors.push(fieldError.required(`${path}.sideEffects`, "must specify one of None, NoneOnDryRun"));
  else errors.push(...choiceErrors(sideEffects, `${path}.sideEffects`, ["None", "NoneOnDryRun"]));
  if (typeof timeoutSeconds === "number" && (timeoutSeconds < 1 || timeoutSeconds > timeoutSecondsMax))
    errors.push(
      fieldError.invalid(
        `${path}.timeoutSeconds`,
        timeoutSeconds,
        `the timeout value must be between 1 and ${timeoutSecondsMax} seconds`,
      ),
    );
  return [...errors, ...clientConfigErrors(webhook.clientConfig, `${path}.clientConfig`)];
}

function clientConfigErrors(value: unknown, path: string): FieldError[] {
  const [{ url, service } = {}] = recordsOf([value]);
  if ((url === undefined) === (service === undefined))
    return [fieldError.required(path, "exactly one of url or service is required")];
  if (url !== undefined) return urlErrors(cellText(url), `${path}.url`);
  const [{ name, namespace, path: urlPath, port } = {}] = recordsOf([service]);
  const errors: FieldError[] = [];
  if (cellText(name) === "") errors.push(fieldError.required(`${path}.service.name`, "service name is required"));
  if (cellText(namespace) === "")
    errors.push(fieldError.required(`${path}.service.namespace`, "service namespace is required"));
  if (typeof port === "number" && (port < 1 || port > 65_535))
    errors.push(
      fieldError.invalid(`${path}.service.port`, port, "port is not valid: must be between 1 and 65535, inclusive"),
    );
  if (typeof urlPath === "string" && !urlPath.startsWith("/"))
    errors.push(fieldError.invalid(`${path}.service.path`, urlPath, "must start with a '/'"));
  return errors;
}

const urlForm = "; desired format: https://host[/path]";

function urlErrors(text: string, path: string): FieldError[] {
  const url = URL.parse(text);
  if (url === null) return [fieldError.required(path, `url must be a valid URL${urlForm}`)];
  const errors: FieldError[] = [];
  if (url.protocol !== "https:")
    errors.push(
      fieldError.invalid(path, url.protocol.slice(0, -1), `'https' is the only allowed URL scheme${urlForm}`),
    );
  if (url.host === "") errors.push(fieldError.invalid(path, url.host, `host must be specified${urlForm}`));
  if (url.username !== "")
    errors.push(fieldError.invalid(path, url.username, `user information is not permitted in the URL`));
  if (url.hash !== "")
    errors.push(fieldError.invalid(path, url.hash.slice(1), `fragments are not permitted in the URL`));
  if (url.search !== "")
    errors.push(fieldError.invalid(path, url.search.slice(1), `query parameters are not permitted in the URL`));
  return errors;
}
