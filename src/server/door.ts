// What other rooms, and users as `annex/server`, may import.

export * from "./admission/admission.ts";
export { AdmissionChain } from "./admission/chain.ts";
export { admissionForbidden } from "./admission/forbidden.ts";
export { type NamespaceLookup, namespaceLifecycle } from "./admission/namespace-lifecycle.ts";
export * from "./authentication/user.ts";
export * from "./authorization/authorizer.ts";
export * from "./exchange.ts";
export * from "./request-info.ts";
export * from "./resource.ts";
