// The options of writing verbs, from the query. https://kubernetes.io/docs/reference/using-api/api-concepts/

import { type FieldError, fieldError, fieldManagerErrors, StatusError } from "../../api/door.ts";

/** What becomes of fields that the kind does not know, and of fields that stand twice. */
export type FieldValidation = "Ignore" | "Warn" | "Strict";

export interface MutatingOptions {
  readonly dryRun: boolean;
  /** Empty where the client names none. */
  readonly fieldManager: string;
  readonly fieldValidation: FieldValidation;
  /** For apply alone. */
  readonly force: boolean | undefined;
}

type OptionsKind = "CreateOptions" | "UpdateOptions" | "PatchOptions";

const defaults: MutatingOptions = { dryRun: false, fieldManager: "", fieldValidation: "Warn", force: undefined };
const fieldValidations = ["", "Ignore", "Strict", "Warn"] as const;

/** Reads and checks the options. Throws 422 with a cause for each that is wrong. */
export function mutatingOptions(
  kind: OptionsKind,
  query: URLSearchParams,
  { isApply = false }: { readonly isApply?: boolean } = {},
): MutatingOptions {
  if (query.size === 0 && !isApply) return defaults;
  const fieldManager = query.get("fieldManager") ?? "";
  const named = query.get("fieldValidation") ?? "";
  const fieldValidation = fieldValidations.find((known) => known === named);
  const force = query.has("force") ? queryBoolean(query, "force") : undefined;
  const dryRuns = query.getAll("dryRun");
  const errors = [
    ...(kind === "PatchOptions" ? patchErrors({ isApply, fieldManager, force }) : []),
    ...fieldManagerErrors(fieldManager, "fieldManager"),
    ...dryRunErrors(dryRuns),
    ...(fieldValidation === undefined ? [fieldError.notSupported("fieldValidation", named, fieldValidations)] : []),
  ];
  if (errors.length > 0) throw StatusError.invalid({ group: "meta.k8s.io", kind }, "", errors);
  return { dryRun: dryRuns.length > 0, fieldManager, fieldValidation: fieldValidation || "Warn", force };
}

function patchErrors({
  isApply,
  fieldManager,
  force,
}: Pick<MutatingOptions, "fieldManager" | "force"> & { readonly isApply: boolean }): FieldError[] {
  if (isApply && fieldManager === "") return [fieldError.required("fieldManager", "is required for apply patch")];
  if (isApply || force === undefined) return [];
  return [fieldError.forbidden("force", "may not be specified for non-apply patch")];
}

export function dryRunErrors(values: readonly string[]): FieldError[] {
  return values.every((value) => value === "All") ? [] : [fieldError.notSupported("dryRun", values, ["All"])];
}

/** True for everything but 0 and false, as Kubernetes reads booleans in queries. False where the parameter is missing. */
export function queryBoolean(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  return value !== null && value !== "0" && value.toLowerCase() !== "false";
}

/** An integer of a query; undefined where the parameter is missing. Throws 400 in the words of Go's strconv. */
export function queryInteger(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name);
  if (value === null) return undefined;
  const refuse = (why: string) => StatusError.badRequest(`strconv.ParseInt: parsing ${JSON.stringify(value)}: ${why}`);
  if (!/^[-+]?\d+$/.test(value)) throw refuse("invalid syntax");
  // Of 64 bits in the reference; nobody counts further than a double does.
  const number = BigInt(value.replace("+", ""));
  if (BigInt.asIntN(64, number) !== number) throw refuse("value out of range");
  return Number(number);
}
