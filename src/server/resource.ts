// A resource: a kind with its rules of change, ready to be served.

import type { ApiObject, FieldError, HubObjectOf, Kind } from "../api/door.ts";
import type { Storage } from "../storage/door.ts";
import type { UserInfo } from "./authentication/user.ts";
import type { ApiRequest, ApiResponse } from "./exchange.ts";
import type { ObjectSource } from "./source/object-source.ts";

/** A column of `kubectl get`. `O` is the object in the hub's shape. */
export interface Column<O = ApiObject> {
  readonly name: string;
  readonly type: "string" | "integer" | "number" | "boolean" | "date";
  readonly format?: string;
  readonly description?: string;
  /** 0 is always shown, greater ones with `-o wide`. Default 0. */
  readonly priority?: number;
  /** Whether the cell says something else each second, such as an age; rows without such cells are kept ready. */
  readonly changesWithTime?: boolean;
  /** What the column says of an object. */
  cell(object: O, now: Date): string | number | boolean | null;
}

/** Reads the text that a field selector compares. A method's type, so that a resource of some kind is a resource of any. */
type FieldReader<O> = { read(object: O): string }["read"];

/** What a rule of change may know beside the object. */
export interface RuleContext<O = ApiObject> {
  /** The object as it was, on updates. */
  readonly old?: O;
  readonly user: UserInfo;
  readonly subresource: string;
}

/** A subresource that speaks for itself, such as a proxy or a log: GET, POST, … on `<resource>/<name>/<path>`. */
export interface ConnectSubresource {
  readonly methods: readonly string[];
  /** The kind that discovery names. */
  readonly kind: { readonly group: string; readonly version: string; readonly kind: string };
  readonly connect: (request: ApiRequest, object: ApiObject) => Promise<ApiResponse>;
}

/** Where `spec.replicas` and its companions are, for kinds that have a scale subresource. */
export interface ScaleDeclaration {
  readonly specReplicasPath: string;
  readonly statusReplicasPath: string;
  readonly labelSelectorPath?: string;
}

export type ResourceVerb = "create" | "delete" | "deletecollection" | "get" | "list" | "patch" | "update" | "watch";
export const allVerbs: readonly ResourceVerb[] = [
  "create",
  "delete",
  "deletecollection",
  "get",
  "list",
  "patch",
  "update",
  "watch",
];

/** The rules of change. Objects are in the hub's shape; every function may be left out. */
export interface ResourceRules<O = ApiObject> {
  /** Sets and clears fields that clients do not own (status on create, …), in place, before admission. */
  prepareForCreate?(object: O, context: RuleContext<O>): void;
  prepareForUpdate?(object: O, context: RuleContext<O> & { readonly old: O }): void;
  /** Spec errors; metadata is validated by the library. Context has `old` on updates. */
  validate?(object: O, context: RuleContext<O>): readonly FieldError[];
  /** Whether `validate` is asked on updates, too. Default true; sample-apiserver's flunders answer no. */
  readonly validatesUpdates?: boolean;
  /** Warnings for the client that are no errors. */
  warnings?(object: O, context: RuleContext<O>): readonly string[];
  /** What a name may be. Default "dns-subdomain". "path-segment" is what sample-apiserver's flunders take. */
  readonly nameRule?:
    | "dns-subdomain"
    | "dns-label"
    | "dns-1035-label"
    | "path-segment"
    | ((name: string, prefix: boolean) => readonly string[]);
  /** Whether spec changes count up metadata.generation, as kinds with a status subresource do. Default: whether `status` is declared. */
  readonly tracksGeneration?: boolean;
  /** Declares `/status`: main writes keep the old status, status writes keep everything else. */
  readonly status?: boolean;
  readonly scale?: ScaleDeclaration;
  readonly connect?: Readonly<Record<string, ConnectSubresource>>;
  /** The name comes before them, unless one of them is called "Name". Default: the name and "Created At", as sample-apiserver shows them. */
  readonly columns?: readonly Column<O>[];
  /** Field selectors beside metadata.name and metadata.namespace, such as `spec.size`, and how each reads its value. */
  readonly selectableFields?: Readonly<Record<string, FieldReader<O>>>;
  readonly verbs?: readonly ResourceVerb[];
  /** Whether discovery keeps to itself which version is stored, as kube-aggregator does of APIServices. Default false. */
  readonly hidesStorageVersion?: boolean;
  /** Whether PUT and apply may create. Default: apply may, PUT may not. */
  readonly allowCreateOnUpdate?: boolean;
  /** Whether an update without resourceVersion overwrites whatever is there. Default false, as sample-apiserver has it; true for most core kinds. */
  readonly allowUnconditionalUpdate?: boolean;
  /** What a delete does when no propagation policy is named. Default "background". */
  readonly defaultPropagation?: "background" | "orphan";
  /**
   * For kinds that are questions rather than objects (TokenReview, SubjectAccessReview): answers a create in place of storing it.
   * Such a resource has the verb create alone, and names nothing.
   */
  answerCreate?(
    object: O,
    context: RuleContext<O> & { readonly namespace: string; readonly signal: AbortSignal },
  ): Promise<O>;
  /** Whether an object that is to be deleted and has no finalizers left may go; see namespaces. Default true. */
  isDeletable?(object: O): boolean;
  /** Changes an object that is about to be deleted, in place. "keep" marks it as being deleted in place of removing it; see namespaces. */
  beginDelete?(object: O, context: RuleContext<O>): "remove" | "keep";
}

/** A resource as the server holds it. */
export interface Resource<K extends Kind = Kind> extends ResourceRules {
  readonly kind: K;
  /** A storage of its own in place of the server's. */
  readonly storage?: Storage;
  /** Where its objects live in place of a storage. */
  readonly source?: ObjectSource;
}

/** Declares a resource. Throws a TypeError where the declaration contradicts itself. */
export function defineResource<K extends Kind>(
  kind: K,
  rules: ResourceRules<HubObjectOf<K>> & {
    readonly storage?: Storage;
    readonly source?: ObjectSource<HubObjectOf<K>>;
  } = {},
): Resource<K> {
  for (const name of Object.keys(rules.connect ?? {}))
    if (name === "status" || name === "scale")
      throw new TypeError(
        `Cannot define resource "${kind.plural}" as a connect subresource must not be named "${name}"`,
      );
  const { source } = rules;
  return Object.freeze({ ...(source === undefined ? {} : { verbs: verbsOf(source) }), ...rules, kind });
}

/** What a source can do. */
function verbsOf({ create, update, delete: remove }: ObjectSource): ResourceVerb[] {
  const writing: ResourceVerb[] = [
    ...(create === undefined ? [] : (["create"] as const)),
    ...(remove === undefined ? [] : (["delete", "deletecollection"] as const)),
    ...(update === undefined ? [] : (["patch", "update"] as const)),
  ];
  return allVerbs.filter((verb) => verb === "get" || verb === "list" || verb === "watch" || writing.includes(verb));
}
