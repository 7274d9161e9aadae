// /openapi/v2 and /openapi/v3: what a server can do, for programs. Each document is made when it is first asked for, and kept.
// https://kubernetes.io/docs/concepts/overview/kubernetes-api/#openapi-interface-definition

import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { once } from "../../base/once.ts";
import { groupsOf } from "../discovery/documents.ts";
import { type ApiRequest, type ApiResponse, header } from "../exchange.ts";
import { readsGzip, uncached } from "../render/document.ts";
import type { Resource } from "../resource.ts";
import { definitionsOf } from "./definitions.ts";
import {
  groupDefinitions,
  groupListDefinitions,
  groupListType,
  groupType,
  versionInfoDefinitions,
  versionInfoType,
  versionsDefinitions,
  versionsType,
} from "./discovery-definitions.ts";
import type { JsonSchema } from "./json-schema.ts";
import { type DocumentPath, documentPath, groupOperationId, groupTag, type Paths, pathsOf } from "./operations.ts";
import { type DocumentV2, encodeProtobufV2 } from "./protobuf-v2.ts";
import { type DocumentV3, encodeProtobufV3 } from "./protobuf-v3.ts";
import { pathsToV2 } from "./to-v2.ts";
import { definitionsToV2, definitionsToV3 } from "./to-v3.ts";

export interface OpenApiInfo {
  readonly title: string;
  readonly version: string;
}

/** Answers the OpenAPI paths; undefined for other paths. */
export type OpenApi = (request: ApiRequest) => Promise<ApiResponse> | undefined;

interface Kept {
  readonly bytes: Buffer;
  readonly hash: string;
}

const compress = promisify(gzip);
const v2Protobuf = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
const v3Protobuf = "application/com.github.proto-openapi.spec.v3.v1.0+protobuf";

export function openApiOf(resources: readonly Resource[], info: OpenApiInfo): OpenApi {
  const documents = documentsOf(resources, info);
  return (request) => {
    if (request.path === "/openapi/v2") return answerV2(request, documents);
    if (request.path === "/openapi/v3") return Promise.resolve(answerIndex(request, documents));
    if (request.path.startsWith("/openapi/v3/")) return Promise.resolve(answerVersion(request, documents));
    return undefined;
  };
}

/** The forms of one document, each made when it is first asked for. */
export interface OpenApiV2 {
  readonly v2: () => Kept;
  readonly v2Protobuf: () => Kept;
}

interface Documents extends OpenApiV2 {
  /** By path, such as `apis/wardle.example.com/v1alpha1`. */
  readonly v3: ReadonlyMap<string, OpenApiV3>;
}

/** The forms of the document of a group and version. */
export interface OpenApiV3 {
  readonly json: () => Kept;
  readonly protobuf: () => Buffer;
}

function documentsOf(resources: readonly Resource[], info: OpenApiInfo): Documents {
  const parts = partsOf(resources);
  const whole = () => {
    const paths = Object.assign({}, ...[...parts.values()].map((part) => part.paths()));
    const documents = {
      ...groupListDefinitions,
      ...(parts.has("api") ? versionsDefinitions : {}),
      ...versionInfoDefinitions,
    };
    const definitions = definitionsToV2({ ...definitionsOf(resources, () => true), ...documents });
    return { swagger: "2.0", info, paths: pathsToV2(paths), definitions };
  };
  return {
    ...formsOfV2(whole),
    v3: new Map([...parts].map(([path, part]) => [path, formsOfV3(() => documentV3(part, info))])),
  };
}

/** A document of one's own, such as one that the aggregator has converted, in both forms. */
export function formsOfV3(document: () => DocumentV3): OpenApiV3 {
  return {
    json: once(() => keep(Buffer.from(JSON.stringify(document())))),
    protobuf: once(() => encodeProtobufV3(document())),
  };
}

/** A document of one's own, such as the aggregator's of several servers, in both forms. */
export function formsOfV2(document: () => DocumentV2): OpenApiV2 {
  return {
    v2: once(() => keep(Buffer.from(JSON.stringify(document())))),
    v2Protobuf: once(() => keep(encodeProtobufV2(document()))),
  };
}

interface Part {
  readonly paths: () => Paths;
  readonly definitions: () => Readonly<Record<string, JsonSchema>>;
}

function partsOf(resources: readonly Resource[]): Map<string, Part> {
  const parts = new Map<string, Part>();
  const addDocument = (
    name: string,
    document: Omit<DocumentPath, "path">,
    definitions: ReturnType<Part["definitions"]>,
  ) =>
    parts.set(name, { paths: () => documentPath({ path: `/${name}`, ...document }), definitions: () => definitions });
  const groups = groupsOf(resources);
  const available = { description: "get available API versions" };
  if (groups.has(""))
    addDocument(
      "api",
      { ...available, operationId: "getCoreAPIVersions", tag: "core", type: versionsType },
      versionsDefinitions,
    );
  addDocument(
    "apis",
    { ...available, operationId: "getAPIVersions", tag: "apis", type: groupListType },
    groupListDefinitions,
  );
  for (const [group, versions] of groups) {
    const description = "get information of a group";
    const document = { description, operationId: groupOperationId(group), tag: groupTag(group), type: groupType };
    if (group !== "") addDocument(`apis/${group}`, document, groupDefinitions);
    for (const version of versions)
      parts.set(group === "" ? `api/${version}` : `apis/${group}/${version}`, {
        paths: () => pathsOf(resources, group, version),
        definitions: () =>
          definitionsOf(resources, (otherGroup, otherVersion) => otherGroup === group && otherVersion === version),
      });
  }
  const version = {
    operationId: "getCodeVersion",
    tag: "version",
    type: versionInfoType,
    mediaTypes: ["application/json"],
  };
  addDocument(
    "version",
    { ...version, description: "get the version information for this server" },
    versionInfoDefinitions,
  );
  return parts;
}

