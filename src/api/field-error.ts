// What is wrong with one field of an object; many of them make one Invalid Status.
// https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/ (details.causes)

import { goJson } from "./apply/go-json.ts";
import { quoteText } from "./quote-text.ts";

const reasons = {
  required: "FieldValueRequired",
  duplicate: "FieldValueDuplicate",
  invalid: "FieldValueInvalid",
  notSupported: "FieldValueNotSupported",
  forbidden: "FieldValueForbidden",
  tooLong: "FieldValueTooLong",
  tooMany: "FieldValueTooMany",
  notFound: "FieldValueNotFound",
  typeInvalid: "FieldValueTypeInvalid",
  internal: "InternalError",
} as const;

const headings = {
  required: "Required value",
  duplicate: "Duplicate value",
  invalid: "Invalid value",
  notSupported: "Unsupported value",
  forbidden: "Forbidden",
  tooLong: "Too long",
  tooMany: "Too many",
  notFound: "Not found",
  typeInvalid: "Invalid value",
  internal: "Internal error",
} as const;

/** One fault of one field. `message` is what stands behind the path, such as `Required value: name or generateName is required`. */
export interface FieldError {
  readonly reason: (typeof reasons)[keyof typeof reasons];
  readonly field: string;
  readonly message: string;
}

function make(type: keyof typeof reasons, field: string, shown: string | undefined, detail: string): FieldError {
  const head = shown === undefined ? headings[type] : `${headings[type]}: ${shown}`;
  return { reason: reasons[type], field, message: detail === "" ? head : `${head}: ${detail}` };
}

/** The value as messages show it: text in quotes, numbers and booleans as they are, null and objects as JSON. */
export function showValue(value: unknown): string {
  if (typeof value === "string") return quoteText(value);
  return value === undefined ? "null" : goJson(value);
}

/** Constructors in the words of Kubernetes' field errors. */
export const fieldError = {
  required: (field: string, detail = ""): FieldError => make("required", field, undefined, detail),
  duplicate: (field: string, value: unknown): FieldError => make("duplicate", field, showValue(value), ""),
  invalid: (field: string, value: unknown, detail: string): FieldError =>
    make("invalid", field, showValue(value), detail),
  typeInvalid: (field: string, value: unknown, detail: string): FieldError =>
    make("typeInvalid", field, showValue(value), detail),
  forbidden: (field: string, detail: string): FieldError => make("forbidden", field, undefined, detail),
  notFound: (field: string, value: unknown): FieldError => make("notFound", field, showValue(value), ""),
  notSupported: (field: string, value: unknown, supported: readonly string[]): FieldError =>
    make(
      "notSupported",
      field,
      showValue(value),
      supported.length === 0 ? "" : `supported values: ${supported.map((text) => JSON.stringify(text)).join(", ")}`,
    ),
  tooLong: (field: string, maxBytes: number): FieldError =>
    make("tooLong", field, undefined, `may not be more than ${maxBytes} bytes`),
  tooMany: (field: string, actual: number, max: number): FieldError =>
    make("tooMany", field, String(actual), `must have at most ${max} ${max === 1 ? "item" : "items"}`),
  internal: (field: string, detail: string): FieldError => make("internal", field, undefined, detail),
};

/** The faults as one text: alone as it is, several in brackets, each told once. */
export function formatFieldErrors(errors: readonly FieldError[]): string {
  const texts = [...new Set(errors.map((error) => `${error.field}: ${error.message}`))];
  return texts.length === 1 ? (texts[0] ?? "") : `[${texts.join(", ")}]`;
}
