// Flunders: one kind in two versions. A flunder may refer to another flunder or to a fischer.

import { defineKind, type FieldError, fieldError, type ObjectOf, Type } from "annex/api";
import { defineResource } from "annex/server";
import type { Static } from "typebox";
import { alphaLifecycle, definitionPrefix, group } from "./group.ts";

const v1alpha1Schema = Type.Object({
  spec: Type.Object(
    {
      reference: Type.Optional(
        Type.String({ description: "A name of another flunder or fischer, depending on the reference type." }),
      ),
      referenceType: Type.Optional(
        Type.String({ description: 'The reference type, defaults to "Flunder" if reference is set.' }),
      ),
    },
    { $id: "FlunderSpec", default: {} },
  ),
  status: Type.Object({}, { $id: "FlunderStatus", default: {} }),
});

const v1beta1Schema = Type.Object({
  spec: Type.Object(
    {
      flunderReference: Type.Optional(
        Type.String({ description: "A name of another flunder, mutually exclusive to the FischerReference." }),
      ),
      fischerReference: Type.Optional(
        Type.String({ description: "A name of a fischer, mutually exclusive to the FlunderReference." }),
      ),
      referenceType: Type.Optional(Type.String({ description: "The reference type." })),
    },
    { $id: "FlunderSpec", default: {}, description: "FlunderSpec is the specification of a Flunder." },
  ),
  status: Type.Object(
    {},
    { $id: "FlunderStatus", default: {}, description: "FlunderStatus is the status of a Flunder." },
  ),
});

export const flunder = defineKind({
  group,
  kind: "Flunder",
  scope: "Namespaced",
  hub: "v1beta1",
  stored: "v1alpha1",
  emptyValues: "omit",
  definitionPrefix,
  versions: {
    v1alpha1: {
      schema: v1alpha1Schema,
      lifecycle: alphaLifecycle,
      default({ spec }) {
        if ((spec.referenceType ?? "") === "" && (spec.reference ?? "") !== "") spec.referenceType = "Flunder";
      },
      toHub: ({ spec: { reference = "", referenceType } }) => ({ spec: hubSpec(referenceType, reference), status: {} }),
      fromHub: ({ spec }) => ({ spec: alphaSpec(spec), status: {} }),
    },
    v1beta1: { schema: v1beta1Schema, description: "Flunder is an example type with a spec and a status." },
  },
});

export type Flunder = ObjectOf<typeof flunder, "v1beta1">;
type HubSpec = Static<typeof v1beta1Schema>["spec"];
type AlphaSpec = Static<typeof v1alpha1Schema>["spec"];

/** A reference of a type that nobody knows is lost on its way. */
function hubSpec(referenceType: string | undefined, reference: string): HubSpec {
  switch (referenceType) {
    case "Flunder":
      return { flunderReference: reference, referenceType };
    case "Fischer":
      return { fischerReference: reference, referenceType };
    default:
      return {};
  }
}

/** Of two references the type says which one stays. */
function alphaSpec({ flunderReference = "", fischerReference = "", referenceType }: HubSpec): AlphaSpec {
  switch (referenceType) {
    case "Flunder":
      return { reference: flunderReference, referenceType };
    case "Fischer":
      return { reference: fischerReference, referenceType };
    default:
      return {};
  }
}

export const flunders = defineResource(flunder, {
  nameRule: "path-segment",
  validatesUpdates: false,
  validate: ({ spec }) => validateSpec(spec),
});

/** At most one reference, and the type that goes with it. */
function validateSpec({ flunderReference = "", fischerReference = "", referenceType = "" }: HubSpec): FieldError[] {
  const errors: FieldError[] = [];
  if (flunderReference !== "" && fischerReference !== "")
    errors.push(
      fieldError.invalid(
        "spec.fischerReference",
        fischerReference,
        "cannot be set with flunderReference at the same time",
      ),
    );
  else if (flunderReference === "" && fischerReference === "") errors.push(...emptyReferenceErrors(referenceType));
  else if (flunderReference !== "" && referenceType !== "Flunder")
    errors.push(
      fieldError.invalid("spec.flunderReference", flunderReference, "cannot be set if referenceType is not Flunder"),
    );
  else if (fischerReference !== "" && referenceType !== "Fischer")
    errors.push(
      fieldError.invalid("spec.fischerReference", fischerReference, "cannot be set if referenceType is not Fischer"),
    );
  if (!["", "Flunder", "Fischer"].includes(referenceType))
    errors.push(fieldError.invalid("spec.referenceType", referenceType, "must be Flunder or Fischer"));
  return errors;
}

/** Without any reference there is no type, either. */
function emptyReferenceErrors(type: string): FieldError[] {
  if (type !== "Flunder" && type !== "Fischer") return [];
  return [fieldError.invalid(`spec.${type.toLowerCase()}Reference`, "", `cannot be empty if referenceType is ${type}`)];
}
