// What other rooms, and users as `annex/api`, may import.

export * from "./field-error.ts";
export * from "./group-version.ts";
export * from "./kind.ts";
export * from "./object-meta.ts";
export * from "./status-error.ts";
