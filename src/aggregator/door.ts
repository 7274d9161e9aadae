// What other rooms, and users as `annex/aggregator`, may import.

export { type Aggregator, type AggregatorOptions, createAggregator } from "./aggregator.ts";
export { apiServices } from "./api-service.ts";
export { apiServiceKind, registrationGroup } from "./api-service-kind.ts";
export type { ClientCertificate } from "./backend.ts";
export { clientSource, type Source, type SourceChange } from "./source.ts";
