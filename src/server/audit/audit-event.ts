// What the audit log says of a request. https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/

import { parseJson } from "../../api/door.ts";
import { setOwn } from "../../base/own.ts";
import type { UserInfo } from "../authentication/user.ts";
import { type ApiRequest, type ApiResponse, header } from "../exchange.ts";
import type { AuditLevel, AuditStage } from "./audit-policy.ts";

export interface AuditEventOptions {
  readonly request: ApiRequest;
  readonly level: Exclude<AuditLevel, "None">;
  readonly stage: AuditStage;
  /** Who asked, before any impersonation. */
  readonly user: UserInfo;
  readonly receivedMs: number;
  readonly nowMs: number;
  readonly response?: ApiResponse;
  readonly requestBytes?: Buffer | undefined;
  readonly omitManagedFields: boolean;
}

/** One line of the log, as a plain value. */
export function auditEvent(options: AuditEventOptions): object {
  const { request, level, stage, user, receivedMs, nowMs, response, requestBytes } = options;
  const wantsRequest = level === "Request" || level === "RequestResponse";
  const { rawPath, rawQuery, auditAnnotations } = request;
  return {
    kind: "Event",
    apiVersion: "audit.k8s.io/v1",
    level,
    auditID: request.auditId,
    stage,
    requestURI: rawQuery === "" ? rawPath : `${rawPath}?${rawQuery}`,
    verb: request.info.verb,
    user: describeUser(user),
    ...(request.user === user ? {} : { impersonatedUser: describeUser(request.user) }),
    sourceIPs: sourceAddresses(request),
    userAgent: header(request.headers, "user-agent"),
    objectRef: objectReference(request),
    responseStatus: response === undefined ? undefined : responseStatus(response),
    requestObject: wantsRequest ? documentOf(requestBytes, options) : undefined,
    responseObject: level === "RequestResponse" ? documentOf(bytesOf(response), options) : undefined,
    requestReceivedTimestamp: microTime(receivedMs),
    stageTimestamp: microTime(nowMs),
    annotations: auditAnnotations.size === 0 ? undefined : Object.fromEntries(auditAnnotations),
  };
}

function describeUser({ name, uid, groups, extra }: UserInfo): object {
  return {
    username: name,
    ...(uid === "" ? {} : { uid }),
    ...(groups.length === 0 ? {} : { groups }),
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  };
}

/** Where the request says that it comes from, then where it does come from. */
function sourceAddresses({ headers, peer }: ApiRequest): string[] {
  const forwarded = (header(headers, "x-forwarded-for") ?? "").split(",").map((address) => address.trim());
  return [...forwarded.filter((address) => address !== ""), peer.remoteAddress];
}

function objectReference({ info }: ApiRequest): object | undefined {
  if (!info.isResource) return undefined;
  const { group, version, namespace, resource, subresource, name } = info;
  const reference: Record<string, string> = {};
  for (const [key, value] of Object.entries({
    resource,
    namespace,
    name,
    apiGroup: group,
    apiVersion: version,
    subresource,
  }))
    if (value !== "") setOwn(reference, key, value);
  return reference;
}

function responseStatus(response: ApiResponse): object {
  const status = documentValue(response.status < 400 ? undefined : bytesOf(response));
  if (typeof status !== "object" || status === null) return { metadata: {}, code: response.status };
  return { metadata: {}, ...pick(status, ["status", "message", "reason", "details"]), code: response.status };
}

function pick(value: object, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([name]) => names.includes(name)));
}

function bytesOf(response: ApiResponse | undefined): Buffer | undefined {
  const body = response?.body;
  if (Buffer.isBuffer(body)) return body;
  return isChunks(body) ? Buffer.concat(body) : undefined;
}

function isChunks(body: ApiResponse["body"]): body is readonly Buffer[] {
  return Array.isArray(body);
}

/** A body that is no JSON is left out. */
function documentOf(bytes: Buffer | undefined, { omitManagedFields }: AuditEventOptions): unknown {
  const value = documentValue(bytes);
  return omitManagedFields ? withoutManagedFields(value) : value;
}

function documentValue(bytes: Buffer | undefined): unknown {
  if (bytes === undefined || bytes.length === 0) return undefined;
  try {
    return parseJson(bytes);
  } catch {
    return undefined;
  }
}

function withoutManagedFields(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("metadata" in value)) return value;
  const { metadata } = value;
  if (typeof metadata !== "object" || metadata === null) return value;
  return { ...value, metadata: { ...metadata, managedFields: undefined } };
}

function microTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, -1)}000Z`;
}
