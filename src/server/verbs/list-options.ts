// What a list or watch asks for. https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions

import {
  type FieldError,
  type FieldSelector,
  fieldError,
  type LabelSelector,
  parseFieldSelector,
  parseLabelSelector,
  requiredValue,
  requireKnownFields,
  StatusError,
} from "../../api/door.ts";
import { queryBoolean, queryInteger } from "./options.ts";
import type { VerbContext } from "./verb.ts";

export interface ListOptions {
  readonly labels: LabelSelector;
  readonly fields: FieldSelector;
  /** Empty where the client did not say. */
  readonly resourceVersion: string;
  readonly resourceVersionMatch: string;
  /** 0 for all. */
  readonly limit: number;
  readonly continueToken: string;
  readonly timeoutSeconds: number | undefined;
  readonly allowWatchBookmarks: boolean;
  readonly sendInitialEvents: boolean | undefined;
}

/** Reads the options. Throws 400 for what cannot be read, 422 for what contradicts itself. */
export function readListOptions(context: VerbContext): ListOptions {
  const { request, served, info } = context;
  const { query } = request;
  const timeoutSeconds = queryInteger(query, "timeoutSeconds");
  const limit = queryInteger(query, "limit") ?? 0;
  const labels = parseLabelSelector(query.get("labelSelector") ?? "");
  const named = parseFieldSelector(query.get("fieldSelector") ?? "");
  const fields = named.length === 0 ? nameRequirement(info.name) : named;
  const options: ListOptions = {
    labels,
    fields,
    resourceVersion: query.get("resourceVersion") ?? "",
    resourceVersionMatch: query.get("resourceVersionMatch") ?? "",
    limit: Math.max(0, limit),
    continueToken: query.get("continue") ?? "",
    timeoutSeconds,
    allowWatchBookmarks: queryBoolean(query, "allowWatchBookmarks"),
    sendInitialEvents: query.has("sendInitialEvents") ? queryBoolean(query, "sendInitialEvents") : undefined,
  };
  // A watch by its path alone, as the deprecated ones are, has the options of a list.
  const isWatch = queryBoolean(query, "watch");
  const settled = isWatch ? asWatchList(options) : options;
  const errors = isWatch ? watchErrors(settled) : listErrors(settled);
  if (errors.length > 0) throw StatusError.invalid({ group: "meta.k8s.io", kind: "ListOptions" }, "", errors);
  requireKnownFields(named, Object.keys(served.resource.selectableFields ?? {}));
  if (info.name !== "" && requiredValue(fields, "metadata.name") !== info.name)
    throw StatusError.badRequest("fieldSelector metadata.name doesn't match requested name");
  return settled;
}

/** The deprecated `/watch/…/name` paths select one object. */
function nameRequirement(name: string): FieldSelector {
  return name === "" ? [] : [{ field: "metadata.name", isEqual: true, value: name }];
}

/** A watch from no version, or from 0, begins with what is there, as a watch list does; without bookmarks the end of that stays unsaid. */
function asWatchList(options: ListOptions): ListOptions {
  const isFromStart = options.resourceVersion === "" || options.resourceVersion === "0";
  if (options.sendInitialEvents !== undefined || !isFromStart || options.resourceVersionMatch !== "") return options;
  return { ...options, sendInitialEvents: true, resourceVersionMatch: "NotOlderThan" };
}

function listErrors({
  resourceVersion,
  resourceVersionMatch: match,
  continueToken,
  sendInitialEvents,
}: ListOptions): FieldError[] {
  const errors: FieldError[] = [];
  const forbid = (detail: string) => errors.push(fieldError.forbidden("resourceVersionMatch", detail));
  if (match !== "") {
    if (resourceVersion === "") forbid("resourceVersionMatch is forbidden unless resourceVersion is provided");
    if (continueToken !== "") forbid("resourceVersionMatch is forbidden when continue is provided");
    if (match !== "Exact" && match !== "NotOlderThan")
      errors.push(fieldError.notSupported("resourceVersionMatch", match, ["Exact", "NotOlderThan", ""]));
    if (match === "Exact" && resourceVersion === "0")
      forbid('resourceVersionMatch "exact" is forbidden for resourceVersion "0"');
  }
  if (sendInitialEvents !== undefined)
    errors.push(fieldError.forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"));
  return errors;
}

function watchErrors({ resourceVersionMatch: match, continueToken, sendInitialEvents }: ListOptions): FieldError[] {
  const errors: FieldError[] = [];
  const forbid = (detail: string) => errors.push(fieldError.forbidden("resourceVersionMatch", detail));
  if (sendInitialEvents !== undefined && match !== "NotOlderThan")
    forbid("sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
  if (match !== "") {
    if (sendInitialEvents === undefined)
      forbid("resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided");
    if (match !== "NotOlderThan") errors.push(fieldError.notSupported("resourceVersionMatch", match, ["NotOlderThan"]));
    if (continueToken !== "") forbid("resourceVersionMatch is forbidden when continue is provided");
  }
  return errors;
}

/** A resourceVersion as a number: one that a double cannot hold, which no storage comes to, stays exact. Throws a 400 that begins with `prefix`. */
export function parseResourceVersion(text: string, prefix = ""): number | bigint {
  const fault = !/^\d+$/.test(text) ? "invalid syntax" : BigInt(text) >= 2n ** 64n ? "value out of range" : undefined;
  if (fault === undefined) return BigInt(text) > Number.MAX_SAFE_INTEGER ? BigInt(text) : Number(text);
  throw StatusError.badRequest(
    `${prefix}resourceVersion: Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: ${fault}`,
  );
}
