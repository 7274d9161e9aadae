// What other rooms, and users as `annex/client`, may import.

export { Client, type ClientOptions, type ClientRequest, readAll } from "./client.ts";
export type { ConnectionConfig } from "./connection.ts";
export {
  HttpPool,
  type HttpPoolOptions,
  type IncomingResponse,
  NoAnswerError,
  type OutgoingRequest,
} from "./http-pool.ts";
export { httpTransport } from "./http-transport.ts";
export { inClusterConfig } from "./in-cluster.ts";
export { type Change, Informer, type InformerOptions } from "./informer.ts";
export { defaultConnection, type LoadOptions, loadKubeconfig, parseKubeconfig } from "./kubeconfig.ts";
export * from "./resource-client.ts";
export { statusErrorOf, statusErrorOfObject } from "./response-error.ts";
export type { Transport, TransportRequest, TransportResponse } from "./transport.ts";
export type { WatchEvent } from "./watch-reader.ts";
export { WorkQueue, type WorkQueueOptions } from "./work-queue.ts";
