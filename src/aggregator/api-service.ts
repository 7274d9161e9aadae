// APIServices as a resource: their rules of change and their columns.
// https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/api-service-v1/

import {
  type ApiObject,
  dns1035LabelFaults,
  dnsSubdomainFaults,
  type FieldError,
  fieldError,
  type ObjectMeta,
  pathSegmentFaults,
} from "../api/door.ts";
import { systemClock } from "../base/clock.ts";
import { humanDuration } from "../base/human-duration.ts";
import { type Column, defineResource } from "../server/door.ts";
import { apiServiceKind } from "./api-service-kind.ts";
import { type ApiServiceView, viewOf } from "./api-service-view.ts";
import { availableCondition, conditionsOf, localVerdict, withAvailable } from "./condition.ts";

const descriptions = {
  name: "Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names",
  age: "CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata",
} as const;

const columns: readonly Column[] = [
  {
    name: "Name",
    type: "string",
    format: "name",
    description: descriptions.name,
    cell: ({ metadata }) => metadata.name ?? "",
  },
  {
    name: "Service",
    type: "string",
    description: "The reference to the service that hosts this API endpoint.",
    cell: serviceCell,
  },
  { name: "Available", type: "string", description: "Whether this service is available.", cell: availableCell },
  {
    name: "Age",
    type: "string",
    description: descriptions.age,
    changesWithTime: true,
    cell: ({ metadata }, now) => ageOf(metadata.creationTimestamp, now),
  },
];

export const apiServices = defineResource(apiServiceKind, {
  status: true,
  tracksGeneration: false,
  hidesStorageVersion: true,
  // The name is held against the spec below; a function, since the name "path-segment" would hide its faults behind those of the spec.
  nameRule: (name, isPrefix) => pathSegmentFaults(name, isPrefix),
  columns,
  prepareForCreate(object) {
    const isLocal = viewOf(object).service === undefined;
    object.status = isLocal
      ? { conditions: withAvailable({ ...object, status: {} }, localVerdict, systemClock.nowMs()) }
      : {};
  },
  validate: (object, context) =>
    context.subresource === "status" ? statusErrors(object) : specErrors(object, viewOf(object)),
});

function specErrors(object: ApiObject, view: ApiServiceView): FieldError[] {
  return [
    ...nameErrors(object.metadata, view),
    ...groupVersionErrors(view),
    ...priorityErrors(view),
    ...(view.service === undefined ? localErrors(view) : serviceErrors(view, view.service)),
  ];
}

/** The name must be version.group, and so must what one would be made from; what is not even part of a path has been told so already. */
function nameErrors({ generateName = "", name = "" }: ObjectMeta, { version, group }: ApiServiceView): FieldError[] {
  const wanted = `${version}.${group}`;
  const detail = `must be \`spec.version+"."+spec.group\`: ${JSON.stringify(wanted)}`;
  const given = { generateName, name };
  return Object.entries(given).flatMap(([field, value]) => {
    const isTold = value === "" || pathSegmentFaults(value, field === "generateName").length > 0;
    return isTold || value === wanted ? [] : [fieldError.invalid(`metadata.${field}`, value, detail)];
  });
}

function groupVersionErrors({ group, version }: ApiServiceView): FieldError[] {
  const errors: FieldError[] = [];
  if (group === "" && version !== "v1")
    errors.push(fieldError.required("spec.group", "only v1 may have an empty group and it better be legacy kube"));
  if (group !== "")
    for (const fault of dnsSubdomainFaults(group)) errors.push(fieldError.invalid("spec.group", group, fault));
  for (const fault of dns1035LabelFaults(version)) errors.push(fieldError.invalid("spec.version", version, fault));
  return errors;
}

const groupPriorityMax = 20_000;
const versionPriorityMax = 1_000;

function priorityErrors({ groupPriority, versionPriority }: ApiServiceView): FieldError[] {
  const errors: FieldError[] = [];
  if (groupPriority <= 0 || groupPriority > groupPriorityMax)
    errors.push(fieldError.invalid("spec.groupPriorityMinimum", groupPriority, "must be positive and less than 20000"));
  if (versionPriority <= 0 || versionPriority > versionPriorityMax)
    errors.push(fieldError.invalid("spec.versionPriority", versionPriority, "must be positive and less than 1000"));
  return errors;
}

function localErrors({ caBundle, insecureSkipTlsVerify }: ApiServiceView): FieldError[] {
  const errors: FieldError[] = [];
  if (caBundle !== undefined) {
    const shown = `${Buffer.from(caBundle, "base64").length} bytes`;
    errors.push(fieldError.invalid("spec.caBundle", shown, "local APIServices may not have a caBundle"));
  }
  if (insecureSkipTlsVerify)
    errors.push(
      fieldError.invalid("spec.insecureSkipTLSVerify", true, "local APIServices may not have insecureSkipTLSVerify"),
    );
  return errors;
}

function serviceErrors(
  { caBundle, insecureSkipTlsVerify }: ApiServiceView,
  { namespace, name, port }: NonNullable<ApiServiceView["service"]>,
): FieldError[] {
  const errors: FieldError[] = [];
  if (namespace === "") errors.push(fieldError.required("spec.service.namespace"));
  if (name === "") errors.push(fieldError.required("spec.service.name"));
  if (port < 1 || port > 65_535)
    errors.push(
      fieldError.invalid("spec.service.port", port, "port is not valid: must be between 1 and 65535, inclusive"),
    );
  if (insecureSkipTlsVerify && caBundle !== undefined)
    errors.push(fieldError.invalid("spec.insecureSkipTLSVerify", true, "may not be true if caBundle is present"));
  return errors;
}

const conditionStatuses = ["True", "False", "Unknown"];

function statusErrors(object: ApiObject): FieldError[] {
  return conditionsOf(object).flatMap(({ status }, index) =>
    conditionStatuses.includes(status)
      ? []
      : [fieldError.notSupported(`status.conditions[${index}].status`, status, [...conditionStatuses].sort())],
  );
}

function serviceCell(object: ApiObject): string {
  const { service } = viewOf(object);
  return service === undefined ? "Local" : `${service.namespace}/${service.name}`;
}

/** `True`, `False (FailedDiscoveryCheck)`, or `Unknown` before anybody looked. */
function availableCell(object: ApiObject): string {
  const condition = availableCondition(object);
  if (condition === undefined) return "Unknown";
  const { status, reason = "" } = condition;
  return status === "True" || reason === "" ? status : `${status} (${reason})`;
}

function ageOf(time: string | undefined, now: Date): string {
  return time === undefined ? "<unknown>" : humanDuration(now.getTime() - Date.parse(time));
}
