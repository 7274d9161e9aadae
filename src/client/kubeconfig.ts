// Reads kubeconfig files. https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/

import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { decodeYaml } from "../api/door.ts";
import { recordOf } from "../base/record.ts";
import type { ConnectionConfig } from "./connection.ts";
import { inClusterConfig } from "./in-cluster.ts";

export interface LoadOptions {
  /** Default: the files that KUBECONFIG lists, else `~/.kube/config`. */
  readonly path?: string;
  /** Default: the file's current context. */
  readonly context?: string;
}

/** Loads a kubeconfig. Throws a TypeError that names what is missing. */
export function loadKubeconfig({ path, context }: LoadOptions = {}): ConnectionConfig {
  const paths = path === undefined ? defaultPaths() : [path];
  const files = paths.flatMap((file) => readIfThere(file, path !== undefined));
  if (files.length === 0) throw new TypeError(`Cannot load a kubeconfig as one must exist: ${paths.join(", ")}`);
  return connectionOf(mergeFiles(files), context);
}

/** A kubeconfig where there is one, else the service account of the pod that this process runs in. */
export function defaultConnection(options: LoadOptions = {}): ConnectionConfig {
  if (options.path === undefined && process.env.KUBECONFIG === undefined) {
    const inCluster = inClusterConfig();
    if (inCluster !== undefined) return inCluster;
  }
  return loadKubeconfig(options);
}

/** Reads the text of a kubeconfig; relative paths in it start at `directory`. */
export function parseKubeconfig(
  text: string,
  { directory = ".", context }: { readonly directory?: string; readonly context?: string } = {},
): ConnectionConfig {
  return connectionOf(mergeFiles([{ text, directory }]), context);
}

interface File {
  readonly text: string;
  readonly directory: string;
}

interface Entry {
  readonly name: string;
  readonly fields: Fields;
  /** Where relative paths of the entry start. */
  readonly directory: string;
}

type Fields = Readonly<Record<string, unknown>>;

interface Merged {
  readonly currentContext: string;
  readonly clusters: readonly Entry[];
  readonly users: readonly Entry[];
  readonly contexts: readonly Entry[];
}

function defaultPaths(): string[] {
  const listed = (process.env.KUBECONFIG ?? "").split(delimiter).filter((path) => path !== "");
  return listed.length > 0 ? listed : [join(homedir(), ".kube", "config")];
}

function readIfThere(path: string, mustExist: boolean): File[] {
  try {
    return [{ text: readFileSync(path, "utf8"), directory: dirname(resolve(path)) }];
  } catch (error) {
    if (!mustExist && error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}

/** The first file that says something wins. */
function mergeFiles(files: readonly File[]): Merged {
  const parsed = files.map(({ text, directory }) => ({ fields: recordOf(decodeYaml(text)), directory }));
  const entries = (list: string, inner: string): Entry[] =>
    parsed.flatMap(({ fields, directory }) =>
      listOf(fields[list]).map((entry) => ({ name: textOf(entry.name), fields: recordOf(entry[inner]), directory })),
    );
  return {
    currentContext: parsed.map(({ fields }) => textOf(fields["current-context"])).find((name) => name !== "") ?? "",
    clusters: entries("clusters", "cluster"),
    users: entries("users", "user"),
    contexts: entries("contexts", "context"),
  };
}

function connectionOf(merged: Merged, wanted: string | undefined): ConnectionConfig {
  const contextName = wanted ?? merged.currentContext;
  const context = find(merged.contexts, contextName, "context");
  const cluster = find(merged.clusters, textOf(context.fields.cluster), "cluster");
  const userName = textOf(context.fields.user);
  const user = userName === "" ? undefined : find(merged.users, userName, "user");
  const server = textOf(cluster.fields.server);
  if (server === "") throw new TypeError(`Cannot use cluster "${cluster.name}" as it must name a server`);
  const authority = dataOf(cluster, "certificate-authority");
  const serverName = textOf(cluster.fields["tls-server-name"]);
  return {
    server: server.replace(/\/+$/, ""),
    ...(authority === undefined ? {} : { certificateAuthority: authority }),
    ...(cluster.fields["insecure-skip-tls-verify"] === true ? { insecureSkipTlsVerify: true } : {}),
    ...(serverName === "" ? {} : { serverName }),
    ...(user === undefined ? {} : credentialsOf(user)),
    namespace: textOf(context.fields.namespace) || "default",
  };
}

function credentialsOf(user: Entry): Partial<ConnectionConfig> {
  if (user.fields.exec !== undefined || user.fields["auth-provider"] !== undefined)
    throw new TypeError(
      `Cannot use user "${user.name}" as its credentials must be in the file: they come from a plug-in`,
    );
  const cert = dataOf(user, "client-certificate");
  const key = dataOf(user, "client-key");
  const tokenFile = textOf(user.fields.tokenFile);
  const token = textOf(user.fields.token);
  return {
    ...(cert === undefined || key === undefined ? {} : { clientCertificate: { cert, key } }),
    ...(tokenFile === "" ? {} : { token: () => readFileSync(resolve(user.directory, tokenFile), "utf8").trim() }),
    ...(token === "" ? {} : { token }),
  };
}

/** `<field>-data` in base64, or the file that `<field>` names. */
function dataOf({ fields, directory }: Entry, field: string): string | undefined {
  const data = textOf(fields[`${field}-data`]);
  if (data !== "") return Buffer.from(data, "base64").toString("utf8");
  const path = textOf(fields[field]);
  return path === "" ? undefined : readFileSync(resolve(directory, path), "utf8");
}

function find(entries: readonly Entry[], name: string, what: string): Entry {
  const found = entries.find((entry) => entry.name === name);
  if (found !== undefined) return found;
  throw new TypeError(`Cannot use ${what} "${name}" as the kubeconfig must have it`);
}

function listOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.map(recordOf) : [];
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
