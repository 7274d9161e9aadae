// PUT /api/v1/namespaces/NAME/finalize: the one way to change which finalizers of its spec a namespace waits for.
// https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/namespace-v1/

import { type ApiObject, parseJson, StatusError } from "../api/door.ts";
import {
  type ApiRequest,
  type ApiResponse,
  type ConnectSubresource,
  defineResource,
  type Resource,
  type ServedResource,
} from "../server/door.ts";
import { part } from "./resources/columns.ts";
import { namespaceKind, namespaceRules } from "./resources/namespace.ts";

/** A namespace is far below this. */
const bodyBytesMax = 1024 * 1024;

/** Namespaces with their finalize subresource. `served` is asked at a request, when the server is there. */
export function namespaceResource(served: () => ServedResource): Resource {
  const finalize: ConnectSubresource = {
    methods: ["PUT"],
    kind: { group: "", version: "v1", kind: "Namespace" },
    connect: (request, object) => finalizeNamespace(request, object.metadata.name ?? "", served()),
  };
  return defineResource(namespaceKind, { ...namespaceRules, connect: { finalize } });
}

async function finalizeNamespace(request: ApiRequest, name: string, served: ServedResource): Promise<ApiResponse> {
  const wanted = readFinalizers(await request.readBody(bodyBytesMax));
  const stored = await served.registry.update(
    `${served.keyPrefix}${name}`,
    async (current) => {
      if (current === undefined) throw StatusError.notFound(served.groupResource, name);
      const namespace = current.object();
      namespace.spec = { ...part(namespace, "spec"), finalizers: wanted };
      return isFinished(namespace, wanted) ? { to: "nothing", answer: namespace } : { to: "object", object: namespace };
    },
    { dryRun: false, signal: request.signal },
  );
  const body = Buffer.from(`${JSON.stringify(stored.entry.object())}\n`);
  return { status: 200, headers: { "content-type": "application/json", "cache-control": "no-cache, private" }, body };
}

function readFinalizers(body: Buffer): string[] {
  let value: unknown;
  try {
    value = parseJson(body);
  } catch (error) {
    throw StatusError.badRequest(
      `the body must be a namespace as JSON: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  const spec: unknown = typeof value === "object" && value !== null && "spec" in value ? value.spec : undefined;
  const finalizers: unknown = typeof spec === "object" && spec !== null && "finalizers" in spec ? spec.finalizers : [];
  if (finalizers === null) return [];
  if (!Array.isArray(finalizers)) throw StatusError.badRequest("spec.finalizers must be a list of texts");
  return finalizers.map(String);
}

function isFinished({ metadata }: ApiObject, finalizers: readonly string[]): boolean {
  return (
    metadata.deletionTimestamp !== undefined && finalizers.length === 0 && (metadata.finalizers ?? []).length === 0
  );
}
