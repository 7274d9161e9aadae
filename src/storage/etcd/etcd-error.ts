// etcd's failures in our words. It tells them by a gRPC code and a text; both have been the same since 3.0.
// https://github.com/etcd-io/etcd/blob/main/api/v3rpc/rpctypes/error.go

import { StorageError, type StorageErrorCode } from "../storage-error.ts";
import { GrpcError, grpcCodes } from "./grpc-session.ts";

const codesOfTexts: readonly (readonly [string, StorageErrorCode])[] = [
  ["required revision has been compacted", "REVISION_COMPACTED"],
  ["required revision is a future revision", "REVISION_IN_FUTURE"],
  ["database space exceeded", "NO_SPACE"],
  ["request is too large", "TOO_LARGE"],
  ["received message larger than max", "TOO_LARGE"],
  ["corrupt", "CORRUPT"],
];

/** What storage says instead of an error that a call to etcd ended with; anything else stays as it is. */
export function asStorageError(error: unknown, what: string): unknown {
  if (!(error instanceof GrpcError)) return error;
  const code = codesOfTexts.find(([text]) => error.message.includes(text))?.[1] ?? "UNAVAILABLE";
  const { mayHaveHappened } = error;
  return new StorageError(code, `Cannot ${what}: ${error.message}`, { cause: error, mayHaveHappened });
}

/** Whether another member, or the same one a little later, may answer what this one did not. */
export function isPassing(error: unknown): boolean {
  return error instanceof GrpcError && (passingCodes.includes(error.code) || isOverloaded(error));
}

const passingCodes: readonly number[] = [grpcCodes.unavailable, grpcCodes.deadlineExceeded, grpcCodes.internal];

function isOverloaded(error: GrpcError): boolean {
  return error.code === grpcCodes.resourceExhausted && error.message.includes("too many requests");
}
