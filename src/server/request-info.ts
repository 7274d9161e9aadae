// What a request asks for, read from its method, path and query as Kubernetes reads it.
// https://kubernetes.io/docs/reference/access-authn-authz/authorization/#determine-the-request-verb

/** A request for a resource (`isResource`), or for a path such as /healthz. */
export interface RequestInfo {
  readonly isResource: boolean;
  readonly path: string;
  /** For resources get, list, watch, create, update, patch, delete, deletecollection; else the lower-case HTTP method. */
  readonly verb: string;
  /** "" for the core group. */
  readonly group: string;
  readonly version: string;
  readonly namespace: string;
  readonly resource: string;
  readonly subresource: string;
  readonly name: string;
  /** What stands behind the subresource, as connect subresources take it. */
  readonly rest: readonly string[];
  readonly labelSelector: string;
  readonly fieldSelector: string;
}
