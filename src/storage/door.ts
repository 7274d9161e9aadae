// What other rooms, and users as `annex/storage`, may import.

export type { EmbeddedStorageOptions } from "./embedded/embedded-storage.ts";
export { encryptedStorage, type TransformerOfKey } from "./encrypted/encrypted-storage.ts";
export type { EncryptionConfig } from "./encrypted/encryption-config.ts";
export type { ValueTransformer } from "./encrypted/value-transformer.ts";
export * from "./engines.ts";
export type { EtcdStorageOptions } from "./etcd/etcd-storage.ts";
export { type MemoryStorageOptions, openMemoryStorage } from "./memory/memory-storage.ts";
export type { SnapshotSummary } from "./snapshot.ts";
export * from "./storage.ts";
export * from "./storage-error.ts";
