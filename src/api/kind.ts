// A kind: the shape of an object in each of its versions, and the way between them.
// https://kubernetes.io/docs/concepts/overview/kubernetes-api/#api-groups-and-versioning

import type { Static, TObject } from "typebox";
import type { ApiObject, ObjectMeta } from "./object-meta.ts";

/** Since when a version exists and until when, as `1.22` of the server that serves it. Drives the deprecation Warning header. */
export interface Lifecycle {
  readonly introduced: string;
  /** When left out: three minor versions after `introduced`, if `removed` is set. */
  readonly deprecated?: string;
  readonly removed?: string;
  readonly replacement?: { readonly group: string; readonly version: string; readonly kind: string };
}

/** An object of a version with this schema. */
export type Versioned<Schema extends TObject> = {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
} & Static<Schema>;

/** One version of a kind, as its author declares it. */
export interface KindVersion<Schema extends TObject = TObject, HubSchema extends TObject = TObject> {
  /** Everything beside apiVersion, kind and metadata. Unknown fields are pruned, so an empty object is a kind with metadata alone. */
  readonly schema: Schema;
  /** The description of the kind in OpenAPI and `kubectl explain`. */
  readonly description?: string;
  /** Whether requests may name this version. Default true. */
  readonly served?: boolean;
  readonly lifecycle?: Lifecycle;
  /** From this version into the hub's shape; metadata, apiVersion and kind are carried over by the library. Not for the hub itself. */
  readonly toHub?: (object: Versioned<Schema>) => Static<HubSchema>;
  /** From the hub's shape into this version. */
  readonly fromHub?: (object: Versioned<HubSchema>) => Static<Schema>;
  /** Fills in defaults, in place, after decoding a request or a stored object of this version. Schema defaults were applied before. */
  readonly default?: (object: Versioned<Schema>) => void;
}

/**
 * Numbers of protobuf fields by name, by the name of the message: the kind's own, or the `$id` of a nested schema.
 * `inline:Rule` is a message whose fields stand among the outer ones in JSON, as a struct that Go embeds.
 */
export type FieldNumbers = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** What `defineKind` takes. */
export interface KindDefinition<Schemas extends Record<string, TObject>, Hub extends string = keyof Schemas & string> {
  readonly group: string;
  readonly kind: string;
  /** Lower-case plural as in URLs. Default: the lower-case kind with an `s` (or `es`, `ies` as English has it). */
  readonly plural?: string;
  readonly singular?: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly scope: "Namespaced" | "Cluster";
  /** The version whose shape validation and admission see. Default: the only version. */
  readonly hub?: Hub;
  /** The version written to storage. Default: the hub. */
  readonly stored?: keyof Schemas & string;
  /** Before the version and kind in OpenAPI definition names, such as `io.k8s.sample-apiserver.pkg.apis.wardle`. Default: the reversed group. */
  readonly definitionPrefix?: string;
  /**
   * Whether an optional field that holds "", 0, false, {} or [] is left out of the stored object, as Go's omitempty does ("omit"),
   * or kept as the client wrote it, as a CustomResourceDefinition does ("keep", the default).
   * A property with the option `keepEmpty: true` is kept in either case, as a Go pointer is.
   */
  readonly emptyValues?: "omit" | "keep";
  /**
   * For kinds that Go's clients know as protobuf messages: bodies of requests are read as such, and a client that asks for protobuf
   * before JSON gets JSON. Without it asking for protobuf first is a 406, as it is for kinds of sample-apiserver.
   */
  readonly protobuf?: FieldNumbers;
  /** In the order in which discovery prefers them: the first is the preferred one. */
  readonly versions: {
    readonly [Version in keyof Schemas]: KindVersion<Schemas[Version], Schemas[Hub & keyof Schemas]>;
  };
}

/** One version of a kind, as the library reads it: the functions take whatever has that version's shape. */
export interface DefinedVersion<Schema extends TObject = TObject>
  extends Omit<KindVersion<Schema>, "toHub" | "fromHub" | "default"> {
  readonly toHub?: (object: ApiObject) => Record<string, unknown>;
  readonly fromHub?: (object: ApiObject) => Record<string, unknown>;
  readonly default?: (object: ApiObject) => void;
}

