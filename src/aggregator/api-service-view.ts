// What the aggregator reads in an APIService, once, as plain values.

import type { ApiObject } from "../api/door.ts";
import { servicePortDefault } from "./api-service-kind.ts";
import { availableCondition } from "./condition.ts";

export interface ServiceReference {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
}

export interface ApiServiceView {
  readonly name: string;
  readonly group: string;
  readonly version: string;
  /** Undefined for a version that the main API server serves itself. */
  readonly service: ServiceReference | undefined;
  /** Base64 of PEM; undefined where the machine's authorities count. */
  readonly caBundle: string | undefined;
  readonly insecureSkipTlsVerify: boolean;
  readonly groupPriority: number;
  readonly versionPriority: number;
  readonly isAvailable: boolean;
}

export function viewOf(object: ApiObject): ApiServiceView {
  const spec = fieldsOf(object.spec);
  return {
    name: object.metadata.name ?? "",
    group: textOf(spec.group),
    version: textOf(spec.version),
    service: spec.service === undefined || spec.service === null ? undefined : referenceOf(fieldsOf(spec.service)),
    caBundle: textOf(spec.caBundle) === "" ? undefined : textOf(spec.caBundle),
    insecureSkipTlsVerify: spec.insecureSkipTLSVerify === true,
    groupPriority: numberOf(spec.groupPriorityMinimum),
    versionPriority: numberOf(spec.versionPriority),
    isAvailable: availableCondition(object)?.status === "True",
  };
}

function referenceOf({ namespace, name, port }: Fields): ServiceReference {
  return {
    namespace: textOf(namespace),
    name: textOf(name),
    port: port === undefined ? servicePortDefault : numberOf(port),
  };
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function numberOf(value: unknown): number {
  return typeof value === "number" ? value : 0;
}
