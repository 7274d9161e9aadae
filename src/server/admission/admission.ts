// Admission: what looks at a write after authorization and before validation.
// https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/

import type { ApiObject, Kind } from "../../api/door.ts";
import type { UserInfo } from "../authentication/user.ts";

/** A write on its way into storage. Objects have the hub's shape. */
export interface AdmissionRequest {
  readonly operation: "CREATE" | "UPDATE" | "DELETE" | "CONNECT";
  readonly kind: Kind;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  /** Empty where generateName is used. */
  readonly name: string;
  readonly user: UserInfo;
  readonly dryRun: boolean;
  /** Missing on DELETE and CONNECT. Mutating plug-ins change it in place. */
  readonly object: ApiObject | undefined;
  /** Missing on CREATE. Not to be changed. */
  readonly oldObject: ApiObject | undefined;
  readonly signal: AbortSignal;
  /** Adds a Warning header to the answer. */
  warn(text: string): void;
}

/** All objects of one resource in the hub's shape, as the server's cache has them right now. Not to be changed. */
export interface CachedObjects extends Iterable<ApiObject> {
  /** Grows with every change: what was worked out from the objects holds until it does. */
  readonly revision: number;
}

/** What a plug-in may ask of the server that it guards. */
export interface AdmissionServer {
  /** Throws a 429 StatusError while the cache is being filled, and a RangeError for a kind that this server does not serve. */
  objects(kind: Kind): CachedObjects;
}

/** A plug-in throws a StatusError to refuse. `--disable-admission-plugins` names it. */
export interface AdmissionPlugin {
  readonly name: string;
  /** Called once before the first request. A plug-in belongs to one server. */
  initialize?(server: AdmissionServer): void;
  handles(request: AdmissionRequest): boolean;
  mutate?(request: AdmissionRequest): Promise<void> | void;
  validate?(request: AdmissionRequest): Promise<void> | void;
}
