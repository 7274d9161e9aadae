// One object as an answer.

import {
  type ApiObject,
  encodeProtobufMetadata,
  fromHub,
  mediaTypes,
  type Negotiated,
  parseJson,
  StatusError,
} from "../../api/door.ts";
import { CacheEntry } from "../cache/cache-entry.ts";
import type { ApiRequest, ApiResponse } from "../exchange.ts";
import type { Stored } from "../registry.ts";
import type { ServedResource } from "../served-resource.ts";
import { encodeStored } from "../stored-object.ts";
import { encodeValue, respondWithBytes, uncached, wantsPretty } from "./document.ts";
import { formOf } from "./form.ts";
import { wholeProtobuf } from "./whole-protobuf.ts";

export interface ObjectAnswer {
  readonly request: ApiRequest;
  readonly served: ServedResource;
  readonly version: string;
  readonly negotiated: Negotiated;
  readonly status: number;
}

const newline = Buffer.from("\n");

/** Answers with an object of the cache or of storage, byte for byte where the client reads plain JSON. */
export async function respondWithEntry(answer: ObjectAnswer, entry: CacheEntry): Promise<ApiResponse> {
  const { request, negotiated, status } = answer;
  requireServable(answer);
  const pieces = formOf(answer).single(entry, true);
  if (negotiated.format === "protobuf")
    return respondWithBytes(request, { status, format: "protobuf", chunks: pieces });
  if (negotiated.format === "json" && !wantsPretty(request, negotiated))
    return respondWithBytes(request, { status, format: "json", chunks: [...pieces, newline] });
  return respondWithBytes(request, {
    status,
    format: negotiated.format,
    chunks: [encodeValue(request, negotiated, parseJson(Buffer.concat(pieces)))],
  });
}

/** Answers with what a write left behind, or would have. */
export async function respondWithStored(answer: ObjectAnswer, { entry, shown }: Stored): Promise<ApiResponse> {
  return shown === undefined ? respondWithEntry(answer, entry) : respondWithObject(answer, shown);
}

/** Answers with an object in the hub's shape that lies nowhere. */
export async function respondWithObject(answer: ObjectAnswer, object: ApiObject): Promise<ApiResponse> {
  const { request, served, version, negotiated, status } = answer;
  requireServable(answer);
  if (negotiated.as === undefined) {
    const shown = fromHub(served.kind, object, version);
    const body =
      negotiated.format === "protobuf"
        ? wholeProtobuf(served.kind, version, shown)
        : encodeValue(request, negotiated, shown);
    return respondWithBytes(request, { status, format: negotiated.format, chunks: [body] });
  }
  if (negotiated.format === "protobuf") {
    const body = encodeProtobufMetadata(`meta.k8s.io/${negotiated.asVersion}`, object.metadata);
    return respondWithBytes(request, { status, format: "protobuf", chunks: [body] });
  }
  const { resourceVersion } = object.metadata;
  const entry = new CacheEntry(served.resource, { key: "", value: encodeStored(served.kind, object), revision: 0 });
  const shown: unknown = parseJson(Buffer.concat(formOf(answer).single(entry, true)));
  return {
    status,
    headers: { ...uncached, "content-type": mediaTypes[negotiated.format] },
    body: encodeValue(request, negotiated, withResourceVersion(shown, resourceVersion)),
  };
}

/** A dry run has no revision: what was made with revision 0 shows the client's own resourceVersion, or none. */
function withResourceVersion(shown: unknown, resourceVersion: string | undefined): unknown {
  return JSON.parse(JSON.stringify(shown), (key, value: unknown) =>
    key === "resourceVersion" && value === "0" ? resourceVersion : value,
  );
}

/** Throws 406 for forms that a single object, or this kind, does not have. */
function requireServable({ served, negotiated, version }: ObjectAnswer): void {
  const { group, kind } = served.kind;
  const goType = `*${group.split(".")[0] || "core"}.${kind}`;
  if (negotiated.as === "PartialObjectMetadataList")
    throw new StatusError(
      "NotAcceptable",
      `you requested PartialObjectMetadataList, but the requested object is not a list (${goType})`,
    );
  if (negotiated.format === "protobuf" && negotiated.as === undefined && served.kind.protobuf === undefined)
    throw noProtobuf(version, kind);
}

/** 406 of kinds that are declared here and have no protobuf. */
export function noProtobuf(version: string, kind: string): StatusError {
  return new StatusError(
    "NotAcceptable",
    `object *${version}.${kind} does not implement the protobuf marshalling interface and cannot be encoded to a protobuf message`,
  );
}