/** A kind after `defineKind`: every default filled in. Plain, frozen data. */
export interface Kind<Schemas extends Record<string, TObject> = Record<string, TObject>, Hub extends string = string> {
  readonly group: string;
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly scope: "Namespaced" | "Cluster";
  readonly hub: Hub;
  readonly stored: string;
  readonly definitionPrefix: string;
  readonly emptyValues: "omit" | "keep";
  readonly protobuf: FieldNumbers | undefined;
  readonly versions: { readonly [Version in keyof Schemas]: DefinedVersion<Schemas[Version]> };
}

/** The type of a kind's objects in one version: `ObjectOf<typeof flunder, "v1beta1">`. */
export type ObjectOf<K, Version extends string> =
  K extends Kind<infer Schemas> ? (Version extends keyof Schemas ? Versioned<Schemas[Version]> : never) : never;

/** The type of a kind's objects in the hub's shape, which the rules of change and admission see. */
export type HubObjectOf<K> =
  K extends Kind<infer Schemas, infer Hub>
    ? string extends Hub
      ? ApiObject
      : Hub extends keyof Schemas
        ? Versioned<Schemas[Hub]>
        : ApiObject
    : ApiObject;

/** Declares a kind. Throws a TypeError where the declaration contradicts itself. */
export function defineKind<
  const Schemas extends Record<string, TObject>,
  const Hub extends keyof Schemas & string = keyof Schemas & string,
>(definition: KindDefinition<Schemas, Hub>): Kind<Schemas, Hub> {
  const names = Object.keys(definition.versions);
  // A kind with one version has that as its hub, which is what the type says then.
  const hub = definition.hub ?? (onlyVersion(definition.kind, names) as Hub);
  const stored = definition.stored ?? hub;
  for (const name of [hub, stored])
    if (!names.includes(name))
      throw new TypeError(
        `Cannot define kind "${definition.kind}" as its versions must include "${name}": they are ${names.join(", ")}`,
      );
  for (const name of names) requireConversions(definition, name, hub);
  return Object.freeze({
    group: definition.group,
    kind: definition.kind,
    plural: definition.plural ?? pluralOf(definition.kind.toLowerCase()),
    singular: definition.singular ?? definition.kind.toLowerCase(),
    shortNames: definition.shortNames ?? [],
    categories: definition.categories ?? [],
    scope: definition.scope,
    hub,
    stored,
    definitionPrefix: definition.definitionPrefix ?? definition.group.split(".").reverse().join("."),
    emptyValues: definition.emptyValues ?? "keep",
    protobuf: definition.protobuf,
    // Authors' functions take their version's type; the library hands them objects that it has decoded by that version's schema.
    versions: definition.versions as unknown as Kind<Schemas, Hub>["versions"],
  });
}

function onlyVersion(kind: string, names: readonly string[]): string {
  const [first] = names;
  if (first === undefined || names.length > 1)
    throw new TypeError(
      `Cannot define kind "${kind}" as its hub must be named where it has more than one version: it has ${names.length}`,
    );
  return first;
}

function requireConversions<Schemas extends Record<string, TObject>>(
  definition: KindDefinition<Schemas>,
  name: string,
  hub: string,
): void {
  const version = definition.versions[name];
  if (version === undefined || name === hub) return;
  const sameSchema = version.schema === definition.versions[hub]?.schema;
  if (!sameSchema && (version.toHub === undefined || version.fromHub === undefined))
    throw new TypeError(
      `Cannot define kind "${definition.kind}" as version "${name}" must convert to the hub and back: toHub or fromHub is missing`,
    );
}

function pluralOf(singular: string): string {
  if (/(s|x|z|ch|sh)$/.test(singular)) return `${singular}es`;
  if (/[^aeiou]y$/.test(singular)) return `${singular.slice(0, -1)}ies`;
  return `${singular}s`;
}
