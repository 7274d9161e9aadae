// What other rooms, and users as `annex/server`, may import.

export * from "./admission/admission.ts";
export { AdmissionChain } from "./admission/chain.ts";
export { delegatedNamespaces } from "./admission/delegated-namespaces.ts";
export { admissionForbidden } from "./admission/forbidden.ts";
export { type NamespaceLookup, namespaceLifecycle } from "./admission/namespace-lifecycle.ts";
export { bearerTokenAuthenticator, staticTokens, type TokenLookup } from "./authentication/bearer-token.ts";
export { CertificatePool } from "./authentication/certificate-pool.ts";
export { clientCertificateAuthenticator } from "./authentication/client-certificate.ts";
export {
  type DelegatedAuthentication,
  type DelegatedAuthenticationOptions,
  delegatedAuthentication,
} from "./authentication/delegated.ts";
export { type RequestHeaderConfig, requestHeaderAuthenticator } from "./authentication/request-header.ts";
export * from "./authentication/user.ts";
export * from "./authorization/authorizer.ts";
export { type DelegatedAuthorizationOptions, delegatedAuthorizer } from "./authorization/delegated.ts";
export { enabledPlugins } from "./configured-admission.ts";
export { type ConfiguredServerTools, configuredServer, minTlsVersion } from "./configured-server.ts";
export { type ConfiguredStorageOptions, type EtcdTls, etcdTls, openConfiguredStorage } from "./configured-storage.ts";
export {
  answer as answerDocument,
  answerAggregated,
  type Discovery,
  discoveryOf,
  wantedAggregated,
} from "./discovery/discovery.ts";
export * from "./discovery/documents.ts";
export * from "./exchange.ts";
export { describeFlags, type Flag, FlagError, type Flags, type FlagTable, parseFlags } from "./flag-set.ts";
export { type CommonFlagName, commonFlags } from "./flags.ts";
export { handlerTransport, inProcessAuthenticator } from "./handler-transport.ts";
export { keepHeapSmall } from "./heap-size.ts";
export type { Listener } from "./http/listener.ts";
export { type Logger, silentLogger, stderrLogger } from "./logging.ts";
export { loadOpenApi, type OpenApiCode } from "./openapi/load.ts";
export type { OpenApiV2, OpenApiV3 } from "./openapi/openapi.ts";
export type { DocumentV2 } from "./openapi/protobuf-v2.ts";
export * from "./request-info.ts";
export * from "./resource.ts";
export { type RunServerOptions, runServer, tryOutVariable } from "./run-server.ts";
export type { ServedResource } from "./served-resource.ts";
export { type ApiServer, type ApiServerOptions, createApiServer } from "./server.ts";
export type { ObjectSource, SourceOptions } from "./source/object-source.ts";
