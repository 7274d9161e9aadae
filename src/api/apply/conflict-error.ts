// 409: somebody else owns what an apply would change.

import { StatusError } from "../status-error.ts";
import type { Owner } from "./managers.ts";
import type { Conflict } from "./ownership.ts";
import { formatPath } from "./path-element.ts";

/** One cause for each field, the message by owner. */
export function conflictError(conflicts: readonly Conflict[]): StatusError {
  const told = conflicts.flatMap(({ owner, fields }) =>
    [...fields.paths()].map((path) => ({ owner: describe(owner), field: formatPath(path) })),
  );
  const causes = told.map(({ owner, field }) => ({
    reason: "FieldManagerConflict",
    message: `conflict with ${owner}`,
    field,
  }));
  return new StatusError("Conflict", messageOf(told), { details: { causes } });
}

interface Told {
  readonly owner: string;
  readonly field: string;
}

function messageOf(told: readonly Told[]): string {
  const [first] = told;
  if (told.length === 1 && first !== undefined)
    return `Apply failed with 1 conflict: conflict with ${first.owner}: ${first.field}`;
  const owners = [...new Set(told.map(({ owner }) => owner))];
  const lines = owners.flatMap((owner) => [
    `conflicts with ${owner}:`,
    ...told.filter((one) => one.owner === owner).map(({ field }) => `- ${field}`),
  ]);
  return `Apply failed with ${told.length} conflicts: ${lines.join("\n")}`;
}

/** Updaters are named with the version that they wrote through. */
function describe({ manager, operation, apiVersion, subresource }: Owner): string {
  const through = subresource === "" ? "" : ` with subresource ${JSON.stringify(subresource)}`;
  return `${JSON.stringify(manager)}${through}${operation === "Update" ? ` using ${apiVersion}` : ""}`;
}
