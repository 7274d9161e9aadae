// What other rooms, and users as `annex/server`, may import.

export * from "./admission/admission.ts";
export * from "./authentication/user.ts";
export * from "./authorization/authorizer.ts";
export * from "./exchange.ts";
export * from "./request-info.ts";
export * from "./resource.ts";
