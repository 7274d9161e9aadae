// The options of writing verbs, from the query. https://kubernetes.io/docs/reference/using-api/api-concepts/

import { type FieldError, fieldError, fieldManagerErrors, StatusError } from "../../api/door.ts";

export type FieldValidation = "Ignore" | "Warn" | "Strict";

export interface MutatingOptions {
  readonly dryRun: boolean;
  readonly fieldManager: string;
  readonly fieldValidation: FieldValidation;
  /** For apply alone. */
  readonly force: boolean | undefined;
}

type OptionsKind = "CreateOptions" | "UpdateOptions" | "PatchOptions";

/** Reads and checks the options. Throws 422 with a cause for each that is wrong. */
export function mutatingOptions(
  kind: OptionsKind,
  query: URLSearchParams,
  { isApply = false }: { readonly isApply?: boolean } = {},
): MutatingOptions {
  const fieldManager = query.get("fieldManager") ?? "";
  const fieldValidation = query.get("fieldValidation") ?? "";
  const force = query.has("force") ? queryBoolean(query, "force") : undefined;
  const errors: FieldError[] = [];
  if (kind === "PatchOptions") {
    if (isApply && fieldManager === "") errors.push(fieldError.required("fieldManager", "is required for apply patch"));
    if (!isApply && force !== undefined)
      errors.push(fieldError.forbidden("force", "may not be specified for non-apply patch"));
  }
  errors.push(...fieldManagerErrors(fieldManager, "fieldManager"), ...dryRunErrors(query.getAll("dryRun")));
  if (!["", "Ignore", "Warn", "Strict"].includes(fieldValidation))
    errors.push(fieldError.notSupported("fieldValidation", fieldValidation, ["", "Ignore", "Warn", "Strict"]));
  if (errors.length > 0) throw StatusError.invalid({ group: "meta.k8s.io", kind }, "", errors);
  return {
    dryRun: query.has("dryRun"),
    fieldManager,
    fieldValidation: fieldValidation === "Ignore" || fieldValidation === "Strict" ? fieldValidation : "Warn",
    force,
  };
}

export function dryRunErrors(values: readonly string[]): FieldError[] {
  return values.every((value) => value === "All") ? [] : [fieldError.notSupported("dryRun", values, ["All"])];
}

/** True for everything but 0 and false, as Kubernetes reads booleans in queries. False where the parameter is missing. */
export function queryBoolean(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  return value !== null && value !== "0" && value.toLowerCase() !== "false";
}

/** An integer of a query; undefined where the parameter is missing or empty text is harmless. Throws 400 in the words of Go's strconv. */
export function queryInteger(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name);
  if (value === null) return undefined;
  if (!/^[-+]?\d+$/.test(value))
    throw StatusError.badRequest(`strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`);
  const number = BigInt(value.replace("+", ""));
  if (BigInt.asIntN(64, number) !== number)
    throw StatusError.badRequest(`strconv.ParseInt: parsing ${JSON.stringify(value)}: value out of range`);
  return Number(number);
}
