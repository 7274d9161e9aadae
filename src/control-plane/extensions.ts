// The extension servers that a control plane starts: each a child process, registered as a Service with an EndpointSlice and APIServices.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ApiObject, compareVersions } from "../api/door.ts";
import type { Client } from "../client/door.ts";
import type { Logger } from "../server/door.ts";
import { ExtensionProcess, type ExtensionReady, extensionName } from "./extension-process.ts";
import {
  type Credentials,
  extensionCertificate,
  kubeconfigFor,
  proxyClientName,
  replaceFile,
} from "./state-directory.ts";

/** By this name the service of every extension is known in its namespace. */
const serviceName = "api";
const portName = "https";
/** As the documentation of sample-apiserver registers it. */
const groupPriorityMinimum = 1_000;
const versionPriority = 15;

export interface ExtensionOptions {
  readonly file: string;
  /** All extensions' folders are in here. */
  readonly directory: string;
  readonly credentials: Credentials;
  readonly url: string;
  readonly client: Client;
  readonly nowMs: number;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

export interface Extension {
  readonly name: string;
  /** The APIServices that it is registered as, once it has said which groups it serves. */
  readonly registered: Promise<readonly string[]>;
  stop(): Promise<void>;
}

/** Starts an extension server and keeps it registered. `registered` rejects where it ends before it listens for the first time. */
export async function startExtension({
  file,
  directory,
  credentials,
  url,
  client,
  nowMs,
  logger,
  signal,
}: ExtensionOptions): Promise<Extension> {
  const name = extensionName(file);
  const folder = join(directory, name);
  const { promise: registered, resolve, reject } = Promise.withResolvers<readonly string[]>();
  registered.catch(() => {}); // Whoever starts an extension waits for it; if nobody does, its end is in the log.
  let wasReady = false;
  let lastPort = 0;
  const process = new ExtensionProcess({
    file,
    directory: folder,
    flags: extensionFlags(folder),
    onReady(ready) {
      lastPort = ready.port;
      const done = register({ name, ready, credentials, client, signal });
      if (!wasReady) done.then(resolve, reject);
      else
        done.catch((error: unknown) =>
          logger.error({ error, extension: name }, "an extension server could not be registered"),
        );
      wasReady = true;
    },
    onExit(what) {
      // Its endpoint takes no traffic until it listens again, so that its APIServices say at once what is wrong.
      if (wasReady)
        setEndpoint(client, endpointSlice(name, lastPort, false), signal).catch((error: unknown) =>
          logger.error({ error, extension: name }, "an endpoint could not be marked"),
        );
      logger.warn({ extension: name, what }, "an extension server has ended");
      if (!wasReady)
        reject(new Error(`extension ${name} ended before it was ready (${what}); its log is ${process.logFile}`));
    },
  });
  await writeCredentials(folder, { credentials, url, name, nowMs });
  process.start();
  return { name, registered, stop: () => process.stop() };
}

interface CredentialFiles {
  readonly credentials: Credentials;
  readonly url: string;
  readonly name: string;
  readonly nowMs: number;
}

async function writeCredentials(folder: string, { credentials, url, name, nowMs }: CredentialFiles): Promise<void> {
  const serving = await extensionCertificate(credentials, { service: serviceName, namespace: name, nowMs });
  replaceFile(join(folder, "tls.key"), serving.key, 0o600);
  replaceFile(join(folder, "tls.crt"), serving.certificate, 0o644);
  writeFileSync(join(folder, "client-ca.crt"), credentials.clientAuthority.certificate);
  writeFileSync(join(folder, "requestheader-ca.crt"), credentials.proxyAuthority.certificate);
  replaceFile(join(folder, "kubeconfig"), kubeconfigFor(credentials, credentials.admin, url), 0o600);
}

/** It believes the aggregator by its certificate, as in a cluster. */
function extensionFlags(folder: string): string[] {
  const file = (name: string) => join(folder, name);
  return [
    ["--secure-port", "0"],
    ["--bind-address", "127.0.0.1"],
    ["--data-dir", file("data")],
    ["--tls-cert-file", file("tls.crt")],
    ["--tls-private-key-file", file("tls.key")],
    ["--client-ca-file", file("client-ca.crt")],
    ["--requestheader-client-ca-file", file("requestheader-ca.crt")],
    ["--requestheader-allowed-names", proxyClientName],
    ["--kubeconfig", file("kubeconfig")],
    ["--authentication-kubeconfig", file("kubeconfig")],
    ["--authorization-kubeconfig", file("kubeconfig")],
  ].flat();
}

interface Registration {
  readonly name: string;
  readonly ready: ExtensionReady;
  readonly credentials: Credentials;
  readonly client: Client;
  readonly signal: AbortSignal;
}

/** Applies the objects by which the aggregator finds the server. Resolves to the names of its APIServices. */
async function register({ name, ready, credentials, client, signal }: Registration): Promise<readonly string[]> {
  const apply = (resource: string, object: ApiObject) => {
    const slash = object.apiVersion.indexOf("/");
    const address = {
      group: object.apiVersion.slice(0, Math.max(0, slash)),
      version: object.apiVersion.slice(slash + 1),
      resource,
      isNamespaced: object.metadata.namespace !== undefined,
    };
    const { name: objectName = "", namespace } = object.metadata;
    return client.resource(address).patch(objectName, object, {
      type: "apply",
      fieldManager: "annex",
      force: true,
      signal,
      ...(namespace === undefined ? {} : { namespace }),
    });
  };
  await apply("namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name } });
  await apply("services", service(name, ready.port));
  await setEndpoint(client, endpointSlice(name, ready.port), signal);
  const apiServices = ready.groups.flatMap(({ group, versions }) =>
    [...versions].sort(compareVersions).map((version) => apiService({ name, group, version, credentials })),
  );
  for (const object of apiServices) await apply("apiservices", object);
  return apiServices.map(({ metadata }) => metadata.name ?? "");
}

function setEndpoint(client: Client, object: ApiObject, signal: AbortSignal): Promise<unknown> {
  const { name = "", namespace = "" } = object.metadata;
  const address = { group: "discovery.k8s.io", version: "v1", resource: "endpointslices", isNamespaced: true };
  return client
    .resource(address)
    .patch(name, object, { type: "apply", fieldManager: "annex", force: true, signal, namespace });
}

function service(namespace: string, port: number): ApiObject {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: serviceName, namespace },
    spec: { type: "ClusterIP", ports: [{ name: portName, port: 443, protocol: "TCP", targetPort: port }] },
  };
}

function endpointSlice(namespace: string, port: number, ready = true): ApiObject {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: serviceName, namespace, labels: { "kubernetes.io/service-name": serviceName } },
    addressType: "IPv4",
    endpoints: [{ addresses: ["127.0.0.1"], conditions: { ready } }],
    ports: [{ name: portName, port, protocol: "TCP" }],
  };
}

function apiService({
  name,
  group,
  version,
  credentials,
}: {
  readonly name: string;
  readonly group: string;
  readonly version: string;
  readonly credentials: Credentials;
}): ApiObject {
  const caBundle = Buffer.from(credentials.servingAuthority.certificate).toString("base64");
  return {
    apiVersion: "apiregistration.k8s.io/v1",
    kind: "APIService",
    metadata: { name: `${version}.${group}` },
    spec: {
      group,
      version,
      service: { name: serviceName, namespace: name, port: 443 },
      caBundle,
      groupPriorityMinimum,
      versionPriority,
    },
  };
}
