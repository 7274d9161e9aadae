// What other rooms, and users as `annex/storage`, may import.

export * from "./storage.ts";
export * from "./storage-error.ts";
