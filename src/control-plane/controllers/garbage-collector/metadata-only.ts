// A way to a server by which objects come as their metadata alone: all that the garbage collector reads, at a fraction of the memory.
// https://kubernetes.io/docs/reference/using-api/api-concepts/#metadata-only-fetches

import type { Transport } from "../../../client/door.ts";

const as = (kind: string) => `application/json;as=${kind};g=meta.k8s.io;v=v1,application/json`;

/** Lists are told by their `limit`, which those of an informer always have. */
export function metadataOnly(transport: Transport): Transport {
  return {
    send(request) {
      // What a delete answers is nobody's metadata, and whoever asked for a form of their own gets that.
      if (request.method === "DELETE" || request.headers.accept !== "application/json") return transport.send(request);
      const [, query = ""] = request.path.split("?");
      const parameters = new URLSearchParams(query);
      const isList = request.method === "GET" && parameters.has("limit") && !parameters.has("watch");
      const accept = as(isList ? "PartialObjectMetadataList" : "PartialObjectMetadata");
      return transport.send({ ...request, headers: { ...request.headers, accept } });
    },
    close: () => transport.close(),
  };
}