function documentV3({ paths, definitions }: Part, info: OpenApiInfo): DocumentV3 {
  return { openapi: "3.0.0", info, paths: paths(), components: { schemas: definitionsToV3(definitions()) } };
}

function keep(bytes: Buffer): Kept {
  return { bytes, hash: createHash("sha512").update(bytes).digest("hex").toUpperCase() };
}

/** Answers /openapi/v2 in the form that the client wants. */
export async function answerV2(request: ApiRequest, documents: OpenApiV2): Promise<ApiResponse> {
  const vary = "Accept-Encoding, Accept";
  const type = typeOf(header(request.headers, "accept"), v2Protobuf);
  if (type === undefined) return { status: 406, headers: { ...uncached, vary }, body: undefined };
  const kept = type === v2Protobuf ? documents.v2Protobuf() : documents.v2();
  const unchanged = notModified(request, kept);
  if (unchanged !== undefined) return unchanged;
  const headers = {
    ...uncached,
    "content-type": type,
    etag: JSON.stringify(kept.hash),
    vary,
  };
  if (!readsGzip(request)) return { status: 200, headers, body: kept.bytes };
  return { status: 200, headers: { ...headers, "content-encoding": "gzip" }, body: await compress(kept.bytes) };
}

/** The first type by quality that there is; undefined where there is none. */
function typeOf(accept: string | undefined, protobuf: string): string | undefined {
  if (accept === undefined || accept === "") return "application/json";
  for (const { media } of typesIn(accept).sort((a, b) => b.q - a.q)) {
    if (media === "application/json" || media === "application/*" || /^\*(\/|$)/.test(media)) return "application/json";
    if (media === protobuf || media === protobuf.replace(".v1.0", "@v1.0")) return protobuf;
  }
  return undefined;
}

/** What an Accept header names, without what is no type at all. */
function typesIn(accept: string): { readonly media: string; readonly q: number }[] {
  const types = accept.split(",").map((part) => {
    const [media = "", ...parameters] = part.split(";").map((piece) => piece.trim());
    const quality = parameters.find((parameter) => parameter.startsWith("q="));
    return { media, q: quality === undefined ? 1 : Number.parseFloat(quality.slice(2)) };
  });
  return types.filter(({ media }) => media === "*" || /^[^/]*\/[^/]+$/.test(media));
}

function answerIndex(request: ApiRequest, { v3 }: Documents): ApiResponse {
  const paths = Object.fromEntries(
    [...v3].map(([path, document]) => [
      path,
      { serverRelativeURL: `/openapi/v3/${path}?hash=${document.json().hash}` },
    ]),
  );
  const kept = keep(Buffer.from(JSON.stringify({ paths })));
  return (
    notModified(request, kept) ?? {
      status: 200,
      headers: { ...uncached, "content-type": "application/json", etag: JSON.stringify(kept.hash) },
      body: kept.bytes,
    }
  );
}

/** A path that is not in the index is an empty 200, as the reference has it. */
function answerVersion(request: ApiRequest, { v3 }: Documents): ApiResponse {
  const document = v3.get(request.path.slice("/openapi/v3/".length));
  if (document === undefined) return { status: 200, headers: { ...uncached }, body: Buffer.alloc(0) };
  return answerV3(request, document);
}

/** Answers the path of a document below /openapi/v3 in the form that the client wants. */
export function answerV3(request: ApiRequest, document: OpenApiV3): ApiResponse {
  const accept = header(request.headers, "accept");
  const vary = "Accept";
  const type = typeOf(accept, v3Protobuf);
  // A client that names no type gets none, as the reference has it.
  if (type === undefined && typesIn(accept ?? "").length === 0)
    return { status: 200, headers: { ...uncached }, body: Buffer.alloc(0) };
  if (type === undefined) return { status: 406, headers: { ...uncached, vary }, body: undefined };
  const kept = document.json();
  const hash = request.query.get("hash");
  if (hash !== null && hash !== "" && hash !== kept.hash)
    return {
      status: 301,
      headers: { ...uncached, location: `${request.path}?hash=${kept.hash}` },
      body: undefined,
    };
  const unchanged = notModified(request, kept);
  if (unchanged !== undefined) return unchanged;
  const caching = hash === null || hash === "" ? uncached : { "cache-control": "public, immutable" };
  return {
    status: 200,
    // Both forms have the hash of the document as JSON.
    headers: { ...caching, "content-type": type, etag: JSON.stringify(kept.hash), vary },
    body: type === v3Protobuf ? document.protobuf() : kept.bytes,
  };
}

/** 304 for a client that has the document, or anything. */
function notModified(request: ApiRequest, { hash }: Kept): ApiResponse | undefined {
  const known = header(request.headers, "if-none-match");
  if (known !== "*" && known !== JSON.stringify(hash)) return undefined;
  return { status: 304, headers: { ...uncached, etag: JSON.stringify(hash) }, body: undefined };
}
