// What other rooms, and users as `annex/server`, may import.

export * from "./admission/admission.ts";
export { AdmissionChain } from "./admission/chain.ts";
export { admissionForbidden } from "./admission/forbidden.ts";
export { type NamespaceLookup, namespaceLifecycle } from "./admission/namespace-lifecycle.ts";
export * from "./authentication/user.ts";
export * from "./authorization/authorizer.ts";
export { answerAggregated, answerRoot, type Discovery, discoveryOf, wantedAggregated } from "./discovery/discovery.ts";
export * from "./discovery/documents.ts";
export * from "./exchange.ts";
export { type Logger, silentLogger, stderrLogger } from "./logging.ts";
export * from "./request-info.ts";
export * from "./resource.ts";
export { type RunServerOptions, runServer } from "./run-server.ts";
export type { ServedResource } from "./served-resource.ts";
export { type ApiServer, type ApiServerOptions, createApiServer } from "./server.ts";
