// What every namespace has: the default service account, and the authority by which programs in it know the API server.
// https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/

import { type ApiObject, StatusError } from "../../api/door.ts";
import type { Client } from "../../client/door.ts";
import type { Logger } from "../../server/door.ts";
import type { ObjectView } from "../object-view.ts";

interface DefaultObjectsOptions {
  readonly client: Client;
  readonly namespaces: ObjectView;
  readonly serviceAccounts: ObjectView;
  readonly configMaps: ObjectView;
  /** PEM. */
  readonly servingAuthority: string;
  readonly logger: Logger;
}

const accountName = "default";
const configMapName = "kube-root-ca.crt";

/** Creates what is missing in namespaces that live, now and whenever something changes. The result stops that. */
export function keepDefaultObjects(options: DefaultObjectsOptions): () => Promise<void> {
  const { namespaces, serviceAccounts, configMaps } = options;
  const stop = new AbortController();
  let running: Promise<void> | undefined;
  let isDue = false;
  const look = () => {
    isDue = true;
    running ??= run().finally(() => {
      running = undefined;
    });
  };
  const run = async () => {
    while (isDue && !stop.signal.aborted) {
      isDue = false;
      for (const { metadata } of [...namespaces.all()])
        if (metadata.deletionTimestamp === undefined) await complete(options, metadata.name ?? "", stop.signal);
    }
  };
  const unsubscribe = [namespaces.onChange(look), serviceAccounts.onChange(look), configMaps.onChange(look)];
  look();
  return async () => {
    for (const end of unsubscribe) end();
    stop.abort();
    await running;
  };
}

async function complete(options: DefaultObjectsOptions, namespace: string, signal: AbortSignal): Promise<void> {
  const { client, serviceAccounts, configMaps, servingAuthority, logger } = options;
  const create = async (resource: string, object: { kind: string; metadata: { name: string; namespace: string } }) => {
    try {
      await client
        .resource({ group: "", version: "v1", resource, isNamespaced: true })
        .create({ apiVersion: "v1", ...object }, { signal });
    } catch (error) {
      // It exists by now, or the namespace is going: either way there is nothing to do.
      if (!signal.aborted && !(error instanceof StatusError && error.code < 500))
        logger.warn({ error, namespace }, "a default object could not be created");
    }
  };
  if (serviceAccounts.get(namespace, accountName) === undefined)
    await create("serviceaccounts", { kind: "ServiceAccount", metadata: { name: accountName, namespace } });
  const description = {
    "kubernetes.io/description":
      "Holds the authority that signed the API server's certificate, so that programs in this namespace can verify it.",
  };
  const configMap = {
    kind: "ConfigMap",
    metadata: { name: configMapName, namespace, annotations: description },
    data: { "ca.crt": servingAuthority },
  };
  const known = configMaps.get(namespace, configMapName);
  if (known === undefined) await create("configmaps", configMap);
  else if (JSON.stringify(known.data) !== JSON.stringify(configMap.data))
    await restore(options, { ...known, data: configMap.data }, signal);
}

/** Puts back what somebody changed. */
async function restore(
  { client, logger }: DefaultObjectsOptions,
  configMap: ApiObject,
  signal: AbortSignal,
): Promise<void> {
  try {
    await client
      .resource({ group: "", version: "v1", resource: "configmaps", isNamespaced: true })
      .update(configMap, { signal });
  } catch (error) {
    // It has changed again, and whoever did that brings us back here.
    if (!signal.aborted && !(error instanceof StatusError && error.code < 500))
      logger.warn({ error, namespace: configMap.metadata.namespace }, "a default object could not be restored");
  }
}
