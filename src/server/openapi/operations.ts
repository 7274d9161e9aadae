// What can be done with the resources of a version, as OpenAPI paths. Version 3's form; `to-v2.ts` makes version 2's of it.

import { servedVersions } from "../discovery/documents.ts";
import { allVerbs, type Resource } from "../resource.ts";
import { definitionName, gvkExtension } from "./definitions.ts";
import type { JsonSchema } from "./json-schema.ts";
import {
  deleteParameters,
  listParameters,
  nameParameter,
  namespaceParameter,
  patchParameters,
  prettyParameter,
  writeParameters,
} from "./parameters.ts";

export type Paths = Record<string, JsonSchema>;

/** `WardleExampleCom` of `wardle.example.com`, `Core` of the core group; Kubernetes' own groups without their ending. */
function groupName(group: string): string {
  if (group === "") return "Core";
  return group
    .replace(/\.k8s\.io$/, "")
    .split(/[.-]/)
    .map(capitalise)
    .join("");
}

function capitalise(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

function tagOf(group: string, version: string): string {
  const name = groupName(group);
  return `${name.slice(0, 1).toLowerCase()}${name.slice(1)}_${version}`;
}

/** The paths of one group and version. */
export function pathsOf(resources: readonly Resource[], group: string, version: string): Paths {
  const root = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  const paths = documentPath({
    path: root,
    tag: tagOf(group, version),
    description: "get available resources",
    operationId: `get${groupName(group)}${capitalise(version)}APIResources`,
    type: "io.k8s.apimachinery.pkg.apis.meta.v1.APIResourceList",
  });
  for (const resource of resources)
    if (resource.kind.group === group && servedVersions(resource.kind).includes(version))
      addResource(paths, new Described(resource, version, root));
  return Object.fromEntries(Object.entries(paths).sort(([a], [b]) => (a < b ? -1 : 1)));
}

const statusType = "io.k8s.apimachinery.pkg.apis.meta.v1.Status";
const deleteOptionsType = "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions";
const patchType = "io.k8s.apimachinery.pkg.apis.meta.v1.Patch";
const answerTypes = ["application/json", "application/vnd.kubernetes.protobuf", "application/yaml"];
const watchTypes = [
  "application/json",
  "application/json;stream=watch",
  "application/vnd.kubernetes.protobuf",
  "application/vnd.kubernetes.protobuf;stream=watch",
  "application/yaml",
];
const patchTypes = [
  "application/apply-patch+yaml",
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/strategic-merge-patch+json",
];

function content(types: readonly string[], definition: string): JsonSchema {
  return Object.fromEntries(types.map((type) => [type, { schema: { $ref: `#/components/schemas/${definition}` } }]));
}

function ok(code: string, description: string, definition: string, types: readonly string[] = answerTypes): JsonSchema {
  return { [code]: { description, content: content(types, definition) } };
}

/** A resource in one version, with the words that its operations need. */
class Described {
  readonly resource: Resource;
  readonly root: string;
  readonly type: string;
  readonly listType: string;
  readonly isNamespaced: boolean;
  readonly #version: string;

  constructor(resource: Resource, version: string, root: string) {
    this.resource = resource;
    this.root = root;
    this.#version = version;
    this.type = definitionName(resource.kind, version, resource.kind.kind);
    this.listType = definitionName(resource.kind, version, `${resource.kind.kind}List`);
    this.isNamespaced = resource.kind.scope === "Namespaced";
  }

  /** An operation. `verb` begins its id, `suffix` ends it. */
  operation(
    action: string,
    {
      verb,
      description,
      suffix = "",
      collection = "",
      scope = this.isNamespaced ? "Namespaced" : "",
      ...rest
    }: {
      readonly verb: string;
      readonly description: string;
      readonly suffix?: string;
      readonly collection?: string;
      readonly scope?: string;
      readonly [keyword: string]: unknown;
    },
  ): JsonSchema {
    const { group, kind } = this.resource.kind;
    return {
      tags: [tagOf(group, this.#version)],
      description,
      operationId: `${verb}${groupName(group)}${capitalise(this.#version)}${collection}${scope}${kind}${suffix}`,
      ...rest,
      "x-kubernetes-action": action,
      [gvkExtension]: { group, version: this.#version, kind },
    };
  }

  get kind(): string {
    return this.resource.kind.kind;
  }

  body(types: readonly string[] = ["*/*"], definition = this.type): JsonSchema {
    return { content: content(types, definition), required: true };
  }
}

function addResource(paths: Paths, described: Described): void {
  const { resource, root, isNamespaced } = described;
  const { plural } = resource.kind;
  const verbs = new Set<string>(resource.verbs ?? allVerbs);
  const scoped = isNamespaced ? `${root}/namespaces/{namespace}/${plural}` : `${root}/${plural}`;
  const scope = isNamespaced ? [namespaceParameter] : [];
  const collection = collectionOperations(described, verbs);
  if (Object.keys(collection).length > 0) paths[scoped] = { ...collection, parameters: [...scope, prettyParameter] };
  const item = itemOperations(described, verbs);
  const named = [nameParameter(described.kind), ...scope];
  if (Object.keys(item).length > 0) paths[`${scoped}/{name}`] = { ...item, parameters: [...named, prettyParameter] };
  for (const subresource of ["status", "scale"] as const) {
    if (
      (subresource === "status" && resource.status !== true) ||
      (subresource === "scale" && resource.scale === undefined)
    )
      continue;
    paths[`${scoped}/{name}/${subresource}`] = {
      ...itemOperations(described, new Set(["get", "update", "patch"]), subresource),
      parameters: [...named, prettyParameter],
    };
  }
  if (isNamespaced && verbs.has("list"))
    paths[`${root}/${plural}`] = {
      get: listOperation(described, "ForAllNamespaces"),
      parameters: [...listParameters, prettyParameter],
    };
  if (verbs.has("watch")) addWatches(paths, described, scope);
}

function collectionOperations(described: Described, verbs: ReadonlySet<string>): Record<string, unknown> {
  const { kind, type } = described;
  const operations: Record<string, unknown> = {};
  if (verbs.has("list")) operations.get = { ...listOperation(described), parameters: listParameters };
  if (verbs.has("create"))
    operations.post = described.operation("post", {
      verb: "create",
      description: `create ${article(kind)} ${kind}`,
      parameters: writeParameters,
      requestBody: described.body(),
      responses: { ...ok("200", "OK", type), ...ok("201", "Created", type), ...ok("202", "Accepted", type) },
    });
  if (verbs.has("deletecollection"))
    operations.delete = described.operation("deletecollection", {
      verb: "delete",
      collection: "Collection",
      description: `delete collection of ${kind}`,
      parameters: [
        ...listParameters.filter(({ name }) => name !== "watch" && name !== "allowWatchBookmarks"),
        ...deleteParameters,
      ],
      requestBody: { content: content(["*/*"], deleteOptionsType) },
      responses: ok("200", "OK", statusType),
    });
  return operations;
}

function article(kind: string): string {
  return /^[AEIOU]/.test(kind) ? "an" : "a";
}

function listOperation(described: Described, suffix = ""): JsonSchema {
  const { kind, listType } = described;
  const isForAll = suffix !== "";
  return described.operation("list", {
    verb: "list",
    suffix,
    description: `list or watch objects of kind ${kind}`,
    ...(isForAll ? { scope: "" } : {}),
    responses: ok("200", "OK", listType, watchTypes),
  });
}

function itemOperations(described: Described, verbs: ReadonlySet<string>, subresource = ""): Record<string, unknown> {
  const { kind, type } = described;
  const what = subresource === "" ? `the specified ${kind}` : `${subresource} of the specified ${kind}`;
  const suffix = capitalise(subresource);
  const written = { ...ok("200", "OK", type), ...ok("201", "Created", type) };
  const operations: Record<string, unknown> = {};
  if (verbs.has("get"))
    operations.get = described.operation("get", {
      verb: "read",
      suffix,
      description: `read ${what}`,
      responses: ok("200", "OK", type),
    });
  if (verbs.has("update"))
    operations.put = described.operation("put", {
      verb: "replace",
      suffix,
      description: `replace ${what}`,
      parameters: writeParameters,
      requestBody: described.body(),
      responses: written,
    });
  if (verbs.has("delete"))
    operations.delete = described.operation("delete", {
      verb: "delete",
      suffix,
      description: `delete ${article(kind)} ${kind}`,
      parameters: deleteParameters,
      requestBody: { content: content(["*/*"], deleteOptionsType) },
      responses: { ...ok("200", "OK", statusType), ...ok("202", "Accepted", statusType) },
    });
  if (verbs.has("patch"))
    operations.patch = described.operation("patch", {
      verb: "patch",
      suffix,
      description: `partially update ${what}`,
      parameters: patchParameters,
      requestBody: described.body(patchTypes, patchType),
      responses: written,
    });
  return operations;
}

/** The deprecated paths. */
function addWatches(paths: Paths, described: Described, scope: readonly JsonSchema[]): void {
  const { resource, root, isNamespaced, kind } = described;
  const { plural } = resource.kind;
  const event = ok("200", "OK", "io.k8s.apimachinery.pkg.apis.meta.v1.WatchEvent", watchTypes);
  const list = (suffix: string, more: object = {}) =>
    described.operation("watchlist", {
      verb: "watch",
      suffix,
      description: `watch individual changes to a list of ${kind}. deprecated: use the 'watch' parameter with a list operation instead.`,
      responses: event,
      ...more,
    });
  const scoped = isNamespaced ? `${root}/watch/namespaces/{namespace}/${plural}` : `${root}/watch/${plural}`;
  const parameters = [...listParameters, ...scope, prettyParameter];
  paths[scoped] = { get: list("List"), parameters };
  const one = described.operation("watch", {
    verb: "watch",
    description: `watch changes to an object of kind ${kind}. deprecated: use the 'watch' parameter with a list operation instead, filtered to a single item with the 'fieldSelector' parameter.`,
    responses: event,
  });
  paths[`${scoped}/{name}`] = {
    get: one,
    parameters: [...listParameters, nameParameter(kind), ...scope, prettyParameter],
  };
  if (isNamespaced)
    paths[`${root}/watch/${plural}`] = {
      get: list("ListForAllNamespaces", { scope: "" }),
      parameters: [...listParameters, prettyParameter],
    };
}

export interface DocumentPath {
  readonly path: string;
  readonly operationId: string;
  readonly tag: string;
  readonly description: string;
  /** The name of the definition of what it answers. */
  readonly type: string;
  readonly mediaTypes?: readonly string[];
}

/** `/apis` and `/apis/GROUP`, and the version of the server. */
export function documentPath({ path, operationId, tag, description, type, mediaTypes }: DocumentPath): Paths {
  return { [path]: { get: { tags: [tag], description, operationId, responses: ok("200", "OK", type, mediaTypes) } } };
}

export function groupOperationId(group: string): string {
  return `get${groupName(group)}APIGroup`;
}

export function groupTag(group: string): string {
  const name = groupName(group);
  return `${name.slice(0, 1).toLowerCase()}${name.slice(1)}`;
}
