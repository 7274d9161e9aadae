// PUT /api/v1/namespaces/NAME/finalize: the one way to change which finalizers of its spec a namespace waits for.
// https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/namespace-v1/

import {
  type ApiObject,
  bodyFormat,
  decodeProtobufObject,
  decodeVersioned,
  objectSchema,
  parseDocument,
  StatusError,
  unreadableBody,
  unsupportedMediaType,
} from "../api/door.ts";
import {
  type ApiRequest,
  type ApiResponse,
  type ConnectSubresource,
  defineResource,
  header,
  type Resource,
  type ServedResource,
} from "../server/door.ts";
import { part } from "./resources/columns.ts";
import { namespaceKind, namespaceRules } from "./resources/namespace.ts";
import { coreNumbers } from "./resources/protobuf-numbers.ts";

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
  const wanted = readFinalizers(request, await request.readBody(bodyBytesMax));
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

/** Those that the namespace in the body still waits for. */
function readFinalizers({ headers }: ApiRequest, body: Buffer): string[] {
  const format = bodyFormat(header(headers, "content-type"));
  if (format === undefined) throw unsupportedMediaType(header(headers, "content-type") ?? "");
  try {
    const { root } = objectSchema(namespaceKind, "v1");
    const value =
      format === "protobuf"
        ? decodeProtobufObject(body, { root, name: namespaceKind.kind, numbers: coreNumbers })
        : parseDocument(body, format).value;
    const { finalizers } = part(decodeVersioned(namespaceKind, "v1", value), "spec");
    return Array.isArray(finalizers) ? finalizers.map(String) : [];
  } catch (error) {
    throw unreadableBody(namespaceKind.kind, body, error);
  }
}

function isFinished({ metadata }: ApiObject, finalizers: readonly string[]): boolean {
  return (
    metadata.deletionTimestamp !== undefined && finalizers.length === 0 && (metadata.finalizers ?? []).length === 0
  );
}
