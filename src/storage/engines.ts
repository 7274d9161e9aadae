// Opens engines. Each is loaded with its first use, so that a start waits for none that it does not need.

import type { EmbeddedStorageOptions } from "./embedded/embedded-storage.ts";
import type { EncryptionConfig } from "./encrypted/encryption-config.ts";
import type { EtcdStorageOptions } from "./etcd/etcd-storage.ts";
import type { SnapshotSummary } from "./snapshot.ts";
import type { Storage } from "./storage.ts";

/**
 * Opens the storage in a directory, or starts one there. Throws IN_USE where another process has it open, and CORRUPT where the file is
 * not this engine's or not whole; it is left as it is then.
 */
export async function openEmbeddedStorage(options: EmbeddedStorageOptions): Promise<Storage> {
  const engine = await import("./embedded/embedded-storage.ts");
  return engine.openEmbeddedStorage(options);
}

/** Prepares a storage on an etcd cluster, 3.4 or newer. It connects with the first call and again whenever it has to. */
export async function openEtcdStorage(options: EtcdStorageOptions): Promise<Storage> {
  const engine = await import("./etcd/etcd-storage.ts");
  return engine.openEtcdStorage(options);
}

/**
 * Reads the configuration of encryption at rest, decoded from its YAML. Throws an Error that names the field where one is not as it
 * must be.
 */
export async function parseEncryptionConfig(document: unknown): Promise<EncryptionConfig> {
  const encryption = await import("./encrypted/encryption-config.ts");
  return encryption.parseEncryptionConfig(document);
}

/** Writes what the storage holds at this moment to a file, which appears whole or not at all, readable by its owner alone. */
export async function saveSnapshot(storage: Storage, file: string): Promise<SnapshotSummary> {
  const snapshot = await import("./snapshot.ts");
  return snapshot.saveSnapshot(storage, file);
}

/** Like saveSnapshot() of the embedded storage in a directory, also while a process has it open. It is copied first, beside the file. */
export async function saveEmbeddedSnapshot(directory: string, file: string): Promise<SnapshotSummary> {
  const snapshot = await import("./snapshot.ts");
  return snapshot.saveEmbeddedSnapshot(directory, file);
}

/**
 * Makes an embedded storage of a snapshot, in a directory that has none: IN_USE otherwise. Throws CORRUPT where the file is not whole,
 * and leaves no storage behind.
 */
export async function restoreSnapshot(file: string, directory: string): Promise<SnapshotSummary> {
  const snapshot = await import("./snapshot.ts");
  return snapshot.restoreSnapshot(file, directory);
}
