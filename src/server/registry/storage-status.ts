// What storage says, as Kubernetes says it. The one place where storage's failures become a client's.

import { formatGroupResource, type GroupResource, StatusError } from "../../api/door.ts";
import { StorageError } from "../../storage/door.ts";

/** Storage that is full does not become free by itself: clients come back after this time. */
const fullRetrySeconds = 10;

/** As the reference tells a client whose storage cannot be reached. */
const unreachableRetrySeconds = 2;

/** What was asked of storage. */
export type StorageOperation = "get" | "list" | "create" | "update" | "delete";

interface Asked {
  readonly operation: StorageOperation;
  readonly of: GroupResource;
}

/** The StatusError for a StorageError; anything else as it is. */
export function statusOfStorageError(error: unknown, { operation, of }: Asked): unknown {
  if (!(error instanceof StorageError)) return error;
  const { group, resource } = of;
  const details = { ...(group === "" ? {} : { group }), kind: resource };
  switch (error.code) {
    case "REVISION_COMPACTED":
      return new StatusError("Expired", "The resourceVersion for the provided list is too old.", { cause: error });
    case "REVISION_IN_FUTURE":
      return new StatusError("Timeout", error.message, { cause: error });
    case "TOO_LARGE":
      // The reference answers etcd's own words with a 500; the fault is the request's, whichever engine says so.
      return new StatusError(
        "RequestEntityTooLarge",
        "Request entity too large: the object is larger than storage takes",
        {
          details,
          cause: error,
        },
      );
    case "NO_SPACE":
      return new StatusError("ServiceUnavailable", `storage is full: ${error.message}`, {
        details: { ...details, retryAfterSeconds: fullRetrySeconds },
        cause: error,
      });
    case "UNAVAILABLE":
    case "CLOSED":
    case "IN_USE":
      // Clients repeat by themselves what names a time to come back. A write that may have happened must not be repeated unseen.
      if (error.mayHaveHappened && operation !== "get" && operation !== "list")
        return new StatusError("Timeout", "Timeout: request did not complete within requested timeout", {
          details: {},
          cause: error,
        });
      return new StatusError(
        "ServerTimeout",
        `The ${operation} operation against ${formatGroupResource(of)} could not be completed at this time, please try again.`,
        { details: { name: operation, ...details, retryAfterSeconds: unreachableRetrySeconds }, cause: error },
      );
    case "CORRUPT":
      return new StatusError("InternalError", `Internal error occurred: ${error.message}`, {
        details: { causes: [{ message: error.message }] },
        cause: error,
      });
  }
}
