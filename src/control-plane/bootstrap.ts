// The objects that a control plane brings along. Those that are there already stay as they are.

import { registrationGroup } from "../aggregator/door.ts";
import { type ApiObject, StatusError } from "../api/door.ts";
import type { Client } from "../client/door.ts";
import { groupsOf, type Resource } from "../server/door.ts";
import { ownService } from "./controllers/own-service.ts";
import { bootstrapRbac } from "./rbac/bootstrap.ts";
import { flowControlDefaults } from "./resources/flow-control-defaults.ts";
import type { Trust } from "./trust.ts";

const namespaces = ["default", "kube-system", "kube-public", "kube-node-lease"];

interface BootstrapOptions {
  readonly client: Client;
  readonly resources: readonly Resource[];
  readonly trust: Trust;
  readonly port: number;
  readonly host: string;
  readonly signal: AbortSignal;
}

/** Creates whatever is missing. */
export async function bootstrap({ client, resources, trust, port, host, signal }: BootstrapOptions): Promise<void> {
  const object = (apiVersion: string, kind: string, metadata: ApiObject["metadata"], more: object = {}): ApiObject => ({
    apiVersion,
    kind,
    metadata,
    ...more,
  });
  const create = (value: ApiObject) => ensure(client, resources, value, signal);
  await Promise.all(namespaces.map((name) => create(object("v1", "Namespace", { name }))));
  const group = "rbac.authorization.k8s.io";
  const { service, endpointSlice, endpoints } = ownService(host, port);
  const readerName = "extension-apiserver-authentication-reader";
  await Promise.all([
    ...bootstrapRbac().map(create),
    create(
      object(
        `${group}/v1`,
        "Role",
        { name: readerName, namespace: "kube-system" },
        {
          rules: [
            {
              verbs: ["get", "list", "watch"],
              apiGroups: [""],
              resources: ["configmaps"],
              resourceNames: ["extension-apiserver-authentication"],
            },
          ],
        },
      ),
    ),
    ...flowControlDefaults().map(create),
    ...localApiServices(resources).map(create),
    create(service),
  ]);
  await publishTrust(client, trust, signal);
  await Promise.all([replace(client, endpointSlice, signal), replace(client, endpoints, signal)]);
}

/** By this every extension server knows whom to believe. https://kubernetes.io/docs/tasks/extend-kubernetes/configure-aggregation-layer/ */
export function publishTrust(client: Client, trust: Trust, signal: AbortSignal): Promise<void> {
  const metadata = { name: "extension-apiserver-authentication", namespace: "kube-system" };
  return replace(client, { apiVersion: "v1", kind: "ConfigMap", metadata, data: trust.published }, signal);
}

function addressOf(resources: readonly Resource[], { apiVersion, kind }: ApiObject) {
  const slash = apiVersion.indexOf("/");
  const [group, version] = slash < 0 ? ["", apiVersion] : [apiVersion.slice(0, slash), apiVersion.slice(slash + 1)];
  const found = resources.find((resource) => resource.kind.group === group && resource.kind.kind === kind);
  if (found === undefined) throw new TypeError(`Cannot create a ${kind} at start as it must be served: ${apiVersion}`);
  return { group, version, resource: found.kind.plural, isNamespaced: found.kind.scope === "Namespaced" };
}

async function ensure(
  client: Client,
  resources: readonly Resource[],
  object: ApiObject,
  signal: AbortSignal,
): Promise<void> {
  try {
    await client.resource(addressOf(resources, object)).create(object, { signal });
  } catch (error) {
    if (!(error instanceof StatusError && error.reason === "AlreadyExists")) throw error;
  }
}

const replaceable: Readonly<Record<string, { group: string; version: string; resource: string }>> = {
  ConfigMap: { group: "", version: "v1", resource: "configmaps" },
  Endpoints: { group: "", version: "v1", resource: "endpoints" },
  EndpointSlice: { group: "discovery.k8s.io", version: "v1", resource: "endpointslices" },
};

/** Objects that say how this process runs right now are set at each start. */
async function replace(client: Client, object: ApiObject, signal: AbortSignal): Promise<void> {
  const resource = replaceable[object.kind];
  if (resource === undefined)
    throw new TypeError(`Cannot set an object at start as its kind must be known: ${object.kind}`);
  const { name = "", namespace = "" } = object.metadata;
  await client
    .resource({ ...resource, isNamespaced: true })
    .patch(name, object, { type: "apply", fieldManager: "annex", force: true, namespace, signal });
}

/** As kube-apiserver orders its own groups. */
const priorities: Readonly<Record<string, readonly [group: number, version: number]>> = {
  "/v1": [18_000, 1],
  "events.k8s.io/v1": [17_750, 15],
  "authentication.k8s.io/v1": [17_700, 15],
  "authorization.k8s.io/v1": [17_600, 15],
  "rbac.authorization.k8s.io/v1": [17_000, 15],
  "admissionregistration.k8s.io/v1": [16_700, 15],
  "coordination.k8s.io/v1": [16_500, 15],
  "discovery.k8s.io/v1": [16_200, 15],
  "flowcontrol.apiserver.k8s.io/v1": [16_100, 21],
};

/** APIServices for what is served here, so that discovery and `kubectl get apiservices` show one list of everything. */
function localApiServices(resources: readonly Resource[]): ApiObject[] {
  const versions = [...groupsOf(resources)].flatMap(([group, names]) => names.map((version) => ({ group, version })));
  return versions
    .filter(({ group }) => group !== registrationGroup)
    .map(({ group, version }) => {
      const [groupPriorityMinimum, versionPriority] = priorities[`${group}/${version}`] ?? [1_000, 15];
      return {
        apiVersion: `${registrationGroup}/v1`,
        kind: "APIService",
        metadata: { name: `${version}.${group}`, labels: { "kube-aggregator.kubernetes.io/automanaged": "onstart" } },
        spec: { ...(group === "" ? {} : { group }), version, groupPriorityMinimum, versionPriority },
      };
    });
}
