// The schemas of kinds as OpenAPI definitions, from the same declarations that decode their objects.

import { isDeepStrictEqual } from "node:util";
import { compileSchema, formatApiVersion, type Kind } from "../../api/door.ts";
import { getOwn } from "../../base/own.ts";
import { recordOf } from "../../base/record.ts";
import { servedVersions } from "../discovery/documents.ts";
import type { Resource } from "../resource.ts";
import type { JsonSchema } from "./json-schema.ts";
import { metaDefinitions, metaReference } from "./meta-definitions.ts";

const typeMeta = {
  apiVersion: {
    description:
      "APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized schemas to the latest internal value, and may reject unrecognized values. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#resources",
    type: "string",
  },
  kind: {
    description:
      "Kind is a string value representing the REST resource this object represents. Servers may infer this from the endpoint the client submits requests to. Cannot be updated. In CamelCase. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds",
    type: "string",
  },
};

/** The name of a kind's definition, or of another type of its version. */
export function definitionName({ definitionPrefix }: Kind, version: string, type: string): string {
  return `${definitionPrefix}.${version}.${type}`;
}

/** Every definition that the resources of some versions need, the meta types included. References are those of OpenAPI version 2. */
export function definitionsOf(
  resources: readonly Resource[],
  isWanted: (group: string, version: string) => boolean,
): Record<string, JsonSchema> {
  const definitions: Record<string, JsonSchema> = {};
  const versions = new Map<string, { group: string; version: string }>();
  for (const { kind } of resources) {
    for (const version of servedVersions(kind)) {
      if (!isWanted(kind.group, version)) continue;
      versions.set(formatApiVersion({ group: kind.group, version }), { group: kind.group, version });
      addKind(definitions, kind, version);
    }
  }
  for (const [name, schema] of Object.entries(metaDefinitions))
    definitions[name] = withGroupVersions(name, schema, [...versions.values()]);
  return definitions;
}

/** DeleteOptions and WatchEvents belong to every version, a Status and lists of resources to the core one. */
function withGroupVersions(
  name: string,
  schema: JsonSchema,
  versions: readonly { group: string; version: string }[],
): JsonSchema {
  const kind = name.slice(name.lastIndexOf(".") + 1);
  const core = { group: "", kind, version: "v1" };
  if (kind === "Status" || kind === "APIResourceList") return { ...schema, [gvkExtension]: [core] };
  if (kind !== "DeleteOptions" && kind !== "WatchEvent") return schema;
  const others = versions
    .filter(({ group, version }) => group !== "" || version !== "v1")
    .map(({ group, version }) => ({ group, kind, version }));
  return { ...schema, [gvkExtension]: [core, ...others] };
}

export const gvkExtension = "x-kubernetes-group-version-kind";

function addKind(definitions: Record<string, JsonSchema>, kind: Kind, version: string): void {
  const declared = kind.versions[version];
  if (declared === undefined) return;
  const { schema, description } = declared;
  const own = translate({ ...schema, $id: undefined }, { definitions, kind, version });
  const name = definitionName(kind, version, kind.kind);
  const gvk = (type: string) => [{ group: kind.group, kind: type, version }];
  definitions[name] = {
    ...(description === undefined ? {} : { description }),
    type: "object",
    ...(own.required === undefined ? {} : { required: own.required }),
    properties: sortKeys({ ...typeMeta, metadata: metaReference("ObjectMeta"), ...recordOf(own.properties) }),
    [gvkExtension]: gvk(kind.kind),
  };
  definitions[definitionName(kind, version, `${kind.kind}List`)] = {
    description: `${kind.kind}List is a list of ${kind.kind} objects.`,
    type: "object",
    required: ["items"],
    properties: {
      apiVersion: typeMeta.apiVersion,
      items: { type: "array", items: { $ref: `#/definitions/${name}` } },
      kind: typeMeta.kind,
      metadata: metaReference("ListMeta"),
    },
    [gvkExtension]: gvk(`${kind.kind}List`),
  };
}

interface Context {
  readonly definitions: Record<string, JsonSchema>;
  readonly kind: Kind;
  readonly version: string;
}

/** Keywords that mean something to Annex alone. */
const privateKeywords = new Set([
  "$id",
  "fieldDescription",
  "keepEmpty",
  "x-micro-time",
  "patternProperties",
  "anyOf",
  "const",
]);

function sortKeys(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * A declared schema as OpenAPI has it. A named one becomes a definition of its own and is referred to; what its `fieldDescription` says is
 * then told at the reference, beside the definition's own description.
 */
function translate(declared: JsonSchema, context: Context): JsonSchema {
  const id = declared.$id;
  if (typeof id !== "string") return translateInline(declared, context);
  const name = definitionName(context.kind, context.version, id);
  if (context.definitions[name] === undefined) {
    context.definitions[name] = {}; // Before its parts, which may refer to it.
    context.definitions[name] = translateInline(declared, context);
  }
  return {
    $ref: `#/definitions/${name}`,
    ...(declared.fieldDescription === undefined ? {} : { description: declared.fieldDescription }),
    ...(isDeepStrictEqual(declared.default, {}) ? { default: {} } : {}),
  };
}

function translateInline(given: JsonSchema, context: Context): JsonSchema {
  // What a union stands for, its node knows: texts, a number or text, something or null.
  const declared = Array.isArray(given.anyOf) ? compileSchema(given).schema : given;
  const translated: Record<string, unknown> = {};
  for (const [keyword, value] of Object.entries(declared)) {
    if (privateKeywords.has(keyword) || value === undefined) continue;
    if (keyword === "default" && typeof value === "object") continue;
    if (keyword === "required") Object.assign(translated, requiredOf(declared));
    else if (keyword === "properties")
      translated.properties = sortKeys(
        Object.fromEntries(
          Object.entries(recordOf(value)).map(([name, property]) => [name, translate(recordOf(property), context)]),
        ),
      );
    else if (keyword === "items") translated.items = translate(recordOf(value), context);
    else if (keyword === "additionalProperties")
      translated.additionalProperties = typeof value === "object" ? translate(recordOf(value), context) : value;
    else translated[keyword] = value;
  }
  const [pattern] = Object.values(recordOf(declared.patternProperties));
  if (pattern !== undefined) translated.additionalProperties = translate(recordOf(pattern), context);
  // kubectl cannot explain a schema that says nothing.
  return Object.keys(translated).length === 0 ? { [freeExtension]: true } : translated;
}

const freeExtension = "x-kubernetes-preserve-unknown-fields";

/** What a client has to send. A field with a default is always there, but older kubectl refuses manifests without a required one. */
function requiredOf({ required, properties }: JsonSchema): JsonSchema {
  const names = Array.isArray(required) ? required : [];
  const needed = names.filter((name) => recordOf(getOwn(recordOf(properties), name)).default === undefined);
  return needed.length === 0 ? {} : { required: needed };
}
