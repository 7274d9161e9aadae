// Leases. https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/lease-v1/

import { defineKind, type FieldError, fieldError, Type } from "../../api/door.ts";
import { defineResource } from "../../server/door.ts";
import { ageColumn, cellText, nameColumn, part } from "./columns.ts";
import { int32Pointer, struct, textPointer } from "./fields.ts";
import { coordinationNumbers } from "./protobuf-numbers.ts";

const leaseKind = defineKind({
  group: "coordination.k8s.io",
  kind: "Lease",
  scope: "Namespaced",
  emptyValues: "omit",
  protobuf: coordinationNumbers,
  definitionPrefix: "io.k8s.api.coordination",
  versions: {
    v1: {
      description: "Lease says who holds a role, and until when.",
      schema: Type.Object({
        spec: struct(
          Type.Object(
            {
              holderIdentity: textPointer("Who holds the lease."),
              leaseDurationSeconds: int32Pointer("How long others wait after renewTime before they take over."),
              acquireTime: Type.Optional(
                Type.String({
                  format: "date-time",
                  "x-micro-time": true,
                  keepEmpty: true,
                  description: "When the holder got it.",
                }),
              ),
              renewTime: Type.Optional(
                Type.String({
                  format: "date-time",
                  "x-micro-time": true,
                  keepEmpty: true,
                  description: "When the holder last said that it is there.",
                }),
              ),
              leaseTransitions: int32Pointer("How often the holder changed."),
              strategy: textPointer("How a holder is chosen among candidates."),
              preferredHolder: textPointer("Who should take the lease next."),
            },
            { $id: "LeaseSpec", description: "Who holds the lease." },
          ),
        ),
      }),
    },
  },
});

export const leases = defineResource(leaseKind, {
  allowUnconditionalUpdate: false,
  allowCreateOnUpdate: true,
  validate(object) {
    const { leaseDurationSeconds, leaseTransitions } = part(object, "spec");
    const errors: FieldError[] = [];
    if (typeof leaseDurationSeconds === "number" && leaseDurationSeconds <= 0)
      errors.push(fieldError.invalid("spec.leaseDurationSeconds", leaseDurationSeconds, "must be greater than 0"));
    if (typeof leaseTransitions === "number" && leaseTransitions < 0)
      errors.push(fieldError.invalid("spec.leaseTransitions", leaseTransitions, "must be greater than or equal to 0"));
    return errors;
  },
  columns: [
    nameColumn,
    {
      name: "Holder",
      type: "string",
      description: "Who holds the lease.",
      cell: (object) => cellText(part(object, "spec").holderIdentity),
    },
    ageColumn,
  ],
});
